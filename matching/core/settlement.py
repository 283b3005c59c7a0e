"""Finds the bank entry of each payout: same amount, about the arrival date, and a text or sender that says so.

An equal amount alone is never enough, and two payouts that nothing tells apart are left to a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from matching.core.payout_clues import (
    DAYS_EARLY,
    DAYS_LATE,
    TRACED_DAYS_EARLY,
    TRACED_DAYS_LATE,
    Clue,
    Habits,
    clue_of,
    lag_of,
    weigh,
)
from matching.core.types import Payout, Receipt, Source

_MOST_JOINED, _MOST_IN_REACH = 4, 14


@dataclass(frozen=True, slots=True)
class Found:
    """A bank entry and what it pays out.

    Shape: several payouts when the bank joined them; `is_return` when the bank took a failed payout's money back;
    `is_stated` when the entry is in another currency and the bank states the payout's amount.
    """

    receipt_id: str
    payout_ids: tuple[str, ...]
    clue: Clue
    is_return: bool = False
    is_stated: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and for each entry that stayed open the payouts among which nothing decides."""

    found: tuple[Found, ...] = ()
    ties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_settlements(
    receipts: Sequence[Receipt],
    payouts: Sequence[Payout],
    habits: Habits | None = None,
    refused: Collection[tuple[str, str]] = (),
) -> Findings:
    """Find the entries that are payouts, beyond doubt.

    Shape: each payout is found once, and once more for the return of a failed one; each entry once. The order of the
    input changes nothing. `habits` learns from what is found; `refused` are (entry, payout) pairs that are none.
    Units: minor units; an entry equals its payouts to the minor unit, in its own currency or as the bank states.
    """
    search = _Search(habits if habits is not None else Habits(), frozenset(refused))
    entries = [one for one in receipts if one.source is Source.BANK and one.amount_minor]
    search.settle_single(entries, [payout for payout in payouts if not payout.returned])
    search.settle_returned(entries, [payout for payout in payouts if payout.returned])
    search.settle_joined(entries, [payout for payout in payouts if not payout.returned])
    return Findings(tuple(sorted(search.found, key=lambda one: one.receipt_id)), search.ties)


class PayoutFeed:
    """The payouts of a replay: hands each day those that may arrive, and remembers what was found."""

    def __init__(self, payouts: Iterable[Payout]) -> None:
        self._by_day: dict[int, list[Payout]] = {}
        for payout in payouts:
            self._by_day.setdefault(payout.arrival_date.toordinal(), []).append(payout)
        self._taken: set[str] = set()
        self._habits = Habits()

    def find(self, receipts: Sequence[Receipt]) -> Mapping[str, str]:
        """Which payout each of one day's entries is, by receipt id; the first of those that the bank joined."""
        if not receipts or not self._by_day:
            return {}
        day = receipts[0].booking_date.toordinal()
        near = [
            payout
            for arrival in range(day - TRACED_DAYS_LATE, day + TRACED_DAYS_EARLY + 1)
            for payout in self._by_day.get(arrival, ())
            if payout.id not in self._taken
        ]
        found = find_settlements(receipts, near, self._habits).found
        self._taken.update(key for one in found if not one.is_return for key in one.payout_ids)
        return {one.receipt_id: one.payout_ids[0] for one in found}


def find_payouts(receipts: Sequence[Receipt], payouts: Iterable[Payout]) -> Mapping[str, str]:
    """Which payout each bank entry is, by receipt id; the first of those that the bank joined."""
    return {one.receipt_id: one.payout_ids[0] for one in find_settlements(receipts, tuple(payouts)).found}


@dataclass(frozen=True, slots=True)
class _Fit:
    clue: Clue
    receipt: Receipt
    payout: Payout
    is_stated: bool


class _Search:
    """One search: what is taken, what is stuck in a tie, what was found."""

    def __init__(self, habits: Habits, refused: frozenset[tuple[str, str]]) -> None:
        self._habits, self._refused = habits, refused
        self._used: set[str] = set()
        self._stuck: set[str] = set()
        self.found: list[Found] = []
        self.ties: dict[str, tuple[str, ...]] = {}

    def settle_single(self, receipts: Sequence[Receipt], payouts: Sequence[Payout]) -> None:
        """Pair entries and payouts of equal amount; look again with the senders that this taught."""
        known = -1
        while known != len(self._habits.senders):
            known = len(self._habits.senders)
            free = [payout for payout in payouts if self._is_free(payout.id)]
            open_ = [receipt for receipt in receipts if self._is_free(receipt.id)]
            self._pair_up(list(self._fits(open_, free)))

    def _is_free(self, key: str) -> bool:
        return key not in self._used and key not in self._stuck

    def _fits(self, receipts: Sequence[Receipt], payouts: Sequence[Payout]) -> Iterator[_Fit]:
        by_amount: dict[tuple[str, int], list[Payout]] = {}
        for payout in payouts:
            by_amount.setdefault((payout.currency, payout.amount_minor), []).append(payout)
        for receipt in receipts:
            for key, is_stated in _sums(receipt):
                for payout in by_amount.get(key, ()):
                    if (receipt.id, payout.id) in self._refused:
                        continue
                    clue = weigh(receipt, payout, self._habits)
                    if clue is not None and clue is not Clue.AMOUNT:
                        yield _Fit(clue, receipt, payout, is_stated)

    def _pair_up(self, fits: Sequence[_Fit]) -> None:
        """Take first what has no rival at all, for it shows the bank's delay; then the best; stop at equals."""
        touching: dict[str, list[_Fit]] = {}
        for fit in fits:
            touching.setdefault(fit.receipt.id, []).append(fit)
            touching.setdefault(fit.payout.id, []).append(fit)
        for fit in sorted(fits, key=lambda fit: (fit.receipt.id, fit.payout.id)):
            if len(touching[fit.receipt.id]) == len(touching[fit.payout.id]) == 1:
                self._take(fit)
        usual = self._habits.usual_lag
        worth = {id(fit): _worth(fit, usual) for fit in fits}
        for fit in sorted(fits, key=lambda fit: (worth[id(fit)], fit.receipt.id, fit.payout.id)):
            if not (self._is_free(fit.receipt.id) and self._is_free(fit.payout.id)):
                continue
            rivals = [
                other
                for other in (*touching[fit.receipt.id], *touching[fit.payout.id])
                if other is not fit
                and worth[id(other)] == worth[id(fit)]
                and self._is_free(other.receipt.id)
                and self._is_free(other.payout.id)
            ]
            if rivals:
                self._stop([fit, *rivals])
            else:
                self._take(fit)

    def _stop(self, fits: Sequence[_Fit]) -> None:
        payouts = tuple(sorted({fit.payout.id for fit in fits}))
        for fit in fits:
            self.ties[fit.receipt.id] = tuple(sorted({*self.ties.get(fit.receipt.id, ()), *payouts}))
            self._stuck.update((fit.receipt.id, fit.payout.id))

    def _take(self, fit: _Fit) -> None:
        self._used.update((fit.receipt.id, fit.payout.id))
        self._habits.learn(fit.receipt, fit.payout)
        self.found.append(Found(fit.receipt.id, (fit.payout.id,), fit.clue, is_stated=fit.is_stated))

    def settle_returned(self, receipts: Sequence[Receipt], payouts: Sequence[Payout]) -> None:
        """Find the debit that took a failed payout back, and the credit before it; one without the other is nothing."""
        for payout in sorted(payouts, key=lambda payout: (payout.arrival_date, payout.id)):
            backwards = self._alike(receipts, payout, -payout.amount_minor)
            credits = self._alike(receipts, payout, payout.amount_minor) if not payout.settled else [None]
            if len(backwards) == 1 and len(credits) == 1:
                back, credit = backwards[0], credits[0]
                if credit is not None and credit.booking_date > back.booking_date:
                    continue
                for receipt, is_return in ((credit, False), (back, True)):
                    if receipt is not None:
                        clue = weigh(receipt, payout, self._habits) or Clue.AMOUNT
                        self.found.append(Found(receipt.id, (payout.id,), clue, is_return=is_return))
                        self._used.add(receipt.id)
            elif backwards and credits:
                for receipt in (*backwards, *credits):
                    if receipt is not None:
                        self.ties[receipt.id] = (payout.id,)
                        self._stuck.add(receipt.id)

    def _alike(self, receipts: Sequence[Receipt], payout: Payout, amount: int) -> list[Receipt]:
        alike = [
            receipt
            for receipt in receipts
            if (receipt.currency, receipt.amount_minor) == (payout.currency, amount)
            and self._is_free(receipt.id)
            and (receipt.id, payout.id) not in self._refused
        ]
        return [one for one in alike if weigh(one, payout, self._habits) not in (None, Clue.AMOUNT)]

    def settle_joined(self, receipts: Sequence[Receipt], payouts: Sequence[Payout]) -> None:
        """Find the entries that are the sum of several payouts; only one sum may fit, and no other entry want it."""
        by_day: dict[int, list[Payout]] = {}
        for payout in payouts:
            if self._is_free(payout.id):
                by_day.setdefault(payout.arrival_date.toordinal(), []).append(payout)
        sums: dict[str, tuple[Receipt, tuple[Payout, ...]]] = {}
        for receipt in sorted(receipts, key=lambda receipt: receipt.id):
            fitting = [
                parts
                for parts in (_sums_of(receipt, by_day) if self._is_free(receipt.id) else [])
                if not any((receipt.id, payout.id) in self._refused for payout in parts)
            ]
            if fitting and clue_of(receipt, self._habits) in (Clue.NAMED, Clue.SENDER):
                if len(fitting) == 1:
                    sums[receipt.id] = (receipt, fitting[0])
                else:
                    self.ties[receipt.id] = tuple(sorted({payout.id for one in fitting for payout in one}))
        wanted = Counter(payout.id for _, parts in sums.values() for payout in parts)
        for receipt_id, (receipt, parts) in sums.items():
            ids = tuple(sorted(payout.id for payout in parts))
            if any(wanted[key] > 1 for key in ids):
                self.ties[receipt_id] = ids
            else:
                self._used.update((receipt_id, *ids))
                self.found.append(Found(receipt_id, ids, clue_of(receipt, self._habits)))


def _sums_of(receipt: Receipt, by_day: Mapping[int, Sequence[Payout]]) -> list[tuple[Payout, ...]]:
    """The sets of two to four payouts about that day whose sum is the entry."""
    day = receipt.booking_date.toordinal()
    near = [
        payout
        for arrival in range(day - DAYS_LATE, day + DAYS_EARLY + 1)
        for payout in by_day.get(arrival, ())
        if payout.currency == receipt.currency
    ]
    if not 2 <= len(near) <= _MOST_IN_REACH:
        return []
    near.sort(key=lambda payout: payout.id)
    sets = (parts for size in range(2, _MOST_JOINED + 1) for parts in combinations(near, size))
    return [parts for parts in sets if sum(one.amount_minor for one in parts) == receipt.amount_minor]


def _sums(receipt: Receipt) -> Iterator[tuple[tuple[str, int], bool]]:
    """The entry's own amount, and the one that the bank states for it in another currency."""
    yield (receipt.currency, receipt.amount_minor), False
    if receipt.instructed_amount_minor and receipt.instructed_currency not in ("", receipt.currency):
        sign = -1 if receipt.amount_minor < 0 else 1
        yield (receipt.instructed_currency, sign * abs(receipt.instructed_amount_minor)), True


def _worth(fit: _Fit, usual_lag: int) -> tuple[int, int, int]:
    """How well a payout explains an entry, smaller is better."""
    days = (fit.receipt.booking_date - fit.payout.arrival_date).days
    return fit.clue, abs(lag_of(fit.receipt, fit.payout) - usual_lag), abs(days)
