"""Which format a file has, and which files are refused before anything is read."""

import gzip
import io
import tarfile
import zipfile

import pytest

from banking.parsers.errors import FileTooLarge, UnknownFormat
from banking.parsers.recognise import read, recognise

MT940 = b":20:A\n:25:1\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n:62F:C260302EUR1,\n"
CSV = b"Date;Text;Amount;Currency\n2026-01-31;x;1.00;EUR\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b'<?xml version="1.0"?><Document/>', "camt"),
        (b"\xef\xbb\xbf  <Document/>", "camt"),
        ("<Document/>".encode("utf-16"), "camt"),
        (MT940, "mt940"),
        (b"\r\nABNANL2A\r\n940\r\n" + MT940.replace(b"\n", b"\r\n"), "mt940"),
        (MT940.replace(b"\n", b"\r"), "mt940"),
        (b"{1:F01BANK}{2:I940BANKN}{4:\n" + MT940, "mt940"),
        (CSV, "csv"),
        (b"Date;Text\n2026-01-31;:20: and :25: inside\n", "csv"),
        (CSV.decode().encode("utf-16"), "csv"),
    ],
)
def test_format_is_known_by_the_content(source, expected):
    assert recognise(source) == expected


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.xml", "<Document/>")
    return target.getvalue()


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.sta"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (zipped(), "archive"),
        (tarred(), "tar"),
        (gzip.compress(MT940, mtime=0), "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"\x89PNG\r\n", "picture"),
        (b"Date;Amount\x00\n", "binary"),
        (b"OFXHEADER:100\n", "OFX"),
        (b"<?OFX OFXHEADER='200'?><OFX/>", "OFX"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b'{"a": 1}', "JSON"),
    ],
)
def test_what_is_no_statement_is_refused_by_its_name(source, sentence):
    with pytest.raises(UnknownFormat, match=sentence):
        read(source)


def test_ten_mebibytes_are_the_limit():
    with pytest.raises(FileTooLarge, match="10 MiB"):
        read(CSV + b" " * (10 * 1024 * 1024))


def test_every_format_is_read():
    assert read(MT940).statements[0].format == "mt940"
    assert read(CSV).statements[0].format == "csv"


def test_named_format_wins_over_the_recognised_one():
    with pytest.raises(UnknownFormat, match="no MT940"):
        read(CSV, file_format="mt940")


def test_unknown_format_name_is_refused():
    with pytest.raises(UnknownFormat, match="'mt103' is not a format"):
        read(CSV, file_format="mt103")


def test_currency_of_the_account_settles_a_file_that_names_none():
    [statement] = read(b"Date;Text;Amount\n2026-01-31;x;1.00\n", currency="EUR").statements

    assert statement.account.currency == "EUR"
