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
from banking.parsers.registry import FORMATS, NAMES, PARSERS
from banking.parsers.types import ParsedFile
from banking.parsers.zip_parts import is_zip, part_names

# What stands before the first tag or element of any format is shorter.
_HEAD = 20_000
_FOREIGN = (
    (b"\x1f\x8b", "a compressed file (gzip); unpack it first"),
    (b"BZh", "a compressed file (bzip2); unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z); unpack it first"),
    (b"Rar!", "an archive (RAR); unpack it first"),
    (b"\xfd7zXZ\x00", "a compressed file (xz); unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd); unpack it first"),
    (b"%PDF", f"a PDF document; export the statement as {NAMES}"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as XLSX or CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
)
_PACKED = (
    ("xl/workbook.bin", "a binary workbook (XLSB); save it as XLSX or CSV"),
    ("word/document.xml", f"a Word document; export the statement as {NAMES}"),
    ("content.xml", "an OpenDocument file; save it as XLSX or CSV"),
)
_OTHER_TEXTS = (
    (re.compile(rb"\s*(?:<!DOCTYPE html|<html)", re.IGNORECASE), "a web page, perhaps the bank's sign-in page"),
    (re.compile(rb"\s*[{\[]\s*[\"{\[]"), "a JSON file"),
    (re.compile(rb"\{\\rtf"), "a text document (RTF)"),
)


def recognise(source: bytes) -> str:
    """Return the name of the format, one of `registry.FORMATS`.

    Raises: FileTooLarge above 10 MiB; UnknownFormat for archives, binaries and other formats, named in its sentence.
    """
    return _parser_of(source).name


def _parser_of(source: bytes) -> StatementParser:
    _check_size(source, MAX_BYTES)
    if not source.strip():
        raise UnknownFormat("The file is empty.")
    head = source[: 2 * _HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()[:_HEAD]
    if not is_zip(source):
        _refuse_foreign(source)
    for parser in PARSERS.values():
        if parser.knows(source, head):
            return parser
    raise UnknownFormat(_packed(source) if is_zip(source) else f"The file is binary; use {NAMES}.")


def _check_size(source: bytes, largest: int) -> None:
    if len(source) > largest:
        raise FileTooLarge(
            f"The file has {len(source):,} bytes; at most {largest:,} ({largest // 2**20} MiB) can be read."
        )


def _packed(source: bytes) -> str:
    names = part_names(source)
    what = next(
        (what for name, what in _PACKED if name in names),
        "an archive; send its files one by one, or upload it on the Imports page",
    )
    return f"The file is {what}."


def _refuse_foreign(source: bytes) -> None:
    for magic, what in _FOREIGN:
        if source.startswith(magic):
            raise UnknownFormat(f"The file is {what}.")
    if source[257:262] == b"ustar":
        raise UnknownFormat("The file is an archive (tar); unpack it first.")
    for pattern, what in _OTHER_TEXTS:
        if pattern.match(source.removeprefix(b"\xef\xbb\xbf")):
            raise UnknownFormat(f"The file is {what}, which cannot be read; use {NAMES}.")


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
            raise UnknownFormat(f"{file_format!r} is not a format; use one of {', '.join(FORMATS)}.")
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
