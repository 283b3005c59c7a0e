"""Files that other people published (tests/samples/README.md), with their counts and sums.

The amounts were copied from each file by reading it, before the parser ran over it, and added up without it; the
additions stand beside the expectations so that anybody can repeat them.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

import mt940 as library
import pytest

from banking.parsers import csv_file
from banking.parsers.csv_detection import detect
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.errors import AmbiguousMapping, UnreadableStatement
from banking.parsers.recognise import read
from banking.parsers.types import ParsedStatement
from tests.banking.statements import told

SAMPLES = Path(__file__).parents[2] / "samples"


def statements(name: str, **settings: str) -> tuple[ParsedStatement, ...]:
    return read((SAMPLES / name).read_bytes(), **settings).statements


def amounts(statement: ParsedStatement) -> list[str]:
    return [str(entry.amount) for entry in statement.entries]


@pytest.mark.parametrize(
    ("name", "opening", "moved", "closing", "proved"),
    [
        # 1500.00 - 500.00; 1000.00 + 1000.00 = 2000.00
        ("camt/okane-test1.xml", "1000.00", ["1500.00", "-500.00"], "2000.00", True),
        # - 100 - 200 + 1000 + 400 - 100 + 1000 = 2000; 1000 + 2000 = 3000 and not 2000: the file was scrubbed
        (
            "camt/okane-test2.xml",
            "1000.00",
            ["-100.00", "-200.00", "1000.00", "400.00", "-100.00", "1000.00"],
            "2000.00",
            False,
        ),
        # - 3949.75 + 0.10 + 0.20 = -3949.45; 1000.00 - 3949.45 = -2949.45, a debit balance
        ("camt/painfree-camt.053.001.08.xml", "1000.00", ["-3949.75", "0.10", "0.20"], "-2949.45", True),
        # - 12500.00 + 98750.00 = 86250.00; 1250000.00 + 86250.00 = 1336250.00 and not 1101942.75
        ("camt/apiome-camt.053.001.08.xml", "1250000.00", ["-12500.00", "98750.00"], "1101942.75", False),
        # 1000.00 + 500.00 = 1500.00
        ("camt/camt.053.001.08-query-farm.xml", "1000.00", ["500.00"], "1500.00", True),
        # - 369.00 - 15.07 - 123.00 = -507.07 on page 1 (2996.53), - 25.00 on page 2; 3503.60 - 532.07 = 2971.53
        (
            "mt940/swiftmessageparser-pln-pages.mt940",
            "3503.60",
            ["-369.00", "-15.07", "-123.00", "-25.00"],
            "2971.53",
            True,
        ),
        # - 10.00 + 240.00 - 200.00 = 30.00; 11373.94 + 10.00 = 11383.94 before the first row; + 30.00 = 11413.94
        ("csv/csv2ofx-ubs-ch-fr_trimmed.csv", "11383.94", ["-10.00", "240.00", "-200.00"], "11413.94", True),
    ],
)
def test_one_statement_has_its_entries_and_balances(name, opening, moved, closing, proved):
    [statement] = statements(name)

    assert statement.opening is not None
    assert statement.closing is not None
    assert (str(statement.opening.amount), str(statement.closing.amount)) == (opening, closing)
    assert amounts(statement) == moved
    assert statement.proved is proved
    assert statement.refused == ()


def test_swiss_statement_tells_parties_and_references():
    [statement] = statements("camt/painfree-camt.053.001.08.xml")

    paid = statement.entries[0]
    assert statement.account.iban == "CH5604835012345678009"
    assert statement.account.currency == "CHF"
    assert (paid.counterparty_name, paid.counterparty_iban) == ("Robert Schneider AG", "CH4431999123000889012")
    assert (paid.structured_reference, paid.end_to_end_id) == ("210000000003139471430009017", "E2E-0001")
    assert (paid.remittance_information, paid.bank_reference) == ("Rechnung 2026-0242", "ACSR-0001")
    assert (paid.booking_date, paid.value_date) == (date(2026, 8, 28), date(2026, 8, 28))
    assert paid.bank_transaction_code == "PMNT/ICDT/ESCT"


def test_swiss_advice_has_two_accounts_and_a_returned_payment():
    first, second = statements("camt/painfree-camt.054.001.09.xml")

    assert [first.format, second.format] == ["camt054", "camt054"]
    assert amounts(first) == ["1250.00"]
    assert first.entries[0].structured_reference == "210000000003139471430009017"
    assert amounts(second) == ["-88.05"]
    assert second.entries[0].is_reversal
    assert (first.proved, second.proved) == (None, None)


def test_entry_in_another_currency_is_refused_and_the_rest_kept():
    [statement] = statements("camt/apiome-camt.054.001.08.xml")

    assert amounts(statement) == ["1500.00"]
    assert told(statement.refused) == [(52, "The amount is in USD, but the account is in EUR.")]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "camt/camt.054.001.08-query-farm.xml",
            "No entry of the file can be read (1 refused). Line 8: The entry has neither a booking date nor a value "
            "date.",
        ),
        (
            "camt/painfree-camt.052.001.08.xml",
            "No entry of the file can be read (1 refused). Line 56: The amount '9007199254740993.01' cannot be read.",
        ),
        ("mt940/tryton-optional.txt", "The statement at line 4 does not say its currency."),
        ("csv/csv2ofx-ingesp.csv", "The file names no currency; which one is it in?"),
        ("csv/csv2ofx-payoneer.csv", "Do the dates begin with the day or the month? No date in it tells."),
    ],
)
def test_file_that_cannot_be_taken_says_why(name, sentence):
    with pytest.raises(UnreadableStatement) as refusal:
        statements(name)

    assert refusal.value.reason == sentence


def test_reversed_credit_of_abn_amro_takes_money():
    first, second = statements("mt940/tryton-abnamro.txt")

    # 500.01 - 15.67 + 15.67 = 500.01; 5138.61 + 500.01 = 5638.62. With the RC as a credit it would be 5669.96.
    assert amounts(first) == ["500.01", "-15.67", "15.67"]
    assert first.proved is True
    assert [entry.is_reversal for entry in first.entries] == [False, True, False]
    received = first.entries[0]
    assert (received.counterparty_name, received.counterparty_iban) == ("QASD JGRED", "FR12345678901234")
    assert received.remittance_information == "Dit zijn de omschrijvingsregels"
    assert received.end_to_end_id == ""
    assert (received.booking_date, received.value_date) == (date(2012, 5, 14), date(2012, 5, 12))
    assert (first.is_repeat, second.is_repeat) == (False, True)


def test_optional_fields_are_read_when_the_account_tells_the_currency():
    [statement] = statements("mt940/tryton-optional.txt", currency="EUR")

    assert amounts(statement) == ["500.01", "-15.67", "15.67"]
    assert (statement.opening, statement.closing, statement.proved) == (None, None, None)


@pytest.mark.parametrize("name", ["mt940/swiftmessageparser-knab.mt940", "mt940/swiftmessageparser-foreign.mt940"])
def test_two_messages_of_knab_stay_two_statements(name):
    first, second = statements(name)

    # 0 + 500 = 500; 3058.98 - 2760 + 500 = 798.98
    assert (first.number, amounts(first), first.proved) == ("998/1", ["500.00"], True)
    assert (second.number, amounts(second), second.proved) == ("999/1", ["-2760.00", "500.00"], True)
    assert second.entries[0].bank_reference == "B4G29PGCVO7Q06US"
    assert (second.entries[0].original_amount, second.entries[0].original_currency) == (Decimal("10.00"), "EUR")


def test_free_text_of_knab_keeps_every_word():
    _, statement = statements("mt940/swiftmessageparser-knab.mt940")

    assert statement.entries[0].remittance_information == (
        "FACTUUR 201403110, 201403113 REK: NL65INGB0123456789/NAAM: PICQER"
    )
    # The customer reference of the line is kept, since the text does not repeat it.
    assert statement.entries[1].remittance_information.endswith("/NAAM: MMS ONLINE NEDERLAND B.V. 29-07-2014 10:05")


def test_polish_subfields_tell_text_account_and_name():
    [statement] = statements("mt940/swiftmessageparser-pln-pages.mt940")

    entry = statement.entries[0]
    assert statement.account.currency == "PLN"
    assert entry.remittance_information == "Usługi księgowe - m-c grudzien 2016 rok."
    assert (entry.counterparty_iban, entry.counterparty_name) == ("4910501953100000477656534", "BOOKING GROUP")
    assert statement.entries[3].remittance_information.startswith("Opłata za prowadzenie rachunku")


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        # :90D:1NZD5000, and :90C:1NZD5000, at its end
        ("mt940/swiftmessageparser-asb.mt942", ["-5000.00", "5000.00"]),
        # :90D:2NZD5020, (5000 + 20) and :90C:1NZD5020,
        ("mt940/swiftmessageparser-asb-two.mt942", ["-5000.00", "-20.00", "5020.00"]),
    ],
)
def test_interim_report_has_entries_and_no_balances(name, moved):
    [statement] = statements(name)

    assert (statement.format, statement.account.currency) == ("mt942", "NZD")
    assert amounts(statement) == moved
    assert statement.proved is None


def test_sparkasse_rows_of_two_accounts_become_two_statements():
    own, other = statements("csv/beancount-sparkasse-camt.csv")

    # - 42.17 + 2500.50 - 68.00 booked = 2390.33, - 9.12 pending
    assert own.account.iban == "DE17123456780000000001"
    assert [(entry.status, str(entry.amount)) for entry in own.entries] == [
        ("booked", "-42.17"),
        ("booked", "2500.50"),
        ("booked", "-68.00"),
        ("pending", "-9.12"),
    ]
    assert sum(entry.amount for entry in own.entries if entry.status == "booked") == Decimal("2390.33")
    power = own.entries[2]
    assert (power.counterparty_name, power.end_to_end_id, power.mandate_id) == (
        "Stadtwerke Musterstadt",
        "E2E-8891",
        "M-2024-0042",
    )
    assert power.remittance_information == "Stromabschlag März"
    assert (other.account.iban, amounts(other)) == ("DE87123456780000000099", ["-10.00"])


@pytest.mark.parametrize(
    ("name", "currency", "moved"),
    [
        # - 120.00 - 21.74 - 9.99 - 5.00 + 500.00 = 343.27
        ("csv/beancount-sparkasse-card.csv", "EUR", ["-120.00", "-21.74", "-9.99", "-5.00", "500.00"]),
        ("csv/csv2ofx-gls.csv", "EUR", ["-98.76"]),
        # 328.00 - 328.00 = 0
        ("csv/csv2ofx-n26-fr.csv", "EUR", ["328.00", "-328.00"]),
        # 100.00 - 63.89 - 47.00 - 25.00 = -35.89
        ("csv/csv2ofx-outbank.csv", "EUR", ["100.00", "-63.89", "-47.00", "-25.00"]),
    ],
)
def test_csv_of_each_bank_has_its_amounts(name, currency, moved):
    [statement] = statements(name)

    assert (statement.account.currency, amounts(statement)) == (currency, moved)
    assert statement.refused == ()


def test_month_first_is_told_by_a_day_above_twelve():
    [statement] = statements("csv/csv2ofx-outbank.csv")

    assert [entry.booking_date for entry in statement.entries] == [
        date(2019, 2, 20),
        date(2019, 2, 8),
        date(2019, 1, 21),
        date(2019, 1, 5),
    ]


def test_running_balance_of_schwab_is_proved_from_the_end():
    [statement] = statements("csv/csv2ofx-schwab-checking.csv", currency="USD")

    # Newest first: 1036.47 + 57.27 = 1093.74 before; - 57.27 - 75.00 - 103.00 + 20.00 = -215.27; = 878.47
    assert amounts(statement) == ["20.00", "-103.00", "-75.00", "-57.27"]
    assert statement.opening is not None
    assert statement.closing is not None
    assert (str(statement.opening.amount), str(statement.closing.amount)) == ("1093.74", "878.47")
    assert statement.proved is True


def test_rows_in_no_order_are_not_proved():
    [statement] = statements("csv/csv2ofx-ingesp.csv", currency="EUR")

    # 2.83 + 2.69 + 1.37 + 1394.11 - 17.60 - 276.89 - 1000.00 - 37.00 - 219.30 + 500.00 = 350.21
    assert len(statement.entries) == 10
    assert sum(entry.amount for entry in statement.entries) == Decimal("350.21")
    assert statement.proved is False


def test_day_or_month_first_changes_nothing_but_the_dates():
    day_first = statements("csv/csv2ofx-payoneer.csv", date_order="dmy")
    month_first = statements("csv/csv2ofx-payoneer.csv", date_order="mdy")

    assert [entry.booking_date for entry in day_first[0].entries] == [date(2021, 3, 5)] * 2
    assert [entry.booking_date for entry in month_first[0].entries] == [date(2021, 5, 3)] * 2
    assert amounts(day_first[0]) == amounts(month_first[0]) == ["-100.00", "120.00"]


def test_workbook_of_another_program_is_read_to_the_last_cent():
    # What each cell holds was read from the sheet's XML by itself, and added up by county.
    mapping = CsvMapping(
        header_row=1, booking_date=9, amount=8, counterparty_name=1, remittance_information=(4,), bank_reference=3,
        fixed_currency="USD", decimal_sign=".", date_order="ymd",
    )  # fmt: skip
    source = (SAMPLES / "xlsx/agate-excel-ne_1033_data.xlsx").read_bytes()

    [statement] = read(source, csv_mapping=mapping).statements

    by_county: dict[str, Decimal] = {}
    for entry in statement.entries:
        by_county[entry.counterparty_name] = by_county.get(entry.counterparty_name, Decimal(0)) + entry.amount
    assert (len(statement.entries), len(statement.refused)) == (1036, 0)
    assert sum(by_county.values()) == Decimal("5553135.17")
    assert by_county["DOUGLAS"] == Decimal("4922442.54")
    assert by_county["LANCASTER"] == Decimal("440400.00")
    assert by_county["DAKOTA"] == Decimal("56033.13")
    assert max(entry.amount for entry in statement.entries) == Decimal("412000.00")
    assert sum(1 for entry in statement.entries if entry.amount == Decimal("6800.00")) == 304
    days = {entry.booking_date for entry in statement.entries}
    assert (min(days), max(days), len(days)) == (date(2006, 3, 7), date(2014, 1, 30), 84)
    first, last = statement.entries[0], statement.entries[-1]
    assert (first.line, first.remittance_information) == (2, "RIFLE,7.62 MILLIMETER")
    assert (last.line, str(last.amount), last.counterparty_name) == (1037, "120.00", "YORK")


def test_mapping_of_one_bank_is_refused_for_another():
    mapping = detect((SAMPLES / "csv/csv2ofx-gls.csv").read_bytes()).mapping

    with pytest.raises(AmbiguousMapping, match="not those that the mapping was made for"):
        csv_file.parse((SAMPLES / "csv/beancount-sparkasse-card.csv").read_bytes(), mapping)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("mt940/swift*")), ids=lambda path: path.name)
def test_amounts_are_those_of_the_usual_library(path):
    theirs = [
        line.data["amount"].amount
        for statement in library.parse_statements(str(path), options=library.Options.all())
        for line in statement.transactions
    ]

    assert [entry.amount for statement in read(path.read_bytes()).statements for entry in statement.entries] == theirs


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.*")), ids=lambda path: path.name)
def test_each_sample_has_its_origin_noted(path):
    assert f"`{path.parent.name}/{path.name}`" in (SAMPLES / "README.md").read_text()
