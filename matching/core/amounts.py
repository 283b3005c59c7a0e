"""Names how an amount stands to a debt: exact, a part, short by a fee, without tax, too much."""

from __future__ import annotations

from enum import StrEnum

from matching.core.book import Debt

_DISCOUNTS = (1, 2, 3, 4, 5, 10)
_LARGEST_BANK_FEE = 3000
_LARGEST_LATE_FEE = 2500


class Relation(StrEnum):
    """How what came stands to what is owed."""

    EXACT = "exact"
    REMAINDER = "remainder"
    NET = "net"
    DISCOUNT = "discount"
    CENTS_SHORT = "cents_short"
    FEE_SHORT = "fee_short"
    FRACTION = "fraction"
    PART = "part"
    CENTS_OVER = "cents_over"
    FEE_OVER = "fee_over"
    OVER = "over"
    FX_EXACT = "fx_exact"
    FX_CLOSE = "fx_close"
    FX_NEAR = "fx_near"
    FX_FAR = "fx_far"
    FX_UNKNOWN = "fx_unknown"


FOREIGN = frozenset({Relation.FX_EXACT, Relation.FX_CLOSE, Relation.FX_NEAR, Relation.FX_FAR, Relation.FX_UNKNOWN})
SHORT = frozenset({Relation.NET, Relation.DISCOUNT, Relation.CENTS_SHORT, Relation.FEE_SHORT})
LONG = frozenset({Relation.CENTS_OVER, Relation.FEE_OVER, Relation.OVER})


def relate(amount: int, debt: Debt, *, charges_deducted: bool) -> Relation:
    """The relation of a positive `amount` to an open debt in the same currency."""
    owed = debt.outstanding
    if amount == owed:
        return Relation.EXACT if owed == debt.total else Relation.REMAINDER
    if amount > owed:
        return _too_much(amount, owed)
    if debt.net and debt.net < debt.total and abs(amount * debt.total - owed * debt.net) <= debt.total:
        return Relation.NET
    short = owed - amount
    if charges_deducted and short <= max(_LARGEST_BANK_FEE, owed // 20):
        return Relation.FEE_SHORT
    if any(abs(amount * 100 - owed * (100 - discount)) <= 100 for discount in _DISCOUNTS):
        return Relation.DISCOUNT
    if short * 100 <= owed or short <= 15:
        return Relation.CENTS_SHORT
    for parts in (2, 3, 4):
        if any(abs(amount * parts - owed * share) <= parts for share in range(1, parts)):
            return Relation.FRACTION
    paid = debt.total - owed
    if paid > 0 and any(amount * times == paid for times in (1, 2, 3)):
        return Relation.FRACTION
    # A first instalment is often a clean share of the whole invoice rather than of what is left.
    if any(abs(amount * parts - debt.total * share) <= parts for parts in (2, 3, 4) for share in range(1, parts)):
        return Relation.FRACTION
    return Relation.FEE_SHORT if short <= _LARGEST_BANK_FEE and short * 5 <= owed else Relation.PART


def _too_much(amount: int, owed: int) -> Relation:
    over = amount - owed
    if over * 100 <= owed or over <= 15 or (amount % 100 == 0 and over < 100):
        return Relation.CENTS_OVER
    if over % 50 == 0 and over <= _LARGEST_LATE_FEE:
        return Relation.FEE_OVER
    return Relation.CENTS_OVER if amount % 100 == 0 and over * 10 <= owed else Relation.OVER


def relate_foreign(amount: int, owed: int, rate: float | None) -> Relation:
    """The relation of an amount to a debt in another currency.

    Units: `rate` is units of the receipt's currency for one unit of the debt's; None when no rate is known.
    """
    if rate is None or rate <= 0:
        return Relation.FX_UNKNOWN
    off = abs(amount / (owed * rate) - 1)
    if off <= 0.012:
        return Relation.FX_CLOSE
    return Relation.FX_NEAR if off <= 0.045 else Relation.FX_FAR if off <= 0.1 else Relation.FX_UNKNOWN
