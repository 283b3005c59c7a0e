"""Excel workbooks: exact amounts, real dates, and nothing that unfolds beyond its bounds."""

from datetime import date
from decimal import Decimal

import pytest

from banking.parsers import zip_parts
from banking.parsers.csv_detection import detect
from banking.parsers.errors import FileTooLarge, UnknownFormat, UnreadableStatement
from banking.parsers.recognise import read, recognise
from tests.banking.workbooks import DATE_STYLE, HEAD, archive, number, sheet, statement, text, workbook


def entries(source: bytes, **settings: str):
    [found] = read(source, **settings).statements
    return found.entries


def test_dates_and_amounts_are_what_the_cells_hold():
    source = statement("12.3", "-19.990000000000002", "1234567.89", "5", first_row=4)

    found = entries(source)

    assert recognise(source) == "xlsx"
    assert [str(entry.amount) for entry in found] == ["12.30", "-19.99", "1234567.89", "5.00"]
    assert [entry.booking_date for entry in found] == [date(2026, 3, day) for day in (1, 2, 3, 4)]
    assert [entry.line for entry in found] == [5, 6, 7, 8]
    assert found[0].counterparty_name == "Payer 0"


def test_a_number_leaves_no_doubt_about_its_decimal_sign():
    mapping = detect(statement("1.234", "2.5"), "xlsx").mapping

    assert mapping.decimal_sign == "."


def test_texts_in_cells_are_read_as_in_csv():
    source = workbook({"S": sheet(HEAD, (text("01.03.2026"), text("Ann"), text("1.234,50"), text("EUR")))})

    [entry] = entries(source)

    assert (entry.amount, entry.booking_date) == (Decimal("1234.50"), date(2026, 3, 1))


@pytest.mark.parametrize("amount", [text("abc"), "", number("1e30"), number("12.345"), '<c t="b" {place}><v>1</v></c>'])
def test_an_amount_that_cannot_be_read_is_refused_by_its_row(amount):
    good = (number("46082", DATE_STYLE), text("Ann"), number("1.5"), text("EUR"))
    bad = (number("46083", DATE_STYLE), text("Bob"), amount, text("EUR"))

    [found] = read(workbook({"S": sheet(HEAD, good, bad)})).statements

    assert [entry.amount for entry in found.entries] == [Decimal("1.50")]
    assert [refusal.line for refusal in found.refused] == [3]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<c {place}><f>1+1</f></c>", "Cell C2 holds a formula without its result"),
        ("<c {place}><f>1+1</f><v></v></c>", "Cell C2 holds a formula without its result"),
        ('<c t="e" {place}><f>1/0</f><v>#DIV/0!</v></c>', "Cell C2 holds an error"),
    ],
)
def test_a_cell_that_would_read_as_empty_without_being_empty_is_refused(cell, said):
    row = (number("46082", DATE_STYLE), text("Ann"), cell, text("EUR"))

    with pytest.raises(UnreadableStatement, match=said):
        read(workbook({"S": sheet(HEAD, row)}))


def test_a_formula_counts_with_the_value_that_was_saved():
    row = (number("46082", DATE_STYLE), text("Ann"), "<c {place}><f>1+1</f><v>7.5</v></c>", text("EUR"))

    assert entries(workbook({"S": sheet(HEAD, row)}))[0].amount == Decimal("7.50")


def test_the_sheet_with_the_entries_is_found_and_two_such_are_refused():
    row = (number("46082", DATE_STYLE), text("Ann"), number("1"), text("EUR"))
    table, note = sheet(HEAD, row), sheet((text("Printed"), text("today")))

    assert len(entries(workbook({"Cover": note, "Entries": table}))) == 1
    assert len(entries(workbook({"Old": table, "Entries": table}, hidden=["Old"]))) == 1
    with pytest.raises(UnreadableStatement, match="several sheets \\('A', 'B'\\)"):
        read(workbook({"A": table, "B": table}))


@pytest.mark.parametrize("place", ["A1048576", "XFD2", "ZZZZZZ9"])
def test_a_far_cell_does_not_take_memory(place):
    far = f'<c r="{place}"><v>1</v></c>'
    whole = sheet(HEAD).replace("</row>", f"{far}</row>")

    with pytest.raises(UnreadableStatement):
        read(workbook({"S": whole}))


def test_what_unfolds_too_far_is_refused_whatever_it_says_of_itself(monkeypatch):
    bomb = archive({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * 60_000_000})

    with pytest.raises(FileTooLarge, match="200 times"):
        read(bomb)

    monkeypatch.setattr(zip_parts, "MAX_RATIO", 10**9)
    with pytest.raises(FileTooLarge, match="unfolds to more"):
        read(bomb)


def test_entities_are_refused():
    spoiled = workbook({"S": '<!DOCTYPE x [<!ENTITY a "b">]>' + sheet(HEAD)})

    with pytest.raises(UnreadableStatement, match="entities"):
        read(spoiled)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (archive({"word/document.xml": b""}), "Word"),
        (archive({"content.xml": b""}), "OpenDocument"),
        (archive({"xl/workbook.bin": b""}), "XLSB"),
        (archive({"a.csv": b"x"}), "archive"),
        (archive({f"{count}.csv": b"" for count in range(1001)}), "more than 1,000 files"),
        (workbook({"S": sheet()}), "empty"),
        (workbook({"S": "<nonsense"}), "cannot be read"),
    ],
)
def test_other_packed_files_are_refused_by_their_name(source, said):
    with pytest.raises(UnreadableStatement, match=said):
        read(source)


def test_damaged_archives_are_refused():
    whole = statement("1.00")

    for cut in range(0, len(whole), 97):
        with pytest.raises(UnreadableStatement):
            read(whole[:cut], file_format="xlsx")
    with pytest.raises(UnknownFormat):
        recognise(archive({"a": b""}))
