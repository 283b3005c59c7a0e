"""A workbook's sheet as a table, so that it is mapped and read like CSV; formulas are never worked out.

A cell gives the value that the spreadsheet program saved with it: a number with the fifteen digits that the program
shows, a date as a date. calamine reads the sheets; what it would not notice, or would need much memory for, is looked
for in their source first. Source: ECMA-376 part 1, 18.3.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from banking.parsers.assembly import MAX_ENTRIES
from banking.parsers.csv_columns import is_known
from banking.parsers.csv_mapping import MAX_COLUMNS
from banking.parsers.csv_rows import Row
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem
from banking.parsers.zip_parts import part_names, parts

_LARGEST_PART = 48 * 1024 * 1024
_TOGETHER = 64 * 1024 * 1024
_MAX_ROWS = MAX_ENTRIES + 200
# The reader keeps a rectangle of all cells, however few are filled.
_MAX_CELLS = 1_500_000
_HEADER_ROWS = 40
_ENOUGH_NAMES = 2
_PARTS = re.compile(r"(?:\[Content_Types\]\.xml|_rels/.*\.rels|xl/(?:[^/]+|_rels/[^/]+|worksheets/[^/]+\.xml))")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,8})([0-9]{1,12})["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
_ERROR = re.compile(rb"""<(?:\w+:)?c\s[^>]{0,200}?\bt\s*=\s*["']e["']""")
_NO_VALUE = re.compile(
    rb"""<(?:\w+:)?c(?P<head>\s[^>]{0,200})?>\s*<(?:\w+:)?f(?:[^>]{0,300}/>|[^<]{0,8192}</(?:\w+:)?f>|[^>]{0,300}>"""
    rb"""[^<]{0,8192}</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_TEXT_RESULT = re.compile(rb"""\bt\s*=\s*["']str["']""")


def is_workbook(source: bytes) -> bool:
    """Say whether a ZIP file is an Excel workbook of XML.

    Raises: UnreadableStatement when the archive is damaged.
    """
    return "xl/workbook.xml" in part_names(source)


def table(source: bytes) -> list[Row]:
    """Return the rows of the one sheet that is a table of entries, with the numbers they have in the sheet.

    Raises: UnreadableStatement when it cannot be read, when a formula has no value or an error, or when several
    sheets are tables; FileTooLarge.
    """
    sheets = {name: rows for name, rows in _sheets(_checked(source)) if rows}
    if not sheets:
        raise UnreadableStatement(FileProblem.WORKBOOK_EMPTY)
    tables = [name for name, rows in sheets.items() if any(_is_header(row) for row in rows[:_HEADER_ROWS])]
    if len(tables) > 1:
        named = ", ".join(f"'{name[:40]}'" for name in tables[:5])
        raise UnreadableStatement(FileProblem.SHEETS, names=named)
    return sheets[tables[0]] if tables else next(iter(sheets.values()))


def _is_header(row: Row) -> bool:
    return sum(1 for cell in row.cells if is_known(cell)) >= _ENOUGH_NAMES


def _checked(source: bytes) -> bytes:
    """Unpack what the sheets need, check it, and pack it again as it was measured."""
    wanted = frozenset(name for name in part_names(source) if _PARTS.fullmatch(name))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts(source, largest=_LARGEST_PART, together=_TOGETHER, wanted=wanted):
            if b"<!DOCTYPE" in content or b"<!ENTITY" in content or (name.endswith(".xml") and b"\x00" in content):
                raise UnreadableStatement(FileProblem.WORKBOOK_DOCTYPE)
            if _SHEET.fullmatch(name):
                _check_sheet(content)
            archive.writestr(name, content)
    return packed.getvalue()


def _check_sheet(content: bytes) -> None:
    """Stop what would read as an empty cell without being one, and sheets too large to hold."""
    rows, columns, cells = sum(1 for _ in _ROW.finditer(content)), 1, sum(1 for _ in _CELL.finditer(content))
    letters, number = set(), b""
    for place in _PLACE.finditer(content):
        letters.add(place[1])
        if place[2] != number:
            number = place[2]
            rows = max(rows, int(number))
    columns = max(columns, *map(_column, letters)) if letters else columns
    if not _PLACE.search(content):
        columns = max(columns, cells if rows < 2 else min(cells, MAX_COLUMNS))
    if rows > 10 * _MAX_ROWS or columns > 16_384 or rows * columns > _MAX_CELLS:
        raise FileTooLarge(FileProblem.SHEET_REACH, rows=rows, columns=columns)
    if found := _ERROR.search(content):
        raise UnreadableStatement(FileProblem.CELL_ERROR, cell=_place(content, found))
    for found in _NO_VALUE.finditer(content):
        if not _TEXT_RESULT.search(found["head"] or b""):
            raise UnreadableStatement(FileProblem.CELL_FORMULA, cell=_place(content, found))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _place(content: bytes, found: re.Match[bytes]) -> str:
    place = _PLACE.search(content, found.start(), found.start() + 200)
    return (place[1] + place[2]).decode().upper() if place else "?"


def _sheets(source: bytes) -> list[tuple[str, list[Row]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(source))
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        return [(name, _rows(book.get_sheet_by_name(name).iter_rows())) for name in shown]
    except (CalamineError, ValueError, OverflowError) as error:
        raise UnreadableStatement(FileProblem.WORKBOOK_UNREADABLE) from error


def _rows(values: Iterator[list[Any]]) -> list[Row]:
    rows = []
    for number, cells in enumerate(values, start=1):
        written = [_written(cell) for cell in cells]
        while written and not written[-1]:
            written.pop()
        if not written:
            continue
        if len(written) > MAX_COLUMNS:
            raise UnreadableStatement(FileProblem.ROW_COLUMNS, row=str(number), most=MAX_COLUMNS)
        rows.append(Row(tuple(written), number, "\t".join(written)))
        if len(rows) > _MAX_ROWS:
            raise FileTooLarge(FileProblem.SHEET_ROWS, most=MAX_ENTRIES)
    return rows


def _written(cell: object) -> str:
    """Write a cell as CSV would have it: numbers with a decimal point, dates with the year first."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        number = f"{Decimal(f'{cell:.15g}'):f}"
        # Three decimals could be thousands; a number of the sheet leaves no doubt.
        return f"{number}0" if len(number.partition(".")[2]) == 3 else number
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)
