"""Whether the statements of one account follow one another: the next one opens with what the last one closed with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_NUMBER = re.compile(r"0*([0-9]{1,5})(?:/.*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One statement: the first and last day it tells of, its balances where it has them, and the bank's number."""

    first: date
    last: date
    opening: Decimal | None = None
    closing: Decimal | None = None
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Between two statements something is missing.

    Units: `missing` is what the balance moved by, unseen; None where only the numbers tell. `numbers` are the first
    and last missing number of the bank's, None where they do not tell.
    """

    after: date
    before: date
    missing: Decimal | None
    numbers: tuple[int, int] | None


def gaps(spans: Iterable[Span], elsewhere: Mapping[date, Decimal]) -> tuple[Gap, ...]:
    """Find what is missing between statements, oldest first.

    Shape: `spans` in any order; they may overlap and repeat. `elsewhere` is what each day's entries, from whatever
    source, add up to: where those between two statements make up the difference, nothing is missing.
    """
    found: list[Gap] = []
    reach: list[Span] = []
    for span in sorted(set(spans), key=lambda one: (one.first, one.last, one.number)):
        if reach and span.first > reach[0].last and (gap := _between(reach, span, elsewhere)):
            found.append(gap)
        if not reach or span.last > reach[0].last:
            reach = [span]
        elif span.last == reach[0].last:
            # Of several statements that end on one day any may be the last.
            reach.append(span)
    return tuple(found)


def _between(before: Sequence[Span], after: Span, elsewhere: Mapping[date, Decimal]) -> Gap | None:
    first, last = before[0].last, after.first
    numbers = _missing_numbers(before, after)
    closings = [span.closing for span in before if span.closing is not None]
    if after.opening is None or not closings:
        return Gap(after=first, before=last, missing=None, numbers=numbers) if numbers else None
    between = sum((amount for day, amount in elsewhere.items() if first < day < last), Decimal(0))
    if any(closing in (after.opening, after.opening - between) for closing in closings):
        return None
    return Gap(after=first, before=last, missing=after.opening - closings[-1], numbers=numbers)


def _missing_numbers(before: Sequence[Span], after: Span) -> tuple[int, int] | None:
    """Return the numbers between; a year begins anew, so a smaller number tells nothing."""
    known = [number for span in before if (number := _number(span.number)) is not None]
    next_number = _number(after.number)
    if not known or next_number is None or next_number <= max(known) + 1 or before[0].last.year != after.first.year:
        return None
    return max(known) + 1, next_number - 1


def _number(written: str) -> int | None:
    found = _NUMBER.fullmatch(written)
    return int(found[1]) if found else None


def as_row(span: Span) -> dict[str, str]:
    """Return the span as it is kept on a row."""
    told = {"first": span.first.isoformat(), "last": span.last.isoformat(), "number": span.number}
    balances = {"opening": span.opening, "closing": span.closing}
    return told | {name: f"{amount:f}" for name, amount in balances.items() if amount is not None}


def from_row(row: Mapping[str, str]) -> Span:
    """Read back what `as_row` gave."""
    opening, closing = row.get("opening"), row.get("closing")
    return Span(
        first=date.fromisoformat(row["first"]),
        last=date.fromisoformat(row["last"]),
        opening=None if opening is None else Decimal(opening),
        closing=None if closing is None else Decimal(closing),
        number=row.get("number", ""),
    )
