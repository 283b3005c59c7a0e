"""Recognises a statement file by its content, never by its name, and reads it."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

from banking.parsers.assembly import MAX_BYTES
from banking.parsers.base import Hints, StatementParser
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.errors import FileTooLarge, UnknownFormat
from banking.parsers.problems import FileProblem
from banking.parsers.registry import FORMATS, NAMES, PARSERS
from banking.parsers.types import ParsedFile
from banking.parsers.zip_parts import is_zip, part_names

# What stands before the first tag or element of any format is shorter.
_HEAD = 20_000
_FOREIGN = (
    (b"\x1f\x8b", FileProblem.OTHER_COMPRESSED, "gzip"),
    (b"BZh", FileProblem.OTHER_COMPRESSED, "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", FileProblem.OTHER_ARCHIVE, "7z"),
    (b"Rar!", FileProblem.OTHER_ARCHIVE, "RAR"),
    (b"\xfd7zXZ\x00", FileProblem.OTHER_COMPRESSED, "xz"),
    (b"\x28\xb5\x2f\xfd", FileProblem.OTHER_COMPRESSED, "zstd"),
    (b"%PDF", FileProblem.OTHER_PDF, ""),
    (b"\xd0\xcf\x11\xe0", FileProblem.OTHER_OFFICE, ""),
    (b"\x89PNG", FileProblem.OTHER_PICTURE, ""),
    (b"\xff\xd8\xff", FileProblem.OTHER_PICTURE, ""),
    (b"GIF8", FileProblem.OTHER_PICTURE, ""),
    (b"\x7fELF", FileProblem.OTHER_PROGRAM, ""),
    (b"MZ", FileProblem.OTHER_PROGRAM, ""),
    (b"SQLite format 3", FileProblem.OTHER_DATABASE, ""),
)
_PACKED = (
    ("xl/workbook.bin", FileProblem.OTHER_XLSB),
    ("word/document.xml", FileProblem.OTHER_WORD),
    ("content.xml", FileProblem.OTHER_OPEN_DOCUMENT),
)
_OTHER_TEXTS = (
    (re.compile(rb"\s*(?:<!DOCTYPE html|<html)", re.IGNORECASE), FileProblem.OTHER_WEB_PAGE),
    (re.compile(rb"\s*[{\[]\s*[\"{\[]"), FileProblem.OTHER_JSON),
    (re.compile(rb"\{\\rtf"), FileProblem.OTHER_RTF),
)


def recognise(source: bytes) -> str:
    """Return the name of the format, one of `registry.FORMATS`.

    Raises: FileTooLarge above 10 MiB; UnknownFormat for archives, binaries and other formats, named in its sentence.
    """
    return _parser_of(source).name


def _parser_of(source: bytes) -> StatementParser:
    _check_size(source, MAX_BYTES)
    if not source.strip():
        raise UnknownFormat(FileProblem.EMPTY)
    head = source[: 2 * _HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()[:_HEAD]
    if not is_zip(source):
        _refuse_foreign(source)
    for parser in PARSERS.values():
        if parser.knows(source, head):
            return parser
    raise UnknownFormat(_packed(source) if is_zip(source) else FileProblem.OTHER_BINARY, formats=NAMES)


def _check_size(source: bytes, largest: int) -> None:
    if len(source) > largest:
        raise FileTooLarge(FileProblem.BYTES, count=len(source), most=largest, mebibytes=largest // 2**20)


def _packed(source: bytes) -> FileProblem:
    names = part_names(source)
    return next((problem for name, problem in _PACKED if name in names), FileProblem.OTHER_ZIP)


def _refuse_foreign(source: bytes) -> None:
    for magic, problem, kind in _FOREIGN:
        if source.startswith(magic):
            raise UnknownFormat(problem, kind=kind, formats=NAMES)
    if source[257:262] == b"ustar":
        raise UnknownFormat(FileProblem.OTHER_ARCHIVE, kind="tar")
    for pattern, problem in _OTHER_TEXTS:
        if pattern.match(source.removeprefix(b"\xef\xbb\xbf")):
            raise UnknownFormat(problem, formats=NAMES)


def read(
    source: bytes,
    *,
    file_format: str = "",
    csv_mapping: CsvMapping | None = None,
    currency: str = "",
    date_order: str = "",
) -> ParsedFile:
    """Recognise and read a statement file.

    Shape: `file_format` overrides the recognition; a table is read by `csv_mapping`, else by what is detected.
    Units: `currency` and `date_order` (`dmy`, `mdy`, `ymd`) settle what a file leaves open; rows that
    say otherwise are refused.
    Raises: UnreadableStatement, with one sentence for the person who sent the file.
    """
    parser = _parser_of(source)
    if file_format:
        if file_format not in PARSERS:
            raise UnknownFormat(FileProblem.FORMAT_NAME, name=repr(file_format), known=", ".join(FORMATS))
        parser = PARSERS[file_format]
    _check_size(source, parser.largest)
    with _uncollected():
        return parser.parse(source, Hints(currency=currency, date_order=date_order, mapping=csv_mapping))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from looking at a file's values over and over while they only become more.

    It takes two fifths of the time of a large file and finds nothing: entries and nodes refer to each other one way.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Of two files at once the one that switched it off switches it on again.
        if was_on:
            gc.enable()
