"""Reads of pairs: what a payment is paired with, and the returns that wait for a person."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import reach
from banking.models import BankTransaction
from matching.models import InvoiceMatch
from matching.pair_models import EntryPair
from whmcs.models import Posting, WhmcsTransaction

_LIVE_MATCH = Q(reverses=None, reversed_by=None, decision__corrected_by=None)
# What WHMCS shows as given back, as a refund of the very booking that the match was posted as.
_GIVEN_BACK = WhmcsTransaction.objects.filter(
    instance=OuterRef("posting__instance"),
    refunds_whmcs_id=OuterRef("posting__whmcs_transaction__whmcs_id"),
    amount_out__gte=OuterRef("amount"),
)


class Step(TextChoices):
    """What a return asks of a person."""

    UNDO = "undo", _("The match is not in WHMCS yet: undo it.")
    REVERSE = (
        "reverse",
        _(
            "WHMCS shows the invoice as paid. There: open the invoice, record a refund of this very payment with its "
            "amount, and set the invoice to Unpaid or Collections. Payymo watches, and this line goes when WHMCS shows "
            "the refund. Then report the match as wrong here."
        ),
    )


@dataclass(frozen=True, slots=True)
class Paired:
    """A pair as one of its entries sees it: the other entry, and what is to be done, if anything."""

    pair: EntryPair
    other: BankTransaction
    is_later: bool
    step: Step | None


def paired_with(entry: BankTransaction) -> Paired | None:
    """Return what an entry is paired with; None for nothing."""
    both = (reach.by_account("earlier__account"), reach.by_account("later__account"))
    pairs = EntryPair.objects.filter(Q(earlier=entry) | Q(later=entry), *both, undone_by=None)
    pair = pairs.select_related("earlier__account", "later__account").order_by("-pk").first()
    if pair is None:
        return None
    is_later = pair.later_id == entry.pk
    return Paired(pair, pair.earlier if is_later else pair.later, is_later, steps([pair]).get(pair.pk))


def returns_to_deal_with() -> QuerySet[EntryPair]:
    """Return the returns of payments that are matched, within reach, newest first; dealt with and undone ones not.

    Shape: nor those that WHMCS shows as refunded.
    """
    live = InvoiceMatch.objects.filter(~Exists(_GIVEN_BACK), _LIVE_MATCH, bank_transaction=OuterRef("earlier"))
    rows = EntryPair.objects.filter(
        Exists(live), reach.by_account("later__account"), kind=EntryPair.Kind.RETURN, undone_by=None, dealt_with_at=None
    )
    return rows.select_related("earlier__account", "later__account").order_by("-pk")


def steps(pairs: list[EntryPair]) -> dict[int, Step]:
    """Return what each of these pairs asks of a person, by primary key; one query."""
    waiting = {
        pair.earlier_id: pair.pk
        for pair in pairs
        if pair.kind == EntryPair.Kind.RETURN and pair.undone_by_id is None and pair.dealt_with_at is None
    }
    found: dict[int, Step] = {}
    rows = InvoiceMatch.objects.filter(~Exists(_GIVEN_BACK), _LIVE_MATCH, bank_transaction__in=waiting)
    rows = rows.select_related("posting")
    for match in rows.order_by("pk"):
        key = waiting[match.bank_transaction_id]
        is_here = match.posting is None or match.posting.state in (Posting.State.QUEUED, Posting.State.WITHDRAWN)
        if found.get(key) is not Step.REVERSE:
            found[key] = Step.UNDO if is_here else Step.REVERSE
    return found
