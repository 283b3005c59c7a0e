"""Reads of pairs: what a payment is paired with."""

from dataclasses import dataclass

from django.db.models import Q

from accounts import reach
from banking.models import BankTransaction
from matching.pair_models import EntryPair


@dataclass(frozen=True, slots=True)
class Paired:
    """A pair as one of its entries sees it."""

    pair: EntryPair
    other: BankTransaction
    is_later: bool


def paired_with(entry: BankTransaction) -> Paired | None:
    """Return what an entry is paired with; None for nothing."""
    both = (reach.by_account("earlier__account"), reach.by_account("later__account"))
    pairs = EntryPair.objects.filter(Q(earlier=entry) | Q(later=entry), *both, undone_by=None)
    pair = pairs.select_related("earlier__account", "later__account").order_by("-pk").first()
    if pair is None:
        return None
    is_later = pair.later_id == entry.pk
    return Paired(pair, pair.earlier if is_later else pair.later, is_later)
