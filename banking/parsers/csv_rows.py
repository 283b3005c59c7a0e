"""The rows of a CSV file with the lines they stand on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from banking.parsers.assembly import MAX_ENTRIES
from banking.parsers.csv_mapping import MAX_COLUMNS
from banking.parsers.errors import FileTooLarge, UnreadableStatement

# Addresses, balances and footers around the entries.
_EXTRA_ROWS = 200
# Blank lines and line breaks inside of cells count here.
_MAX_LINES = 10 * MAX_ENTRIES
_START = 200_000


@dataclass(frozen=True, slots=True)
class Row:
    """A record: its cells, the line it begins on (from 1), its source text."""

    cells: tuple[str, ...]
    line: int
    raw: str

    def cell(self, column: int | None) -> str:
        """Return the stripped cell, empty when the row is too short or no column is meant."""
        return self.cells[column].strip() if column is not None and column < len(self.cells) else ""

    def swallows_rows(self, delimiter: str) -> bool:
        """Say whether a cell holds what looks like further rows, as after a quotation mark that nobody closed."""
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
        return sum(1 for cell in self.cells if cell.strip())


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
        raise UnreadableStatement(f"The file is not written in {encoding}.") from error


def rows(text: str, delimiter: str, limit: int = MAX_ENTRIES + _EXTRA_ROWS) -> Iterator[Row]:
    """Yield the records that hold anything, in order.

    Raises: FileTooLarge past `limit` records; UnreadableStatement for what is no table.
    """
    lines = list(io.StringIO(text, newline=""))
    if len(lines) > _MAX_LINES:
        raise FileTooLarge(f"The file has more than {_MAX_LINES:,} lines; export a shorter period.")
    reader = csv.reader(iter(lines), delimiter=delimiter)
    begins, count = 0, 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableStatement(f"Line {begins + 1} is no row of a table: {error}.") from error
        ends = reader.line_num
        if any(cell.strip() for cell in cells):
            count += 1
            if count > limit:
                raise FileTooLarge(f"The file has more than {MAX_ENTRIES:,} rows; export a shorter period.")
            if len(cells) > MAX_COLUMNS:
                raise UnreadableStatement(f"Line {begins + 1} has more than {MAX_COLUMNS} columns.")
            raw = "".join(lines[begins:ends])
            if ends == len(lines) and ends - begins > 1 and raw.count('"') % 2:
                raise UnreadableStatement(f"A quotation mark that opens at line {begins + 1} is never closed.")
            yield Row(tuple(cells), begins + 1, raw)
        begins = ends


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
