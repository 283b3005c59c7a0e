"""The equation of a payout: charges - fees - refunds - disputes +- adjustments = what the bank receives.

Every movement of the balance belongs to exactly one part and its fee to FEES, so the parts always add up to the sum of
the movements' net amounts; what the payout differs from that is kept and shown.
Source: https://docs.stripe.com/reports/reporting-categories
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Part(StrEnum):
    """A side of the equation, signed as it changes the balance: fees and refunds are negative."""

    CHARGES = "charges"
    FEES = "fees"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    ADJUSTMENTS = "adjustments"
    RETURNED_PAYOUTS = "returned_payouts"


_OF_CATEGORY = {
    "charge": Part.CHARGES,
    "refund": Part.REFUNDS,
    "refund_failure": Part.REFUNDS,
    "partial_capture_reversal": Part.REFUNDS,
    "charge_failure": Part.REFUNDS,
    "dispute": Part.DISPUTES,
    "dispute_reversal": Part.DISPUTES,
    "fee": Part.FEES,
    "network_cost": Part.FEES,
    "tax": Part.FEES,
    "payout_reversal": Part.RETURNED_PAYOUTS,
}
_OF_KIND = {
    "charge": Part.CHARGES,
    "payment": Part.CHARGES,
    "refund": Part.REFUNDS,
    "payment_refund": Part.REFUNDS,
    "refund_failure": Part.REFUNDS,
    "payment_failure_refund": Part.REFUNDS,
    "stripe_fee": Part.FEES,
    "stripe_fx_fee": Part.FEES,
    "tax_fee": Part.FEES,
    "payout_failure": Part.RETURNED_PAYOUTS,
    "payout_cancel": Part.RETURNED_PAYOUTS,
}
_DISPUTES = ("dp_", "du_")


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of the balance, or the sum of `count` alike ones. Units: the payout's currency; net = amount - fee."""

    kind: str
    category: str
    source_id: str
    amount: Decimal
    net: Decimal
    count: int = 1


@dataclass(frozen=True, slots=True)
class Equation:
    """What a payout is made of. `payout_fee` is what Stripe took for the payout itself, as for an instant one."""

    amount: Decimal
    payout_fee: Decimal = ZERO
    carried_in: Decimal = ZERO
    parts: Mapping[Part, Decimal] = field(default_factory=dict)
    counts: Mapping[Part, int] = field(default_factory=dict)

    @property
    def explained(self) -> Decimal:
        """The sum of all parts, of what was carried in, and of the payout's own fee."""
        return sum(self.parts.values(), self.carried_in) - self.payout_fee

    @property
    def difference(self) -> Decimal:
        """What the payout is more (positive) or less (negative) than its parts; 0 when the equation closes."""
        return self.amount - self.explained

    def part(self, part: Part) -> Decimal:
        """Return one part, 0 when nothing of it is in the payout."""
        return self.parts.get(part, ZERO)


def part_of(*, kind: str, category: str, source_id: str) -> Part:
    """Say to which part a movement belongs; what Stripe invents later is an adjustment."""
    if category in _OF_CATEGORY:
        return _OF_CATEGORY[category]
    # A dispute is an `adjustment` by type; only its category or its source tells it from others.
    if source_id.startswith(_DISPUTES):
        return Part.DISPUTES
    return _OF_KIND.get(kind, Part.ADJUSTMENTS)


def add_up(
    *, amount: Decimal, movements: Iterable[Movement], payout_fee: Decimal = ZERO, carried_in: Decimal = ZERO
) -> Equation:
    """Sort the movements of a payout into parts; the payout's own row is not among them."""
    parts: dict[Part, Decimal] = {}
    counts: Counter[Part] = Counter()
    for one in movements:
        part = part_of(kind=one.kind, category=one.category, source_id=one.source_id)
        parts[part] = parts.get(part, ZERO) + one.amount
        counts[part] += one.count
        if one.net != one.amount:
            parts[Part.FEES] = parts.get(Part.FEES, ZERO) + one.net - one.amount
    return Equation(amount, payout_fee, carried_in, parts, dict(counts))
