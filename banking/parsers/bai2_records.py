"""The records of a BAI2 file: comma-separated fields, ended by a stroke, carried on by `88` records.

Source: BAI Cash Management Balance Reporting Specifications, version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from banking.parsers.amounts import shown
from banking.parsers.assembly import check_lines
from banking.parsers.errors import UnreadableEntry
from banking.parsers.problems import EntryProblem
from payymo.shared.money import from_minor

# Some banks fill amounts up with zeros.
_MINOR = re.compile(r"([+-]?)0{0,30}([0-9]{1,15})", re.ASCII)
# How many fields the availability of the money takes behind the letter; D says it itself.
_FUNDS_FIELDS = {"": 0, "Z": 0, "0": 0, "1": 0, "2": 0, "S": 3, "V": 2}
_RECORD = re.compile(r"\s*(01|02|03|16|49|88|98|99)(?:,|/\s*$)")
# Credits and debits by the standard; from 920 on the banks' own.
_CREDITS = ((100, 399), (706, 706), (708, 708), (721, 728), (920, 959))
_DEBITS = ((400, 699), (960, 999))


@dataclass(frozen=True, slots=True)
class Record:
    """A record with its continuations: its code, its content behind that, its first line and how many it takes."""

    code: str
    content: str
    line: int
    lines: int
    raw: str

    def fields(self, most: int = -1) -> list[str]:
        """Return the fields, at most that many; the last one then holds the rest, commas included."""
        return [field.strip() for field in self.content.split(",", most - 1 if most > 0 else -1)]


def records(text: str) -> Iterator[Record]:
    """Yield the records in order; a line that begins none belongs to the text before it.

    Raises: FileTooLarge.
    """
    check_lines(text)
    code, parts, first, raw = "", list[str](), 0, list[str]()
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        begins = _RECORD.match(line)
        if not line.strip():
            continue
        if begins is None or begins[1] == "88":
            told = line[begins.end() :] if begins else line
            # A record that ended goes on with its next field, a text with its next words.
            has_ended = bool(parts) and parts[-1].endswith("/")
            if has_ended:
                parts[-1] = parts[-1].removesuffix("/")
            parts.append(("," if has_ended else " ") + told.strip())
            raw.append(line)
            continue
        if code:
            yield _record(code, parts, first, raw)
        code, parts, first, raw = begins[1], [line[begins.end() :].strip()], number, [line]
    if code:
        yield _record(code, parts, first, raw)


def _record(code: str, parts: list[str], first: int, raw: list[str]) -> Record:
    return Record(code, "".join(parts).removesuffix("/"), first, len(raw), "\n".join(raw))


def minor_units(written: str) -> int:
    """Read an amount without a decimal point.

    Raises: UnreadableEntry for anything else.
    """
    found = _MINOR.fullmatch(written)
    if not found:
        raise UnreadableEntry(EntryProblem.AMOUNT_NOT_MINOR_UNITS, written=shown(written))
    return -int(found[2]) if found[1] == "-" else int(found[2])


def amount_of(written: str, currency: str) -> Decimal:
    """Read an amount in its currency.

    Raises: UnreadableEntry.
    """
    return from_minor(minor_units(written), currency)


def funds(fields: list[str]) -> tuple[str, int]:
    """Say when money is available: the day as written (`V` alone tells one) and how many fields that takes.

    Raises: UnreadableEntry for a kind that the standard does not have, since what follows cannot be told apart.
    """
    kind = fields[0].upper() if fields else ""
    if kind == "D":
        count = fields[1] if len(fields) > 1 else ""
        if not re.fullmatch(r"[0-9]{1,2}", count):
            raise UnreadableEntry(EntryProblem.AVAILABILITIES, written=shown(count))
        return "", 2 + 2 * int(count)
    if kind not in _FUNDS_FIELDS:
        raise UnreadableEntry(EntryProblem.FUNDS_TYPE, written=shown(kind))
    return (fields[1] if kind == "V" and len(fields) > 1 else ""), 1 + _FUNDS_FIELDS[kind]


def sign_of(type_code: str) -> int:
    """Return 1 for a credit and -1 for a debit.

    Raises: UnreadableEntry for a code that is neither.
    """
    if re.fullmatch(r"[0-9]{3}", type_code, re.ASCII):
        number = int(type_code)
        if any(first <= number <= last for first, last in _CREDITS):
            return 1
        if any(first <= number <= last for first, last in _DEBITS):
            return -1
    raise UnreadableEntry(EntryProblem.TYPE_CODE, written=shown(type_code))
