"""Dates as banks write them, read as the bank's local day."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from banking.parsers.amounts import shown
from banking.parsers.errors import UnreadableEntry
from banking.parsers.problems import EntryProblem

EARLIEST_YEAR, LATEST_YEAR = 1970, 2099

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:Z|[T+-].*)?", re.ASCII | re.DOTALL)
_WRITTEN = re.compile(
    r"([0-9]{1,4}|[^\W\d_]{3,12})\.?[\s./:-]{1,2}([0-9]{1,2}|[^\W\d_]{3,12})\.?[\s,./:-]{1,2}([0-9]{4}|[0-9]{1,2})\.?"
)
_SOLID = {
    "ymd": re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})", re.ASCII),
    "dmy": re.compile(r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})", re.ASCII),
    "mdy": re.compile(r"(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<y>[0-9]{4})", re.ASCII),
}
_TIME = re.compile(
    r"[T\s,]+[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:\.[0-9]{1,9})?)?\s*(?:[AaPp]\.?[Mm]\.?)?"
    r"\s*(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?$"
)
# By their first three letters, without accents, as European banks write months.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen sty led", "feb fev lut uno", "mar mrt", "apr abr avr kwi dub", "may mai mei mag maj kve",
            "jun giu cze", "jul lug lip", "aug ago aou sie", "sep set wrz zar", "oct okt ott out paz rij",
            "nov lis pro", "dec dez dic des gru",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
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
    raise UnreadableEntry(EntryProblem.DATE, written=shown(written))


def iso_date(text: str) -> date:
    """Read `2026-01-31`, also with a time or an offset behind it; the written day counts, whatever the offset.

    Raises: UnreadableEntry for anything else.
    """
    found = _ISO.fullmatch(text.strip())
    if not found:
        raise UnreadableEntry(EntryProblem.DATE, written=shown(text))
    return day(int(found[1]), int(found[2]), int(found[3]), text)


def swift_date(text: str) -> date:
    """Read `YYMMDD`; years from 80 on belong to the last century.

    Raises: UnreadableEntry for anything else.
    """
    found = _SWIFT.fullmatch(text)
    if not found:
        raise UnreadableEntry(EntryProblem.DATE, written=shown(text))
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
        raise UnreadableEntry(EntryProblem.ENTRY_DATE, written=shown(month_and_day))
    return min(near, key=lambda candidate: abs(candidate - anchor))


def written_date(text: str, order: str) -> date:
    """Read a date as people see it in a CSV file: `31.01.26`, `1/31/2026 10:15`, `5-Jan-2026`, `20260131`.

    Units: `order` is `ymd`, `dmy` or `mdy`; a four-digit year in front, a dotted date and a month by name tell their
    order themselves.
    Raises: UnreadableEntry when it is no such date in that order.
    """
    found = date_in(text, order)
    if found is None:
        raise UnreadableEntry(EntryProblem.DATE, written=shown(text))
    return found


def date_in(text: str, order: str) -> date | None:
    """Return the date that `written_date` reads, or None."""
    return _date_in(text.strip()[:60], order)


# A statement has few days and many entries.
@lru_cache(maxsize=4096)
def _date_in(text: str, order: str) -> date | None:
    written = _TIME.sub("", text)
    found = _SOLID[order].fullmatch(written)
    try:
        if found:
            return day(int(found["y"]), int(found["m"]), int(found["d"]), text)
        parts = _WRITTEN.fullmatch(written)
        return _from_parts(parts.groups(), order, text, has_points="." in written) if parts else None
    except UnreadableEntry:
        return None


def _from_parts(parts: Sequence[str], order: str, text: str, *, has_points: bool) -> date | None:
    first, second, third = parts
    if not first[0].isdigit():
        year, month, day_of_month = third, _month(first, text), second
    elif len(first) > 2:
        year, month, day_of_month = first, _month(second, text), third
    elif not second[0].isdigit() or has_points:
        year, month, day_of_month = third, _month(second, text), first
    elif order == "ymd":
        year, month, day_of_month = first, int(second), third
    else:
        number, other = (first, second) if order == "dmy" else (second, first)
        year, month, day_of_month = third, int(other), number
    if not day_of_month.isdigit() or len(day_of_month) > 2 or len(year) == 3:
        return None
    full_year = int(year) + (0 if len(year) == 4 else 1900 if int(year) >= 80 else 2000)
    return day(full_year, month, int(day_of_month), text)


def _month(part: str, text: str) -> int:
    if part.isdigit():
        return int(part)
    plain = unicodedata.normalize("NFKD", part.casefold())
    letters = "".join(sign for sign in plain if sign.isalpha())
    # June and July share three letters in French.
    number = 6 if letters.startswith("juin") else 7 if letters.startswith("juil") else _MONTHS.get(letters[:3])
    if number is None:
        raise UnreadableEntry(EntryProblem.DATE, written=shown(text))
    return number
