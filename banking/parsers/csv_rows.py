"""The rows of a CSV file with the lines they stand on."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from banking.parsers.assembly import MAX_ENTRIES, check_lines
from banking.parsers.csv_mapping import MAX_COLUMNS
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem

# Addresses, balances and footers around the entries.
_EXTRA_ROWS = 200
_START = 200_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """A record: its cells, stripped, the line it begins on (from 1), its source text without the last line break."""

    cells: tuple[str, ...]
    line: int
    raw: str

    def cell(self, column: int | None) -> str:
        """Return the cell, empty when the row is too short or no column is meant."""
        return self.cells[column] if column is not None and column < len(self.cells) else ""

    def swallows_rows(self, delimiter: str) -> bool:
        """Say whether a cell holds what looks like further rows, as after a quotation mark that nobody closed."""
        if "\n" not in self.raw and "\r" not in self.raw:
            return False
        columns = max(len(self.cells) - 1, 3)
        return any(
            line.count(delimiter) >= columns
            for cell in self.cells
            for line in cell.splitlines()[1:]
            if delimiter in line
        )

    @property
    def filled(self) -> int:
        """How many cells hold anything."""
        return len(self.cells) - self.cells.count("")


def guess_encoding(source: bytes) -> str:
    """Return the encoding: UTF-16 by its byte order mark, strict UTF-8, else cp1252 or latin-1."""
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            source.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def decoded(source: bytes, encoding: str) -> str:
    """Decode the file.

    Raises: UnreadableStatement when its bytes are not of that encoding.
    """
    try:
        return source.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeError as error:
        raise UnreadableStatement(FileProblem.ENCODING, encoding=encoding) from error


def rows(text: str, delimiter: str, limit: int = MAX_ENTRIES + _EXTRA_ROWS) -> Iterator[Row]:
    """Yield the records that hold anything, in order.

    Raises: FileTooLarge past `limit` records; UnreadableStatement for what is no table.
    """
    check_lines(text)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter)
    begins, count = 0, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableStatement(FileProblem.LINE_NO_ROW, line=str(begins + 1), why=str(error)) from error
        raw, taken = lines.since_last()
        filled = tuple(map(str.strip, cells))
        if any(filled):
            count += 1
            if count > limit:
                raise FileTooLarge(FileProblem.ROWS, most=MAX_ENTRIES)
            if len(cells) > MAX_COLUMNS:
                raise UnreadableStatement(FileProblem.LINE_COLUMNS, line=str(begins + 1), most=MAX_COLUMNS)
            if lines.ended and taken > 1 and raw.count('"') % 2:
                raise UnreadableStatement(FileProblem.LINE_QUOTATION, line=str(begins + 1))
            yield Row(filled, begins + 1, raw.rstrip("\r\n"))
        begins += taken


class _Lines:
    """The lines of a text one by one, keeping those since the last record: a list of all would take most memory."""

    def __init__(self, text: str) -> None:
        self.ended = False
        self._found = _LINE.finditer(text)
        self._kept: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        found = next(self._found, None)
        if found is None:
            self.ended = True
            raise StopIteration
        self._kept.append(found[0])
        return found[0]

    def since_last(self) -> tuple[str, int]:
        """Return the lines of the record that was just read, and how many they are."""
        raw, taken = "".join(self._kept), len(self._kept)
        self._kept.clear()
        return raw, taken


def first_rows(text: str, delimiter: str, count: int) -> list[Row]:
    """Return the first records, fewer when the file ends or stops being a table."""
    found: list[Row] = []
    try:
        for row in rows(text[:_START], delimiter):
            found.append(row)
            if len(found) == count:
                break
    except UnreadableStatement:
        return found
    return found
