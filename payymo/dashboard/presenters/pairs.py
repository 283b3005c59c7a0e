"""Bank entries that belong together: on the page of a payment, and the returns that wait for a person."""

from datetime import datetime, time

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banking.models import BankTransaction
from matching import pair_selectors
from matching.core.pairing import Clue
from matching.locks import Receipt
from matching.pair_models import EntryPair
from payymo.dashboard import formats, paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Moment, PairNote, ReturnRow, ReturnsPage
from payymo.dashboard.presenters import receipts

_CLUES = {
    Clue.END_TO_END: gettext_lazy("Both carry the same end-to-end id."),
    Clue.QUOTED: gettext_lazy("The return quotes the payment's own reference."),
    Clue.SAME_TEXT: gettext_lazy("Same amount and payer, and the return repeats the payment's text."),
    Clue.PAYER: gettext_lazy("Same amount and payer, and the bank calls it a return."),
    Clue.ACCOUNTS: gettext_lazy("Same amount, and both accounts are yours."),
}


def _titles(kind: str, is_later: bool) -> tuple[str, str]:
    if kind == EntryPair.Kind.TRANSFER:
        return _("Transfer between own accounts"), _("The other side")
    if is_later:
        return _("This returns an earlier payment"), _("The payment")
    return _("This payment was returned"), _("The return")


def _day(entry: BankTransaction, now: datetime) -> Moment:
    return formats.moment(timezone.make_aware(datetime.combine(entry.booking_date, time())), now)


def note_of(receipt: Receipt, *, now: datetime, may_decide: bool) -> PairNote | None:
    """Say what a payment is paired with; None for nothing."""
    found = pair_selectors.paired_with(receipt) if isinstance(receipt, BankTransaction) else None
    if found is None:
        return None
    title, other_title = _titles(found.pair.kind, found.is_later)
    made = found.pair.decisions.order_by("pk").first()
    return PairNote(
        title=title,
        other_title=other_title,
        other_amount=receipts.amount_of(found.other),
        other_moment=_day(found.other, now),
        other_url=link("transaction", found.other.public_id),
        why=str(_CLUES[Clue(found.pair.clue)]),
        step=str(found.step.label) if found.step else "",
        dealt_with_url=link("return_dealt_with", found.pair.public_id) if may_decide and found.step else "",
        undo_url=link("review_undo", made.public_id) if may_decide and made is not None else "",
    )


def listing(request: HttpRequest, *, now: datetime, may_decide: bool) -> ReturnsPage:
    """Build the list of returned payments that are matched, newest first, 50 a page."""
    rows = pair_selectors.returns_to_deal_with()
    if (position := paging.cursor(request)) is not None:
        rows = rows.filter(pk__lt=position[1])
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    steps = pair_selectors.steps(list(shown))
    return ReturnsPage(
        rows=tuple(_row(pair, steps, now, may_decide) for pair in shown),
        pager=paging.pager(request, after=f"r_{shown[-1].pk}" if more else ""),
    )


def _row(pair: EntryPair, steps: dict[int, pair_selectors.Step], now: datetime, may_decide: bool) -> ReturnRow:
    return ReturnRow(
        url=link("transaction", pair.earlier.public_id),
        name=receipts.name_of(pair.earlier) or _("Unknown payer"),
        reference=receipts.reference_of(pair.earlier),
        amount=receipts.amount_of(pair.earlier),
        returned=_day(pair.later, now),
        returned_url=link("transaction", pair.later.public_id),
        step=str(steps[pair.pk].label) if pair.pk in steps else "",
        dealt_with_url=link("return_dealt_with", pair.public_id) if may_decide else "",
    )
