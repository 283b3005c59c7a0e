"""What was taken back of a payment, against the refunds that WHMCS shows for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """One return, refund or lost dispute; `names` are the ids under which it may be booked. Units: minor units."""

    id: int
    amount_minor: int
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One row of WHMCS by which money left; `day` is its own, as ISO text. Units: minor units."""

    id: int
    amount_minor: int
    day: str
    name: str = ""


def covered(taken: Sequence[Taken], given: Iterable[GivenBack]) -> dict[int, GivenBack]:
    """Return, by id, what WHMCS shows as given back, with the row that completes it; what is missing is left out.

    Shape: a row that bears the name of what was taken counts for it first, then one of exactly its amount, then all
    that is left, in the order of days: several refunds may be booked as one, and one as several.
    """
    rows = sorted(given, key=lambda row: (row.day, row.id))
    left = {row.id: row.amount_minor for row in rows}
    owed = {one.id: one.amount_minor for one in taken}
    found: dict[int, GivenBack] = {}

    def use(one: Taken, row: GivenBack) -> None:
        amount = min(owed[one.id], left[row.id])
        if amount <= 0:
            return
        owed[one.id] -= amount
        left[row.id] -= amount
        last = found.get(one.id)
        found[one.id] = row if last is None or row.day > last.day else last

    for one in taken:
        for row in rows:
            if row.name and row.name in one.names:
                use(one, row)
    for one in taken:
        exact = next((row for row in rows if left[row.id] == owed[one.id] == row.amount_minor), None)
        if exact is not None:
            use(one, exact)
    for one in taken:
        for row in rows:
            use(one, row)
    return {key: row for key, row in found.items() if owed[key] == 0}
