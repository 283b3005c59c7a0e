"""From rows to the review screen."""

import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matching import queue_selectors, selectors, stop_selectors
from matching.locks import Receipt
from matching.models import Decision, Proposal
from matching.services import second_look
from matching.services.rests import Rest
from matching.services.teamwork import Colleague, colleagues
from matching.services.why_none import why_none
from matching.versions import version_of
from payymo.dashboard import formats, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import (
    Allowed,
    Amount,
    Choice,
    CommentLine,
    Panel,
    PanelUrls,
    QueueBand,
    QueuePage,
    QueueRow,
)
from payymo.dashboard.presenters import receipts
from payymo.dashboard.presenters.candidates import candidate
from payymo.shared.models import ReceiptState
from tenants import days
from whmcs.models import Invoice

_NONE_TO_IGNORE = {
    "own_transfer": "own_transfer", "refund": "refund", "tax": "tax", "payroll": "payroll", "interest": "other",
    "payout": "other",
}  # fmt: skip
BAND_WORDS = {
    "exact": gettext_lazy("exact match"),
    "likely": gettext_lazy("likely match"),
    "possible": gettext_lazy("possible match"),
}


def rest_choices(chosen: str = "") -> tuple[Choice, ...]:
    """Return what money beyond a match can become."""
    named = (
        (Rest.OPEN, _("Leave open")),
        (Rest.CREDIT, _("Client's credit in WHMCS")),
        (Rest.NEXT, _("Next invoices")),
    )
    return tuple(Choice(rest.value, text, rest.value == (chosen or Rest.OPEN)) for rest, text in named)


def urls_of(receipt_id: str, query: str) -> PanelUrls:
    """Return where the decisions about a payment go; they keep the filters of the queue it is in."""
    names = ("panel", "approve", "reject", "hold", "ignore", "find", "split", "assign", "comment")
    return PanelUrls(
        item=link("review_item", receipt_id) + (f"?{query}" if query else ""),
        history=offer("transaction", receipt_id),
        **{name: link(f"review_{name}", receipt_id) + _behind(query) for name in names},
    )


def _behind(query: str) -> str:
    return f"?{urlencode({'queue': query})}" if query else ""


def _state_words(receipt: Receipt, now: datetime) -> str:
    if receipt.state in (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED):
        return ""
    decided = next((d for d in selectors.decisions_of(receipt) if d.kind != Decision.Kind.UNDO), None)
    if decided is None:
        return str(receipt.get_state_display())
    who = decided.decided_by_name or str(decided.get_source_display())
    when = formats.moment(decided.decided_at, now).text
    return _("%(what)s by %(who)s, %(when)s") % {"what": decided.get_kind_display(), "who": who, "when": when}


def panel(receipt: Receipt, *, may_decide: bool, now: datetime, error: str = "", query: str = "") -> Panel:
    """Build the panel of one payment from its open suggestions; `query` is the filter of its queue."""
    proposals = selectors.proposals_of(receipt)
    today = days.today(now)
    shown = [proposal for proposal in proposals if list(proposal.lines.all())]
    stops = stop_selectors.stops_of((line.invoice for each in shown for line in each.lines.all()), on=today)
    candidates = tuple(candidate(receipt, proposal, today, stops) for proposal in shown)
    best = proposals[0] if proposals else None
    key = str(receipt.public_id)
    assigned = getattr(receipt, "assignment", None)
    people = colleagues() if may_decide else ()
    is_open = receipt.state in (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED) and receipt.amount > 0
    name = receipts.name_of(receipt) or _("Unknown payer")
    none_text = words.none_reason(best.none_reason) if best else _("Payymo has not looked at this payment yet.")
    left = Amount(receipt.unallocated, receipt.currency) if is_open else receipts.amount_of(receipt)
    summary = _("%(amount)s from %(name)s") % {"amount": formats.money(left), "name": name}
    if candidates:
        summary += f", {BAND_WORDS.get(candidates[0].band, '')} {candidates[0].title}"
    return Panel(
        receipt_id=key,
        title_name=name,
        amount=receipts.amount_of(receipt),
        left=left,
        receipt=receipts.card(receipt),
        candidates=candidates,
        urls=urls_of(key, query),
        queue=query,
        allowed=Allowed(
            decide=may_decide and is_open,
            approve=may_decide and is_open and bool(candidates),
            find=may_decide and is_open,
            split=may_decide and is_open,
            talk=may_decide,
        ),
        version=version_of(receipt, proposals),
        key=secrets.token_urlsafe(12),
        summary=summary,
        none_text=none_text if is_open else "",
        none_facts=tuple(fact.text for fact in why_none(receipt)) if is_open and not candidates else (),
        pays=() if is_open else _pays(receipt),
        state=_state_words(receipt, now),
        error=error,
        hold_until=(today + timedelta(days=7)).isoformat(),
        ignore_reasons=words.ignore_choices(_NONE_TO_IGNORE.get(best.none_reason, "") if best else ""),
        reject_reasons=words.reject_choices(),
        rest_uses=rest_choices() if is_open and any(each.leaves for each in candidates) else (),
        note=_second(receipt, now) if is_open else "",
        assignee=assigned.assignee_name if assigned else "",
        colleagues=tuple(Choice(str(p.id), p.name, bool(assigned) and p.id == assigned.assignee_id) for p in people),
        comments=comment_lines(receipt, people, now),
    )


def _pays(receipt: Receipt) -> tuple[str, ...]:
    """Say what each invoice got of a payment that waits for nobody any more."""
    sums: defaultdict[Invoice, Decimal] = defaultdict(Decimal)
    for match in selectors.allocations_of(receipt):
        sums[match.invoice] += match.amount
    return tuple(
        f"{invoice.display_number}: {formats.money(Amount(value, receipt.currency))}"
        for invoice, value in sums.items()
        if value
    )


def _second(receipt: Receipt, now: datetime) -> str:
    """Say who gave the first of two approvals."""
    first = second_look.first_of(receipt) if second_look.is_large(receipt) else None
    if first is None:
        return ""
    when = formats.moment(first.decided_at, now).text
    words_of = {"name": first.decided_by_name, "when": when}
    return _("%(name)s approved it first, %(when)s. It waits for a second person.") % words_of


def comment_lines(receipt: Receipt, people: Sequence[Colleague], now: datetime) -> tuple[CommentLine, ...]:
    """Show what was said about a payment, with the mentions of people set apart."""
    return tuple(
        CommentLine(
            author=comment.author_name,
            moment=formats.moment(comment.written_at, now),
            parts=_parts(comment.text, people if comment.mentions else ()),
        )
        for comment in selectors.comments_of(receipt)
    )


def _parts(text: str, people: Sequence[Colleague]) -> tuple[tuple[str, bool], ...]:
    handles = {
        name for each in people for name in (each.name, each.name.partition(" ")[0], each.email.partition("@")[0])
    }
    if not handles:
        return ((text, False),)
    longest = sorted(filter(None, handles), key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(@(?:{'|'.join(map(re.escape, longest))}))(?!\w)", re.IGNORECASE)
    pieces = pattern.split(text)
    return tuple((piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece)


def queue_row(proposal: Proposal, *, query: str = "", current: str = "") -> QueueRow:
    """Build one line of the queue."""
    receipt = proposal.bank_transaction or proposal.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    key = str(receipt.public_id)
    numbers = [line.invoice.display_number for line in proposal.lines.all()]
    target = numbers[0] + (f" +{len(numbers) - 1}" if len(numbers) > 1 else "") if numbers else ""
    suffix = f"?{query}" if query else ""
    left, whole = Amount(receipt.unallocated, receipt.currency), receipts.amount_of(receipt)
    assigned = getattr(receipt, "assignment", None)
    return QueueRow(
        receipt_id=key,
        name=receipts.name_of(receipt) or _("Unknown payer"),
        amount=left,
        whole=whole if whole != left else None,
        assignee=assigned.assignee_name if assigned else "",
        day=receipts.day_of(receipt),
        reference=receipts.reference_of(receipt),
        target=target,
        band=proposal.band,  # type: ignore[arg-type]
        url=link("review_item", key) + suffix,
        panel_url=link("review_panel", key) + _behind(query),
        current=key == current,
    )


def queue_page(
    rows: list[Proposal],
    *,
    counts: dict[str, int],
    query: str,
    current: str,
    is_first: bool,
    opened: Proposal | None = None,
    order: str = "",
    selects: bool = False,
    counts_hold: bool = True,
) -> QueuePage:
    """Build a page of the queue; `rows` holds one more than fits if there are more.

    Shape: `opened` is a payment that a link led to and that is further down: it comes first, without a heading.
    Where `counts` are of more than is shown, the rows are counted as far as they are all here.
    """
    more = len(rows) > queue_selectors.PAGE_SIZE
    rows = rows[: queue_selectors.PAGE_SIZE]
    bands = []
    if opened is not None:
        bands.append(QueueBand(opened.band, None, (queue_row(opened, query=query, current=current),), False))
    groups = [(band, list(members)) for band, members in groupby(rows, key=lambda row: row.band)]
    for place, (band, members) in enumerate(groups):
        goes_on = not is_first and place == 0
        here = None if more and place == len(groups) - 1 else len(members)
        bands.append(
            QueueBand(
                band=band,
                count=None if goes_on or order else counts.get(band, 0) if counts_hold else here,
                rows=tuple(queue_row(row, query=query, current=current) for row in members),
                is_headed=not (goes_on or order),
            )
        )
    position = urlencode({"cursor": queue_selectors.cursor_of(rows[-1], order)}) if more else ""
    joined = "&".join(part for part in (query, position) if part)
    return QueuePage(
        bands=tuple(bands),
        next_url=f"{link('review_queue')}?{joined}" if more else "",
        next_page_url=f"{link('review')}?{joined}" if more else "",
        selects=selects,
    )
