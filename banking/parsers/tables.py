"""The rows of a file that is a table, whichever way it is packed: CSV, an Excel workbook, QIF."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from banking.parsers import qif, xlsx
from banking.parsers.csv_rows import Row, decoded, rows

_READY_MADE: dict[str, Callable[[bytes], list[Row]]] = {"xlsx": xlsx.table, "qif": qif.table}


def has_text(file_format: str) -> bool:
    """Say whether encoding and delimiter of the table are to be found out."""
    return file_format not in _READY_MADE


def table_of(source: bytes, *, file_format: str, encoding: str, delimiter: str) -> Iterable[Row]:
    """Return the rows that hold anything; only CSV needs encoding and delimiter.

    Raises: UnreadableStatement, FileTooLarge.
    """
    ready = ready_rows(source, file_format)
    return rows(decoded(source, encoding), delimiter) if ready is None else ready


def ready_rows(source: bytes, file_format: str) -> list[Row] | None:
    """Return the rows of a table that is no text, to look at and to read with one unpacking; None for CSV.

    Raises: UnreadableStatement, FileTooLarge.
    """
    return None if has_text(file_format) else _READY_MADE[file_format](source)
