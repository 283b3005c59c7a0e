"""CSV statements by a mapping: amount styles, dates, currencies, balances, refusals."""

from dataclasses import replace
from datetime import date

import pytest

from banking.parsers import csv_file
from banking.parsers.csv_detection import detect
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.errors import AmbiguousMapping, FileTooLarge, UnreadableStatement
from banking.parsers.types import ParsedStatement
from tests.banking.statements import told

SIGNED = CsvMapping(
    header=("Datum", "Text", "Betrag"),
    booking_date=0,
    remittance_information=(1,),
    amount=2,
    fixed_currency="EUR",
    date_order="dmy",
    decimal_sign=",",
)


def file(*rows: str, header: str = "Datum;Text;Betrag") -> bytes:
    return "\n".join([header, *rows]).encode()


def only(source: bytes, mapping: CsvMapping = SIGNED) -> ParsedStatement:
    [statement] = csv_file.parse(source, mapping).statements
    return statement


def amounts(statement: ParsedStatement) -> list[str]:
    return [str(entry.amount) for entry in statement.entries]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("-1.234,56", "-1234.56"),
        ("1.234,56-", "-1234.56"),
        ("+12,5", "12.50"),
        ("(12,00)", "-12.00"),
        ("12,00 €", "12.00"),
        ("EUR 12,00", "12.00"),
        ("-12,00 EUR", "-12.00"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1'234,56", "1234.56"),
        ("1’234,56", "1234.56"),
        ("−5,00", "-5.00"),
        ("1234", "1234.00"),
        ("1.234.567,00", "1234567.00"),
        (",50", "0.50"),
        ("-0,00", "0.00"),
    ],
)
def test_signed_amounts_are_read_as_people_write_them(written, amount):
    assert amounts(only(file(f"01.02.2026;x;{written}"))) == [amount]


@pytest.mark.parametrize(
    "written",
    [
        "abc",
        "12,34,56",
        "1.23,45",
        "12.34",
        "1,234.56",
        "--5,00",
        "5,00 -3",
        "1e5",
        "NaN",
        "∞",
        "٣,00",
        "12,345",
        "€",
        "-",
    ],
)
def test_unreadable_amount_refuses_its_row_and_no_other(written):
    found = only(file("01.02.2026;ok;1,00", f"02.02.2026;bad;{written}"))

    assert amounts(found) == ["1.00"]
    assert [refusal.line for refusal in found.refused] == [3]
    assert found.refused[0].reason.startswith("The amount ")


@pytest.mark.parametrize("written", ["31.02.2026", "yesterday", "1.1.26x", "00.00.0000", "2026"])
def test_unreadable_date_refuses_its_row_and_no_other(written):
    found = only(file("01.02.2026;ok;1,00", f"{written};bad;2,00"))

    assert amounts(found) == ["1.00"]
    assert told(found.refused) == [(3, f"The date '{written}' cannot be read.")]


def test_missing_date_or_amount_refuses_the_row():
    found = only(file("01.02.2026;ok;1,00", ";no date;2,00", "03.02.2026;no amount;"))

    assert told(found.refused) == [(3, "The date '' cannot be read."), (4, "The amount '' cannot be read.")]


def test_rows_without_date_and_amount_are_no_entries():
    found = only(file("01.02.2026;ok;1,00", ";;", "Summe;;", ";note for;"))

    assert amounts(found) == ["1.00"]
    assert found.refused == ()


TWO_COLUMNS = replace(
    SIGNED, header=("Datum", "Soll", "Haben"), remittance_information=(), amount=None, debit=1, credit=2
)


@pytest.mark.parametrize(
    ("cells", "amount"),
    [("5,00;", "-5.00"), (";5,00", "5.00"), ("-5,00;", "-5.00"), ("0,00;5,00", "5.00"), ("5,00;0,00", "-5.00")],
)
def test_debit_and_credit_columns_give_the_sign(cells, amount):
    assert amounts(only(file(f"01.02.2026;{cells}", header="Datum;Soll;Haben"), TWO_COLUMNS)) == [amount]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("5,00;5,00", "The row has both a debit and a credit."),
        (";-5,00", "The credit '-5,00' is negative."),
        (" ; ", "The row has neither a debit nor a credit."),
        ("abc;", "The amount 'abc' cannot be read."),
    ],
)
def test_contradicting_columns_refuse_the_row(cells, reason):
    found = only(
        file("01.02.2026;;1,00;a", f"01.02.2026;{cells};b", header="Datum;Soll;Haben;Text"),
        replace(TWO_COLUMNS, header=("Datum", "Soll", "Haben", "Text"), remittance_information=(3,)),
    )

    assert (amounts(found), told(found.refused)) == (["1.00"], [(3, reason)])


DIRECTED = replace(SIGNED, header=("Datum", "S/H", "Betrag"), remittance_information=(), direction=1)


@pytest.mark.parametrize(
    ("word", "amount"),
    [("S", "-5.00"), ("H", "5.00"), ("Soll", "-5.00"), ("D", "-5.00"), ("C", "5.00"), ("Af", "-5.00"), ("Bij", "5.00"),
     ("+", "5.00"), ("-", "-5.00"), ("Haben", "5.00"), ("CRDT", "5.00"), ("debit", "-5.00")],
)  # fmt: skip
def test_indicator_gives_the_sign(word, amount):
    assert amounts(only(file(f"01.02.2026;{word};5,00", header="Datum;S/H;Betrag"), DIRECTED)) == [amount]


def test_indicator_that_says_nothing_refuses_the_row():
    found = only(
        file("01.02.2026;H;1,00", "01.02.2026;X;5,00", "01.02.2026;H;-5,00", header="Datum;S/H;Betrag"), DIRECTED
    )

    assert told(found.refused) == [
        (3, "'X' does not say whether the amount is a debit or a credit."),
        (4, "The amount is negative, but 'H' says that it is a credit."),
    ]


def test_sign_can_be_flipped_for_cards():
    assert amounts(only(file("01.02.2026;x;5,00"), replace(SIGNED, flip_sign=True))) == ["-5.00"]


BALANCED = replace(SIGNED, header=("Datum", "Text", "Betrag", "Saldo"), balance=3)


def balanced(*rows: str) -> ParsedStatement:
    return only(file(*rows, header="Datum;Text;Betrag;Saldo"), BALANCED)


@pytest.mark.parametrize("step", [1, -1])
def test_running_balance_proves_in_either_order(step):
    found = balanced(*["01.02.2026;a;1,00;11,00", "02.02.2026;b;-4,00;7,00", "03.02.2026;c;2,50;9,50"][::step])

    assert (str(found.opening.amount), str(found.closing.amount), found.proved) == ("10.00", "9.50", True)


def test_missing_row_breaks_the_running_balance():
    assert balanced("01.02.2026;a;1,00;11,00", "03.02.2026;c;2,50;9,50").proved is False


def test_refused_row_leaves_the_running_balance_unproved():
    found = balanced("01.02.2026;a;abc;10,00", "02.02.2026;b;1,00;11,00", "03.02.2026;c;1,00;12,00")

    assert (len(found.refused), found.proved) == (1, False)


def test_single_row_proves_nothing():
    assert balanced("01.02.2026;a;1,00;11,00").proved is None


def test_rows_that_name_the_balances_prove_the_sum_and_are_no_entries():
    found = only(file("01.02.2026;Opening balance;100,00", "02.02.2026;x;5,00", "03.02.2026;Closing balance;105,00"))

    assert amounts(found) == ["5.00"]
    assert found.proved is True


def test_two_currencies_of_one_account_are_refused_as_a_whole():
    mapping = replace(
        SIGNED, header=("Datum", "Währung", "Betrag"), remittance_information=(), currency=1, fixed_currency=""
    )
    source = file("01.02.2026;EUR;1,00", "02.02.2026;USD;2,00", header="Datum;Währung;Betrag")

    with pytest.raises(UnreadableStatement, match=r"mixes currencies: EUR \(line 2\), USD \(line 3\)"):
        csv_file.parse(source, mapping)

    chosen = only(source, replace(mapping, fixed_currency="USD"))
    assert amounts(chosen) == ["2.00"]
    assert told(chosen.refused) == [(2, "The row is in EUR, but the account is in USD.")]


@pytest.mark.parametrize(
    ("word", "status"), [("gebucht", "booked"), ("Vorgemerkt", "pending"), ("COMPLETED", "booked")]
)
def test_status_column_tells_booked_from_pending(word, status):
    mapping = replace(SIGNED, header=("Datum", "Status", "Betrag"), remittance_information=(), status=1)

    [entry] = only(file(f"01.02.2026;{word};1,00", header="Datum;Status;Betrag"), mapping).entries

    assert entry.status == status


@pytest.mark.parametrize("word", ["declined", "perhaps"])
def test_status_that_moved_no_money_refuses_the_row(word):
    mapping = replace(SIGNED, header=("Datum", "Status", "Betrag"), remittance_information=(), status=1)

    found = only(file("01.02.2026;booked;1,00", f"01.02.2026;{word};9,00", header="Datum;Status;Betrag"), mapping)

    assert (amounts(found), len(found.refused)) == (["1.00"], 1)


def test_cell_with_line_breaks_keeps_the_line_numbers():
    found = only(file('01.02.2026;"two\nlines";1,00', "02.02.2026;x;abc"))

    assert found.entries[0].remittance_information == "two lines"
    assert found.refused[0].line == 4


def test_quotation_mark_that_is_never_closed_is_an_error():
    with pytest.raises(UnreadableStatement, match="opens at line 3 is never closed"):
        only(file("01.02.2026;a;1,00", '02.02.2026;"b;2,00', "03.02.2026;c;3,00"))


def test_rows_swallowed_by_a_quotation_mark_are_refused():
    found = only(file("01.02.2026;a;1,00", '02.02.2026;"b;2,00', '03.02.2026;c;3,00;"x";1', "04.02.2026;d;4,00"))

    assert amounts(found) == ["1.00", "4.00"]
    assert found.refused[0].line == 3


def test_row_with_more_cells_than_columns_is_refused():
    found = only(file("01.02.2026;a;1,00", "02.02.2026;b;c;2,00", "03.02.2026;d;3,00;"))

    assert amounts(found) == ["1.00", "3.00"]
    assert told(found.refused) == [(3, "The row has 4 cells, but there are 3 columns.")]


def test_other_columns_than_mapped_are_refused():
    with pytest.raises(AmbiguousMapping, match="not those that the mapping was made for"):
        only(file("01.02.2026;1,00;x", header="Datum;Betrag;Text"))


@pytest.mark.parametrize(
    ("open_setting", "question"),
    [
        ({"booking_date": None}, "Which column holds the booking date"),
        ({"amount": None}, "Which column, or which two, hold the amount"),
        ({"date_order": ""}, "day or the month"),
        ({"decimal_sign": ""}, "a comma or a point"),
        ({"fixed_currency": ""}, "names no currency"),
    ],
)
def test_open_point_stops_the_reading(open_setting, question):
    with pytest.raises(AmbiguousMapping, match=question):
        only(file("01.02.2026;x;1,00"), replace(SIGNED, **open_setting))


def test_file_of_refused_rows_is_an_error():
    with pytest.raises(UnreadableStatement, match=r"No entry of the file can be read \(1 refused\)\. Line 2"):
        only(file("01.02.2026;x;abc"))


def test_header_alone_is_an_error():
    with pytest.raises(UnreadableStatement, match="no entries"):
        only(file())


def test_too_many_rows_are_refused():
    with pytest.raises(FileTooLarge, match="50,000"):
        only(file(*["01.02.2026;x;1,00"] * 50_001))


def test_mapping_survives_as_plain_values():
    assert CsvMapping.from_dict(BALANCED.as_dict()) == BALANCED


@pytest.mark.parametrize(
    "values",
    [
        {"sing": 1},
        {"amount": -1},
        {"amount": 1.5},
        {"amount": True},
        {"encoding": "utf-7"},
        {"delimiter": ""},
        {"remittance_information": 3},
        {"remittance_information": ["1"]},
        {"header_row": -1},
        {"flip_sign": "yes"},
        {"fixed_currency": None},
        {"date_order": "ydm"},
    ],
)
def test_mapping_from_strangers_is_checked(values):
    with pytest.raises(AmbiguousMapping):
        CsvMapping.from_dict(values)


def test_wrong_encoding_is_named():
    with pytest.raises(UnreadableStatement, match="not written in utf-8"):
        only("Datum;Text;Betrag\n01.02.2026;Müller;1,00".encode("cp1252"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found(encoding):
    source = "Datum;Verwendungszweck;Betrag;Währung\n31.01.2026;Müller;1,00;EUR".encode(encoding)

    mapping = detect(source).mapping

    assert only(source, mapping).entries[0].remittance_information == "Müller"


def test_mapping_without_header_reads_from_the_first_row():
    mapping = replace(SIGNED, header=(), header_row=0)

    assert only(b"01.02.2026;x;1,00", mapping).entries[0].booking_date == date(2026, 2, 1)


def test_column_name_of_two_lines_is_named_on_one():
    mapping = replace(SIGNED, amount=None, header=("Datum", "Betrag\nin EUR"))

    with pytest.raises(AmbiguousMapping, match=r"The columns are: Datum, Betrag in EUR\.$"):
        mapping.settled()
