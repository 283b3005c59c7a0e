"""Every format of statement files, declared once: its name, how it is known, how it is read, how large it may be.

A new format is one line in `PARSERS`, in its place: the first that knows a file reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from banking.parsers import bai2, camt053, csv_file, mt940, ofx, xlsx
from banking.parsers.assembly import MAX_BYTES
from banking.parsers.base import Hints, StatementParser
from banking.parsers.csv_detection import detect
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.csv_rows import Row
from banking.parsers.tables import has_text, ready_rows
from banking.parsers.types import ParsedFile
from banking.parsers.zip_parts import is_zip

_OFX = re.compile(
    # Its header, whichever line of it comes first, or the element that all of it stands in.
    rb"(?:OFXHEADER|(?:[A-Z]{4,13}:[^\s<]{0,60}\s{1,8}){1,12}<OFX>|<OFX>|<\?OFX\b"
    rb"|<\?xml[^>]{0,200}\?>\s*(?:<!--[^>]{0,500}-->\s*)?<(?:\?OFX\b|OFX>))",
    re.IGNORECASE,
)
_QIF = re.compile(rb"!(?:Type|Account|Option|Clear)\b", re.IGNORECASE)
_BAI2 = re.compile(rb"01,[^,\r\n]{0,60},[^,\r\n]{0,60},[0-9]{6},")
_XML = (b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")
_MT940_TAG = re.compile(rb"^(?:\{1:.*)?(?:\{4:)?:(?:20|25|28C?|34F|60[FM]|61|62[FM]|86):", re.MULTILINE)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")

Knows = Callable[[bytes, bytes], bool]
Parse = Callable[[bytes, Hints], ParsedFile]


@dataclass(frozen=True, slots=True)
class _Whole:
    """Implements `StatementParser` for a format that says itself what everything in it means."""

    name: str
    label: str
    knows: Knows
    parse: Parse
    largest: int = MAX_BYTES
    is_table: bool = False
    has_text: bool = False


@dataclass(frozen=True, slots=True)
class _Table:
    """Implements `StatementParser` for a format that is rows and columns, read by a mapping."""

    name: str
    label: str
    knows: Knows
    largest: int = MAX_BYTES
    is_table: bool = True

    @property
    def has_text(self) -> bool:
        """Whether code page and delimiter are to be found out."""
        return has_text(self.name)

    def parse(self, source: bytes, hints: Hints) -> ParsedFile:
        """Read the table by its mapping, or by what is detected.

        Raises: AmbiguousMapping when that leaves something open; UnreadableStatement.
        """
        ready = ready_rows(source, self.name)
        return csv_file.parse(source, hints.mapping or self._settled(source, hints, ready), self.name, ready=ready)

    def _settled(self, source: bytes, hints: Hints, ready: list[Row] | None) -> CsvMapping:
        mapping = detect(source, self.name, ready=ready).mapping
        return replace(
            mapping,
            fixed_currency=mapping.fixed_currency or hints.currency,
            date_order=mapping.date_order or hints.date_order,
        )


def _starts(pattern: re.Pattern[bytes]) -> Knows:
    return lambda _, head: bool(pattern.match(head))


def _is_mt940(_: bytes, head: bytes) -> bool:
    # Exports put headers before the first tag, but never a table.
    return len(set(_MT940_TAG.findall(head.replace(b"\r", b"\n")))) >= 2


def _is_text(source: bytes, _: bytes) -> bool:
    return not is_zip(source) and (b"\x00" not in source or source.startswith(_BYTE_ORDER_MARKS))


PARSERS: Mapping[str, StatementParser] = {
    parser.name: parser
    for parser in (
        _Whole("ofx", "OFX", _starts(_OFX), lambda source, hints: ofx.parse(source, currency=hints.currency)),
        _Table("qif", "QIF", _starts(_QIF)),
        _Whole("bai2", "BAI2", _starts(_BAI2), lambda source, hints: bai2.parse(source, currency=hints.currency)),
        _Whole("camt", "CAMT", lambda _, head: head.startswith(_XML), lambda source, _: camt053.parse(source)),
        _Whole("mt940", "MT940", _is_mt940, lambda source, hints: mt940.parse(source, currency=hints.currency)),
        _Table("xlsx", "Excel (XLSX)", lambda source, _: is_zip(source) and xlsx.is_workbook(source)),
        _Table("csv", "CSV", _is_text),
    )
}
FORMATS = tuple(PARSERS)
NAMES = ", ".join(parser.label for parser in PARSERS.values())


def is_table(file_format: str) -> bool:
    """Say whether files of the format are read by a mapping of their columns; an unknown format is none."""
    return file_format in PARSERS and PARSERS[file_format].is_table


def label_of(file_format: str) -> str:
    """Return what people call a format, and the name itself of one that is read no longer."""
    return PARSERS[file_format].label if file_format in PARSERS else file_format
