"""Bank entries that belong together, on the page of a payment."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banking.models import BankTransaction
from matching import pair_selectors
from matching.core.pairing import Clue
from matching.locks import Receipt
from matching.pair_models import EntryPair
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import PairNote
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


def note_of(receipt: Receipt, *, may_decide: bool) -> PairNote | None:
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
        other_day=found.other.booking_date,
        other_url=offer("transaction", found.other.public_id),
        why=str(_CLUES[Clue(found.pair.clue)]),
        undo_url=link("review_undo", made.public_id) if may_decide and made is not None else "",
    )
