"""How likely it is that what is known of a client's debts is wrong, because payments before were guessed."""

from __future__ import annotations

from datetime import date

HALF_LIFE_DAYS = 60
_FORGOTTEN = 0.005


class Doubts:
    """Expected slips in the state of each client, fading with time.

    Units: one is one payment that was surely booked on the wrong debt, or not at all.
    """

    __slots__ = ("_of",)

    def __init__(self) -> None:
        self._of: dict[int, tuple[float, int]] = {}

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
