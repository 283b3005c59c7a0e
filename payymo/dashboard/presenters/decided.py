"""Where the day stands, and what was decided last."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import selectors
from matching.models import Decision
from matching.services.rule_offers import offer_after
from matching.services.undoing import NOT_UNDONE
from payymo.dashboard import formats
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import Amount, Moment, Progress, Recent, UndoBar
from payymo.dashboard.presenters import receipts
from payymo.dashboard.presenters.postings import held
from tenants import days
from whmcs.models import Posting

RULE_FROM = (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE, Decision.Kind.IGNORE)


def progress(*, now: datetime, counts: dict[str, int]) -> Progress:
    """Say where the day stands."""
    today = days.today(now)
    money = selectors.open_money(since=today - timedelta(days=30))
    # Of the currency with the most open payments: sums never cross currencies.
    main = max(money, key=lambda each: each.count, default=None)
    share = 1 - main.open / main.received if main and main.received else Decimal(0)
    return Progress(
        left_count=sum(counts.values()),
        done_today=selectors.decided_since(days.moments(today, today)[0]),
        amounts=tuple((Amount(m.open, m.currency), Amount(m.received, m.currency)) for m in money),
        share=share,
    )


def _postings(decision: Decision) -> list[Posting]:
    matches = decision.invoicematch_set if decision.bank_transaction_id else decision.stripeinvoicematch_set
    found = list(matches.all())
    prefetch_related_objects(found, "posting__instance")
    return [match.posting for match in found if match.posting]


def undo_bar(decision: Decision, *, now: datetime) -> UndoBar:
    """Say what was just decided, and until when it can be taken back."""
    receipt = decision.bank_transaction or decision.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    text = _("%(what)s: %(amount)s from %(name)s.") % {
        "what": decision.get_kind_display(),
        "amount": formats.money(receipts.amount_of(receipt)),
        # The sentence brings its own full stop: "from Logistik e.K."
        "name": (receipts.name_of(receipt) or _("Unknown payer")).rstrip("."),
    }
    postings = _postings(decision)
    waits = [p for p in postings if p.state == Posting.State.QUEUED and p.attempts == 0]
    seconds = max((int((p.not_before - now).total_seconds()) for p in waits), default=0)
    stands = next(filter(None, map(held, postings)), "")
    is_final = decision.kind in NOT_UNDONE or hasattr(decision, "undone_by")
    undoable = not is_final and (bool(waits) or not postings)
    return UndoBar(
        text=text,
        seconds=max(seconds, 0),
        undo_url=link("review_undo", decision.public_id) if undoable else "",
        posted_text=_("Posted to WHMCS.") if postings else "",
        held=stands,
        held_url=offer("connections") if stands else "",
    )


def with_offer(bar: UndoBar, decision: Decision, *, may_change: bool) -> UndoBar:
    """Add the way to a rule from the decision, and how often it was decided so; the staff host knows no rules."""
    url = link("rule_new") if may_change else ""
    if not url or decision.kind not in RULE_FROM:
        return bar
    offer = offer_after(decision)
    text = _("Rule from this")
    if offer is not None:
        text = ngettext("Rule from this (%d time)", "Rule from this (%d times)", offer.times) % offer.times
    return replace(bar, offer=text, offer_url=f"{url}?from={decision.public_id}")


def last_decision(*, user_id: int | None) -> Decision | None:
    """Return the person's latest decision that is not undone and not an undo."""
    if user_id is None:
        return None
    recent = selectors.recent_decisions(limit=5, by_user_id=user_id)
    return next((d for d in recent if d.kind not in NOT_UNDONE and not hasattr(d, "undone_by")), None)


def recent(*, now: datetime, user_id: int | None, may_undo_others: bool, limit: int = 20) -> tuple[Recent, ...]:
    """List what was decided last, with the way back where the viewer may take it and it is not too late."""
    lines = []
    for decision in selectors.recent_decisions(limit=limit):
        receipt = decision.bank_transaction or decision.stripe_payment
        assert receipt is not None  # noqa: S101 - kept by a constraint
        who = decision.decided_by_name or str(decision.get_source_display())
        text = f"{decision.get_kind_display()}, {formats.money(receipts.amount_of(receipt))}, {who}"
        when: Moment = formats.moment(decision.decided_at, now)
        may_undo = may_undo_others or (user_id is not None and decision.decided_by_id == user_id)
        undo_url = undo_bar(decision, now=now).undo_url if may_undo else ""
        lines.append(Recent(text=text, moment=when, undo_url=undo_url, url=offer("transaction", receipt.public_id)))
    return tuple(lines)
