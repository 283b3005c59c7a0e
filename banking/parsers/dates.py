"""Dates as banks write them, read as the bank's local day."""

from __future__ import annotations

import re
from datetime import date

from banking.parsers.amounts import shown
from banking.parsers.errors import UnreadableEntry

EARLIEST_YEAR, LATEST_YEAR = 1970, 2099

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:Z|[T+-].*)?", re.ASCII | re.DOTALL)
_SWIFT = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)


def day(year: int, month: int, day_of_month: int, written: str) -> date:
    """Build a date.

    Raises: UnreadableEntry when the calendar has no such day, or no living account can have it.
    """
    if EARLIEST_YEAR <= year <= LATEST_YEAR:
        try:
            return date(year, month, day_of_month)
        except ValueError:
            pass
    raise UnreadableEntry(f"The date {shown(written)} cannot be read.")


def iso_date(text: str) -> date:
    """Read `2026-01-31`, also with a time or an offset behind it; the written day counts, whatever the offset.

    Raises: UnreadableEntry for anything else.
    """
    found = _ISO.fullmatch(text.strip())
    if not found:
        raise UnreadableEntry(f"The date {shown(text)} cannot be read.")
    return day(int(found[1]), int(found[2]), int(found[3]), text)


def swift_date(text: str) -> date:
    """Read `YYMMDD`; years from 80 on belong to the last century.

    Raises: UnreadableEntry for anything else.
    """
    found = _SWIFT.fullmatch(text)
    if not found:
        raise UnreadableEntry(f"The date {shown(text)} cannot be read.")
    year = int(found[1])
    return day(year + (1900 if year >= 80 else 2000), int(found[2]), int(found[3]), text)


def nearest_day(month_and_day: str, anchor: date) -> date:
    """Read `MMDD` as the day nearest to `anchor`: an entry of 0102 with the value date 31 December is next year's.

    Raises: UnreadableEntry when no year around the anchor has such a day.
    """
    near = []
    for year in (anchor.year - 1, anchor.year, anchor.year + 1):
        try:
            near.append(day(year, int(month_and_day[:2]), int(month_and_day[2:]), month_and_day))
        except UnreadableEntry:
            continue
    if not near:
        raise UnreadableEntry(f"The entry date {shown(month_and_day)} cannot be read.")
    return min(near, key=lambda candidate: abs(candidate - anchor))
