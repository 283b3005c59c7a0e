"""Recognises a statement file by its content, never by its name, and reads it."""

from __future__ import annotations

import re
from dataclasses import replace

from banking.parsers import bai2, camt053, csv_file, mt940, ofx, xlsx
from banking.parsers.assembly import MAX_BYTES
from banking.parsers.csv_detection import detect
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.errors import FileTooLarge, UnknownFormat
from banking.parsers.tables import TABLES
from banking.parsers.types import ParsedFile
from banking.parsers.zip_parts import is_zip, part_names

FORMATS = ("camt", "mt940", "ofx", "bai2", *TABLES)
NAMES = "CAMT, MT940, OFX, QIF, BAI2, CSV or Excel (XLSX)"

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
_MT940_TAG = re.compile(rb"^(?:\{1:.*)?(?:\{4:)?:(?:20|25|28C?|34F|60[FM]|61|62[FM]|86):", re.MULTILINE)
_OFX = re.compile(
    # Its header, whichever line of it comes first, or the element that all of it stands in.
    rb"(?:OFXHEADER|(?:[A-Z]{4,13}:[^\s<]{0,60}\s{1,8}){1,12}<OFX>|<OFX>|<\?OFX\b"
    rb"|<\?xml[^>]{0,200}\?>\s*(?:<!--[^>]{0,500}-->\s*)?<(?:\?OFX\b|OFX>))",
    re.IGNORECASE,
)
_QIF = re.compile(rb"\s*!(?:Type|Account|Option|Clear)\b", re.IGNORECASE)
_BAI2 = re.compile(rb"\s*01,[^,\r\n]{0,60},[^,\r\n]{0,60},[0-9]{6},")
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
    """Return one of `FORMATS`.

    Raises: FileTooLarge above 10 MiB; UnknownFormat for archives, binaries and other formats, named in its sentence.
    """
    if len(source) > MAX_BYTES:
        raise FileTooLarge(f"The file has {len(source):,} bytes; at most {MAX_BYTES:,} (10 MiB) can be read.")
    if not source.strip():
        raise UnknownFormat("The file is empty.")
    if is_zip(source):
        return _packed(source)
    _refuse_foreign(source)
    start = source.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, file_format in ((_OFX, "ofx"), (_QIF, "qif"), (_BAI2, "bai2")):
        if pattern.match(start):
            return file_format
    if start.startswith((b"<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")):
        return "camt"
    # Exports put headers before the first tag, but never a table. A stray zero byte in a text happens.
    if len(set(_MT940_TAG.findall(source[:20_000].replace(b"\r", b"\n")))) >= 2:
        return "mt940"
    if b"\x00" in source and not source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnknownFormat(f"The file is binary; use {NAMES}.")
    return "csv"


def _packed(source: bytes) -> str:
    if xlsx.is_workbook(source):
        return "xlsx"
    names = part_names(source)
    what = next(
        (what for name, what in _PACKED if name in names),
        "an archive; send its files one by one, or upload it on the Imports page",
    )
    raise UnknownFormat(f"The file is {what}.")


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
    found = recognise(source)
    if file_format and file_format not in FORMATS:
        raise UnknownFormat(f"{file_format!r} is not a format; use one of {', '.join(FORMATS)}.")
    chosen = file_format or found
    match chosen:
        case "camt":
            return camt053.parse(source)
        case "mt940":
            return mt940.parse(source, currency=currency)
        case "ofx":
            return ofx.parse(source, currency=currency)
        case "bai2":
            return bai2.parse(source, currency=currency)
        case _:
            mapping = csv_mapping or _settled(source, chosen, currency, date_order)
            return csv_file.parse(source, mapping, chosen)


def _settled(source: bytes, file_format: str, currency: str, date_order: str) -> CsvMapping:
    mapping = detect(source, file_format).mapping
    return replace(
        mapping,
        fixed_currency=mapping.fixed_currency or currency,
        date_order=mapping.date_order or date_order,
    )
