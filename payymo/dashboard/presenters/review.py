"""From rows to the review screen."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from matching import adapters, selectors
from matching.core.types import Reason
from matching.locks import Receipt
from matching.models import Decision, Proposal
from payymo.dashboard import formats, words
from payymo.dashboard.links import link
from payymo.dashboard.pages import (
    Allowed,
    Amount,
    CandidateCard,
    InvoiceLine,
    Moment,
    Panel,
    PanelUrls,
    Progress,
    QueueBand,
    QueuePage,
    QueueRow,
    ReasonLine,
    Recent,
    UndoBar,
)
from payymo.dashboard.presenters import receipts
from payymo.shared.models import ReceiptState
from whmcs.models import Invoice, Posting

_NONE_TO_IGNORE = {
    "own_transfer": "own_transfer", "refund": "refund", "tax": "tax", "payroll": "payroll", "interest": "other",
    "payout": "other",
}  # fmt: skip
BAND_WORDS = {
    "exact": gettext_lazy("exact match"),
    "likely": gettext_lazy("likely match"),
    "possible": gettext_lazy("possible match"),
}


def version_of(receipt: Receipt, proposals: Sequence[Proposal]) -> str:
    """Name the state that a decision is made from; it changes with every decision and every new suggestion."""
    state = [receipt.state, str(receipt.allocated), *(f"{p.pk}:{p.rank}" for p in proposals)]
    return hashlib.sha256("|".join(state).encode()).hexdigest()[:16]


def due_words(due: date | None, today: date) -> str:
    """Say how far a due date is."""
    if due is None:
        return ""
    days = (today - due).days
    if days == 0:
        return _("today")
    if days > 0:
        return ngettext("%d day ago", "%d days ago", days) % days
    return ngettext("in %d day", "in %d days", -days) % -days


def reason_lines(reasons: Iterable[Reason]) -> tuple[ReasonLine, ...]:
    """Word the reasons, strongest first."""
    lines = []
    for reason in sorted(reasons, key=lambda reason: -abs(reason.weight)):
        title, text = words.reason(reason.code, str(reason.agrees), reason.values)
        lines.append(ReasonLine(str(reason.agrees), title, text))  # type: ignore[arg-type]
    return tuple(lines)


def whmcs_link(invoice: Invoice, base_url: str) -> str:
    """Return the invoice's page in WHMCS's own admin area."""
    return f"{base_url}/admin/invoices.php?action=edit&id={invoice.whmcs_id}" if base_url else ""


def _invoice_line(line, reasons: tuple[Reason, ...], today: date, base_url: str) -> InvoiceLine:  # type: ignore[no-untyped-def]
    invoice = line.invoice
    items = "; ".join(each.description for each in list(invoice.lines.all())[:3])
    return InvoiceLine(
        number=receipts.marked(invoice.display_number, "invoice.number", reasons),
        outstanding=Amount(invoice.outstanding, invoice.currency),
        allocated=Amount(line.amount, invoice.currency),
        due_date=invoice.due_date,
        due_text=due_words(invoice.due_date, today),
        status=invoice.status,
        items=receipts.marked(items, "invoice.text", reasons),
        amount_marked=receipts.amount_is_marked(reasons) and line.amount == invoice.outstanding,
        url=link("invoice", invoice.public_id),
        whmcs_url=whmcs_link(invoice, base_url),
    )


def _candidate(receipt: Receipt, proposal: Proposal, today: date) -> CandidateCard:
    reasons = tuple(adapters.reason_from_json(each) for each in proposal.reasons)
    against = tuple(adapters.reason_from_json(each) for each in proposal.why_not)
    lines = sorted(proposal.lines.all(), key=lambda line: line.invoice.whmcs_id)
    first = lines[0].invoice
    clients = {line.invoice.client for line in lines}
    client = next(iter(clients))
    total = sum((line.amount for line in lines), Decimal(0))
    rest = receipt.unallocated - total
    name = client.display_name if len(clients) == 1 else _("%d clients") % len(clients)
    title = first.display_number + (f" +{len(lines) - 1}" if len(lines) > 1 else "")
    base_url = first.instance.base_url
    return CandidateCard(
        rank=proposal.rank,
        key=str(proposal.public_id),
        title=title,
        lines=tuple(_invoice_line(line, reasons, today, base_url) for line in lines),
        client=receipts.marked(name, "invoice.client", reasons),
        client_note=f"#{client.whmcs_id}" if len(clients) == 1 else "",
        probability=proposal.probability,
        band=proposal.band,  # type: ignore[arg-type]
        receipt=receipts.card(receipt, reasons),
        reasons=reason_lines([*reasons, *against]),
        remainder=_("%s stays open") % formats.money(Amount(rest, receipt.currency)) if rest > 0 else "",
        total=Amount(total, first.currency),
    )


def urls_of(receipt_id: str) -> PanelUrls:
    """Return where the decisions about a payment go."""
    names = ("panel", "approve", "reject", "hold", "ignore", "find", "split")
    return PanelUrls(
        item=link("review_item", receipt_id),
        history=link("transaction", receipt_id),
        **{name: link(f"review_{name}", receipt_id) for name in names},
    )


def _state_words(receipt: Receipt, now: datetime) -> str:
    if receipt.state in (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED):
        return ""
    decided = next((d for d in selectors.decisions_of(receipt) if d.kind != Decision.Kind.UNDO), None)
    if decided is None:
        return str(receipt.get_state_display())
    who = decided.decided_by_name or str(decided.get_source_display())
    when = formats.moment(decided.decided_at, now).text
    return _("%(what)s by %(who)s, %(when)s") % {"what": decided.get_kind_display(), "who": who, "when": when}


def panel(receipt: Receipt, *, may_decide: bool, now: datetime, error: str = "") -> Panel:
    """Build the panel of one payment from its open suggestions."""
    proposals = selectors.proposals_of(receipt)
    today = now.date()
    shown = [proposal for proposal in proposals if list(proposal.lines.all())]
    candidates = tuple(_candidate(receipt, proposal, today) for proposal in shown)
    best = proposals[0] if proposals else None
    key = str(receipt.public_id)
    is_open = receipt.state in (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED) and receipt.amount > 0
    name = receipts.name_of(receipt) or _("Unknown payer")
    none_text = words.none_reason(best.none_reason) if best else _("Payymo has not looked at this payment yet.")
    summary = _("%(amount)s from %(name)s") % {
        "amount": formats.money(receipts.amount_of(receipt)), "name": name,
    }  # fmt: skip
    if candidates:
        summary += f", {BAND_WORDS.get(candidates[0].band, '')} {candidates[0].title}"
    return Panel(
        receipt_id=key,
        title_name=name,
        amount=receipts.amount_of(receipt),
        receipt=receipts.card(receipt),
        candidates=candidates,
        urls=urls_of(key),
        allowed=Allowed(
            decide=may_decide and is_open,
            approve=may_decide and is_open and bool(candidates),
            find=may_decide and is_open,
            split=may_decide and is_open,
        ),
        version=version_of(receipt, proposals),
        key=secrets.token_urlsafe(12),
        summary=summary,
        none_text=none_text,
        state=_state_words(receipt, now),
        error=error,
        hold_until=(today + timedelta(days=7)).isoformat(),
        ignore_reasons=words.ignore_choices(_NONE_TO_IGNORE.get(best.none_reason, "") if best else ""),
        reject_reasons=words.reject_choices(),
    )


def queue_row(proposal: Proposal, *, query: str = "", current: str = "") -> QueueRow:
    """Build one line of the queue."""
    receipt = proposal.bank_transaction or proposal.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    key = str(receipt.public_id)
    numbers = [line.invoice.display_number for line in proposal.lines.all()]
    target = numbers[0] + (f" +{len(numbers) - 1}" if len(numbers) > 1 else "") if numbers else ""
    suffix = f"?{query}" if query else ""
    return QueueRow(
        receipt_id=key,
        name=receipts.name_of(receipt) or _("Unknown payer"),
        amount=receipts.amount_of(receipt),
        day=receipts.day_of(receipt),
        reference=receipts.reference_of(receipt),
        target=target,
        band=proposal.band,  # type: ignore[arg-type]
        url=link("review_item", key) + suffix,
        panel_url=link("review_panel", key),
        current=key == current,
    )


def cursor_of(proposal: Proposal) -> str:
    """Write the keyset position of a row."""
    place = [band.value for band in selectors.BAND_ORDER].index(proposal.band)
    return f"{place}_{proposal.amount}_{proposal.pk}"


def queue_page(rows: list[Proposal], *, counts: dict[str, int], query: str, current: str, is_first: bool) -> QueuePage:
    """Build a page of the queue; `rows` holds one more than fits if there are more."""
    more = len(rows) > selectors.PAGE_SIZE
    rows = rows[: selectors.PAGE_SIZE]
    bands = []
    for place, (band, members) in enumerate(groupby(rows, key=lambda row: row.band)):
        goes_on = not is_first and place == 0
        bands.append(
            QueueBand(
                band=band,
                count=None if goes_on else counts.get(band, 0),
                rows=tuple(queue_row(row, query=query, current=current) for row in members),
            )
        )
    position = f"cursor={cursor_of(rows[-1])}" if more else ""
    joined = "&".join(part for part in (query, position) if part)
    return QueuePage(
        bands=tuple(bands),
        next_url=f"{link('review_queue')}?{joined}" if more else "",
        next_page_url=f"{link('review')}?{joined}" if more else "",
    )


def progress(*, now: datetime, counts: dict[str, int]) -> Progress:
    """Say where the day stands."""
    money = selectors.open_money(since=(now - timedelta(days=31)).date())
    # Of the currency with the most open payments: sums never cross currencies.
    main = max(money, key=lambda each: each.count, default=None)
    share = int(100 * (1 - main.open / main.received)) if main and main.received else 0
    return Progress(
        left_count=sum(counts.values()),
        done_today=selectors.decided_since(now.replace(hour=0, minute=0, second=0, microsecond=0)),
        amounts=tuple((Amount(m.open, m.currency), Amount(m.received, m.currency)) for m in money),
        percent=share,
    )


def _postings(decision: Decision) -> list[Posting]:
    matches = decision.invoicematch_set if decision.bank_transaction_id else decision.stripeinvoicematch_set
    return [match.posting for match in matches.select_related("posting") if match.posting]


def undo_bar(decision: Decision, *, now: datetime) -> UndoBar:
    """Say what was just decided, and until when it can be taken back."""
    receipt = decision.bank_transaction or decision.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    text = _("%(what)s: %(amount)s from %(name)s.") % {
        "what": decision.get_kind_display(),
        "amount": formats.money(receipts.amount_of(receipt)),
        "name": receipts.name_of(receipt) or _("Unknown payer"),
    }
    postings = _postings(decision)
    waits = [p for p in postings if p.state == Posting.State.QUEUED and p.attempts == 0]
    seconds = max((int((p.not_before - now).total_seconds()) for p in waits), default=0)
    undoable = not hasattr(decision, "undone_by") and (bool(waits) or not postings)
    return UndoBar(
        text=text,
        seconds=max(seconds, 0),
        undo_url=link("review_undo", decision.public_id) if undoable else "",
        posted_text=_("Posted to WHMCS.") if postings else "",
    )


def last_decision(*, user_id: int | None) -> Decision | None:
    """Return the person's latest decision that is not undone and not an undo."""
    if user_id is None:
        return None
    recent = selectors.recent_decisions(limit=5, by_user_id=user_id)
    return next((d for d in recent if d.kind != Decision.Kind.UNDO and not hasattr(d, "undone_by")), None)


def recent(*, now: datetime, limit: int = 20) -> tuple[Recent, ...]:
    """List what was decided last."""
    lines = []
    for decision in selectors.recent_decisions(limit=limit):
        receipt = decision.bank_transaction or decision.stripe_payment
        assert receipt is not None  # noqa: S101 - kept by a constraint
        who = decision.decided_by_name or str(decision.get_source_display())
        text = f"{decision.get_kind_display()}, {formats.money(receipts.amount_of(receipt))}, {who}"
        when: Moment = formats.moment(decision.decided_at, now)
        lines.append(Recent(text=text, moment=when, url=link("transaction", receipt.public_id)))
    return tuple(lines)


def with_error(shown: Panel, error: str) -> Panel:
    """Return the panel with what went wrong."""
    return replace(shown, error=error)
