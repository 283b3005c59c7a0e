"""Whether two accounts are one, seen through two sources: their entries compared by day and amount. Pure.

A source may leave out days, book up to two days apart, cut the history and word the texts its own way. So only days
well inside what both show are compared, each entry counts once, and an account of few entries proves nothing.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from banking.services.entry_values import Facts
from banking.services.identity import SHIFT_DAYS
from banking.services.likeness import NOTHING_TO_COMPARE, likeness

ENOUGH = 10
FEW = 3
_MOSTLY, _SELDOM = 0.6, 0.2
_EDGE = timedelta(SHIFT_DAYS)


class Likelihood(StrEnum):
    """What the entries of two accounts say of them."""

    SAME = "same"
    UNCLEAR = "unclear"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two accounts agree.

    Shape: of `compared` entries of the one that agrees more, `shared` are with the other too, `alike` of them with a
    like text. `fewest` is the smaller number of entries that were compared. `equal_days` of `days` have one sum.
    """

    shared: int = 0
    compared: int = 0
    alike: int = 0
    fewest: int = 0
    equal_days: int = 0
    days: int = 0

    @property
    def likelihood(self) -> Likelihood:
        """Judge it: a wrong OTHER would list payments twice, a wrong SAME only begins a question."""
        enough = self.fewest >= ENOUGH
        if enough and self.shared <= _SELDOM * self.compared and self.equal_days <= _SELDOM * self.days:
            return Likelihood.OTHER
        if self.shared >= max(FEW, _MOSTLY * self.compared) and 2 * self.alike >= self.shared:
            return Likelihood.SAME
        return Likelihood.UNCLEAR


def agreement(one: Sequence[Facts], other: Sequence[Facts]) -> Agreement:
    """Compare what two accounts show on the days that both show; in any order, and the same either way round."""
    if not one or not other:
        return Agreement()
    first = max(min(facts.booking_date for facts in side) for side in (one, other)) + _EDGE
    last = min(max(facts.booking_date for facts in side) for side in (one, other)) - _EDGE
    inner = [[facts for facts in side if first <= facts.booking_date <= last] for side in (one, other)]
    sums = [_sums(side) for side in inner]
    days = sums[0].keys() & sums[1].keys()
    # A source with gaps lacks what the other has: the side that agrees more is the one to believe.
    best = max(_shared(inner[0], other), _shared(inner[1], one), key=lambda found: (found[0] / max(found[1], 1), found))
    return Agreement(
        *best, fewest=min(map(len, inner)), equal_days=sum(sums[0][day] == sums[1][day] for day in days), days=len(days)
    )


def _sums(side: Sequence[Facts]) -> dict[date, Decimal]:
    sums: defaultdict[date, Decimal] = defaultdict(Decimal)
    for facts in side:
        sums[facts.booking_date] += facts.amount
    return sums


def _shared(inner: Sequence[Facts], other: Sequence[Facts]) -> tuple[int, int, int]:
    """Return how many entries the other has too, of how many, and how many of them with a like text."""
    theirs, ours = _by_amount(other), _by_amount(inner)
    shared = sum(_paired(own, theirs.get(amount, [])) for amount, own in ours.items())
    alike = sum(_alike(own, theirs.get(amount, [])) for amount, own in ours.items())
    return shared, len(inner), min(alike, shared)


def _by_amount(side: Sequence[Facts]) -> dict[Decimal, list[Facts]]:
    found: defaultdict[Decimal, list[Facts]] = defaultdict(list)
    for facts in sorted(side, key=lambda facts: facts.booking_date):
        found[facts.amount].append(facts)
    return found


def _paired(own: Sequence[Facts], theirs: Sequence[Facts]) -> int:
    """Count the pairs of one amount that are at most two days apart; the earliest with the earliest makes most."""
    pairs = place = 0
    for facts in own:
        while place < len(theirs) and theirs[place].booking_date < facts.booking_date - _EDGE:
            place += 1
        if place < len(theirs) and theirs[place].booking_date <= facts.booking_date + _EDGE:
            pairs, place = pairs + 1, place + 1
    return pairs


def _alike(own: Sequence[Facts], theirs: Sequence[Facts]) -> int:
    days = [facts.booking_date for facts in theirs]
    found = 0
    for facts in own:
        begin = bisect_left(days, facts.booking_date - _EDGE)
        near = theirs[begin : bisect_left(days, facts.booking_date + _EDGE + timedelta(1))]
        found += any(likeness(facts, one) >= NOTHING_TO_COMPARE for one in near)
    return found
