"""The small readers: dates, references, accounts, texts."""

from datetime import date

import pytest

from banking.parsers.dates import iso_date, nearest_day, swift_date, written_date
from banking.parsers.errors import UnreadableEntry
from banking.parsers.texts import (
    clean,
    clean_account,
    clean_name,
    clean_reference,
    is_iban,
    structured_reference_in,
)


@pytest.mark.parametrize("written", ["2026-01-31", "2026-01-31T23:59:59+02:00", "2026-01-31Z", " 2026-01-31 "])
def test_iso_dates_keep_the_written_day(written):
    assert iso_date(written) == date(2026, 1, 31)


@pytest.mark.parametrize(
    "written", ["2026-1-31", "31.01.2026", "20260131", "2026-02-30", "0001-01-01", "9999-01-01", ""]
)
def test_other_texts_are_no_iso_dates(written):
    with pytest.raises(UnreadableEntry):
        iso_date(written)


@pytest.mark.parametrize(("written", "year"), [("800101", 1980), ("991231", 1999), ("260302", 2026), ("790101", 2079)])
def test_swift_years_turn_at_80(written, year):
    assert swift_date(written).year == year


def test_leap_day_is_found_in_the_leap_year_beside():
    assert nearest_day("0229", date(2025, 1, 10)) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("written", "order", "day"),
    [
        ("31.01.2026", "dmy", date(2026, 1, 31)),
        ("31.01.26", "dmy", date(2026, 1, 31)),
        ("1/31/26", "mdy", date(2026, 1, 31)),
        ("1/2/26", "mdy", date(2026, 1, 2)),
        ("1/2/26", "dmy", date(2026, 2, 1)),
        ("26/02/01", "ymd", date(2026, 2, 1)),
        ("2026:02:01", "ymd", date(2026, 2, 1)),
        ("01022026", "dmy", date(2026, 2, 1)),
        ("5 März 2026", "dmy", date(2026, 3, 5)),
        ("5. juil. 2026", "dmy", date(2026, 7, 5)),
        ("Jan 5, 2026", "dmy", date(2026, 1, 5)),
        ("2026-02-01 10:15:30.123", "ymd", date(2026, 2, 1)),
        ("02/01/2026 11:15 PM", "mdy", date(2026, 2, 1)),
    ],
)
def test_written_dates_are_read_in_their_order(written, order, day):
    assert written_date(written, order) == day


@pytest.mark.parametrize(
    "written", ["13/13/2026", "1/2", "2026", "5 Foo 2026", "1/2/026", "abc", "1-2-3-4", "１/2/2026x"]
)
def test_what_is_no_date_is_refused(written):
    with pytest.raises(UnreadableEntry):
        written_date(written, "dmy")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("pay RF18 5390 0754 7034 thanks", "RF18539007547034"),
        ("RF18539007547034", "RF18539007547034"),
        ("RF19539007547034", ""),
        ("+++010/8068/17183+++", "010806817183"),
        ("+++010/8068/17184+++", ""),
        ("21 00000 00003 13947 14300 09017", "210000000003139471430009017"),
        ("210000000003139471430009018", ""),
        ("RF18539007547034 or +++010/8068/17183+++", ""),
        ("INV-1042", ""),
    ],
)
def test_only_references_with_right_check_digits_are_found(text, reference):
    assert structured_reference_in(text) == reference


@pytest.mark.parametrize("filler", ["NOTPROVIDED", "notprovided", "NONREF", " - ", ""])
def test_absent_references_are_empty(filler):
    assert clean_reference(filler) == ""


def test_reference_too_long_to_be_one_is_dropped_and_not_cut():
    assert clean_reference("x" * 141) == ""
    assert clean_reference("x" * 140) == "x" * 140


def test_texts_lose_control_characters_and_line_breaks():
    assert clean("a\x00b\r\n\tc\x85d") == "a b c d"
    assert clean_name("x" * 300) == "x" * 200


@pytest.mark.parametrize(
    ("account", "is_one"),
    [("DE89370400440532013000", True), ("DE89370400440532013001", False), ("123456789", False), ("XX00", False)],
)
def test_iban_is_known_by_its_check_digits(account, is_one):
    assert is_iban(account) is is_one


def test_account_numbers_lose_their_blanks():
    assert clean_account("de89 3704 0044 0532 0130 00") == "DE89370400440532013000"
