"""How likely it is that what is known of a client's debts is wrong, because payments before were guessed."""

from __future__ import annotations

from datetime import date

HALF_LIFE_DAYS = 60
_FORGOTTEN = 0.005


class Doubts:
    """Expected slips in the state of each client, fading with time.

    Units: one is one payment that was surely booked on the wrong debt, or not at all. A debt's own doubt is the chance
    that it is open where it was paid, or paid where it is open; that does not fade.
    """

    __slots__ = ("_of", "_of_debt")

    def __init__(self) -> None:
        self._of: dict[int, tuple[float, int]] = {}
        self._of_debt: dict[int, float] = {}

    def about(self, debt_id: int, chance: float) -> None:
        """Note how likely the state of a debt is wrong; what is known for certain has no doubt."""
        if chance > _FORGOTTEN:
            self._of_debt[debt_id] = chance
        else:
            self._of_debt.pop(debt_id, None)

    def raise_to(self, debt_id: int, chance: float) -> None:
        """Note that the state of a debt is wrong with at least this chance."""
        self.about(debt_id, max(chance, self.of_debt(debt_id)))

    def of_debt(self, debt_id: int) -> float:
        """How likely the state of a debt is wrong."""
        return self._of_debt.get(debt_id, 0.0)

    def add(self, client_id: int, slips: float, on: date) -> None:
        """Note that a payment about this client may have been booked wrongly."""
        if slips > _FORGOTTEN:
            self._of[client_id] = (self.of(client_id, on.toordinal()) + slips, on.toordinal())

    def of(self, client_id: int, day: int) -> float:
        """What is left of the doubts about a client on a day."""
        known = self._of.get(client_id)
        if known is None:
            return 0.0
        slips, last = known
        return float(slips * 0.5 ** (max(0, day - last) / HALF_LIFE_DAYS))
