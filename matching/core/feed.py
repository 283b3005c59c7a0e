"""The rows of a past feed: what each holds, which day it belongs to, and which the feed delivered twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from matching.core.types import NoneReason, Receipt

_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A line of the bank feed or a charge: its receipt when it may settle something, else why it may not.

    Shape: `on` is None for an entry that is not booked yet; `content` is everything but the feed's own ids.
    """

    id: str
    on: date | None
    receipt: Receipt | None
    refused: NoneReason | None = None
    content: tuple[object, ...] = ()
    bank_reference: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer decided about a row: invoices with amounts in their currency, or the payout it is."""

    id: str
    allocations: tuple[tuple[int, Decimal], ...]
    payout_id: str


class Deliveries:
    """Recognises rows that the feed delivered again under new ids."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[object, ...], str], int] = {}
        self._position = 0

    def repeated(self, rows: Sequence[FeedRow]) -> set[str]:
        """Ids of rows seen before: all content equal, and the bank's reference or the place says the same.

        Shape: two equal transfers of one day are kept when their references differ or other entries lie between them.
        """
        repeated: set[str] = set()
        for row in rows:
            if not row.content:
                continue
            self._position += 1
            key = (row.content, row.bank_reference)
            before = self._known.get(key)
            if before is not None and (row.bank_reference or before == self._position - 1):
                repeated.add(row.id)
            self._known[key] = self._position
            if len(self._known) > _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
        return repeated


def by_day(rows: Iterable[FeedRow]) -> Iterable[tuple[date, list[FeedRow]]]:
    """Group rows of one feed by booking day, in the order they come; rows without a day join the day before them."""
    day: date | None = None
    batch: list[FeedRow] = []
    for row in rows:
        if row.on is not None and day is not None and row.on != day:
            yield day, batch
            batch = []
        day = row.on or day
        batch.append(row)
    if batch:
        yield day or date.min, batch
