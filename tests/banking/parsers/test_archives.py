"""Archives of statements: bounded, in memory, and never a way out of themselves."""

import io
import zipfile

import pytest

from banking.parsers import archives
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from tests.banking.workbooks import archive, statement

CSV = b"Date;Text;Amount;Currency\n2026-03-02;x;1.00;EUR\n"


def test_files_are_given_in_order_without_what_a_system_adds():
    packed = archive({"b.csv": CSV, "march/": b"", "march/a.csv": b"a", "__MACOSX/._b.csv": b"x", ".DS_Store": b"x"})

    assert archives.is_archive(packed)
    assert archives.files(packed) == [("b.csv", CSV), ("march/a.csv", b"a")]


def test_a_workbook_is_no_archive_of_files():
    assert not archives.is_archive(statement("1.00"))
    assert not archives.is_archive(CSV)


@pytest.mark.parametrize("name", ["/etc/a.csv", "../a.csv", "a/../../b.csv", "..\\a.csv", "C:\\a.csv"])
def test_a_place_outside_is_refused(name):
    with pytest.raises(UnreadableStatement, match="outside"):
        archives.files(archive({"good.csv": CSV, name: CSV}))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({f"{number}.csv": CSV for number in range(101)}, "101 files"),
        ({"a.csv": b" " * (11 * 1024 * 1024)}, "unfolds"),
        ({"a.csv": b" " * 3_000_000}, "200 times"),
    ],
)
def test_too_much_is_refused(files, said):
    with pytest.raises(FileTooLarge, match=said):
        archives.files(archive(files))


@pytest.mark.parametrize("source", [b"PK\x03\x04", b"PK\x05\x06", archive({}), archive({"a/": b""})])
def test_damaged_and_empty_archives_are_refused(source):
    with pytest.raises(UnreadableStatement):
        archives.files(source)


def test_an_archive_that_lies_about_sizes_is_refused():
    packed = bytearray(archive({"a.csv": CSV * 100}))
    at = packed.rfind(b"PK\x01\x02") + 24
    packed[at : at + 4] = (10).to_bytes(4, "little")

    with pytest.raises(UnreadableStatement, match="damaged"):
        archives.files(bytes(packed))


def test_a_locked_archive_is_refused():
    packed = bytearray(archive({"a.csv": CSV}))
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.infolist()[0].flag_bits & 1 == 0
    packed[packed.rfind(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnreadableStatement, match="password"):
        archives.files(bytes(packed))
