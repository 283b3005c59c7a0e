"""Remembers what was booked on a guess, and takes it back when something better claims it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from matching.core.book import Book
from matching.core.types import Allocation, Receipt
from matching.core.unmatched import Unmatched
from matching.core.weighing import Weighed

_SURE_ENOUGH = 0.9
_EVEN = 0.5
_MOST_LOOKED_AT = 12

Ask = Callable[[Receipt], Weighed]
Given = tuple[Receipt, tuple[Allocation, ...]]


class Guesses:
    """Earlier receipts with the debts that were closed for them on a guess, and those that found no place."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._of_debt: dict[int, Given] = {}
        self._reopened: dict[str, Receipt] = {}
        self._unmatched = Unmatched()

    def __contains__(self, invoice_id: int) -> bool:
        """Whether a debt was closed on a guess."""
        return invoice_id in self._of_debt

    def remember(self, receipt: Receipt, settled: Sequence[Allocation]) -> None:
        """Note what was booked for a receipt on a guess; without allocations, that it found no place."""
        self._of_debt.update({one.invoice_id: (receipt, tuple(settled)) for one in settled})
        if not settled:
            self._unmatched.add(receipt)

    def about(self, invoice_ids: Iterable[int]) -> list[Given]:
        """The receipts for which any of these debts was closed on a guess, each once, with all that it was given."""
        found = (self._of_debt[one] for one in invoice_ids if one in self._of_debt)
        return list({receipt.id: (receipt, given) for receipt, given in found}.values())

    def take_back(self, allocations: Sequence[Allocation]) -> None:
        """Open again what was closed on a guess."""
        for one in allocations:
            self._book.reopen(one.invoice_id, one.amount_minor)
            self._book.doubts.about(one.invoice_id, 0.0)
            self._of_debt.pop(one.invoice_id, None)

    def give(self, receipt: Receipt, allocations: Sequence[Allocation], *, wrong: float) -> None:
        """Book a guess for a receipt, with the chance that it is wrong."""
        for one in allocations:
            self._book.settle(one.invoice_id, one.amount_minor, receipt.booking_date)
            self._book.doubts.about(one.invoice_id, wrong)
            self._of_debt[one.invoice_id] = (receipt, tuple(allocations))

    def judge_later(self, receipt: Receipt) -> None:
        """Note that what a receipt was given is somebody else's, so that it is judged again."""
        self._reopened[receipt.id] = receipt

    def make_room(self, allocations: Sequence[Allocation]) -> None:
        """Take back guesses about the debts that a person says were paid by something else."""
        for one in allocations:
            if one.invoice_id in self and self._book.debts[one.invoice_id].outstanding < one.amount_minor:
                earlier, given = self._of_debt[one.invoice_id]
                self.take_back(given)
                self.judge_later(earlier)

    def judge_again(self, ask: Ask) -> None:
        """Judge the receipts that lost what they were given, so that one mistake does not stay in the state."""
        for receipt in self._reopened.values():
            weighed = ask(receipt)
            if weighed.settles_nothing or not _was_there(receipt, weighed):
                self._unmatched.add(receipt)
            else:
                self._give_best(receipt, weighed)
        self._reopened.clear()

    def look_again(self, payer: str, ask: Ask) -> None:
        """Book earlier receipts of a payer whose clients have just become known, so that the state does not drift."""
        for receipt in self._unmatched.of(payer)[-_MOST_LOOKED_AT:]:
            weighed = ask(receipt)
            if weighed.shares and weighed.shares[0] >= _SURE_ENOUGH and _was_there(receipt, weighed):
                self._unmatched.remove(receipt)
                self._give_best(receipt, weighed)

    def restore(self, receipt: Receipt, allocations: Sequence[Allocation]) -> None:
        """Book a guess again that was taken back in vain: what asked for it may still be right."""
        self.give(receipt, allocations, wrong=_EVEN)

    def _give_best(self, receipt: Receipt, weighed: Weighed) -> None:
        best = weighed.hypotheses[0]
        pairs = zip(best.debts, best.amounts, strict=True)
        given = tuple(Allocation(debt.id, amount) for debt, amount in pairs)
        self.give(receipt, given, wrong=1 - weighed.shares[0])


def _was_there(receipt: Receipt, weighed: Weighed) -> bool:
    """Whether what wins today had been issued when the receipt arrived."""
    day = receipt.booking_date.toordinal()
    return all(debt.issue <= day for debt in weighed.hypotheses[0].debts)
