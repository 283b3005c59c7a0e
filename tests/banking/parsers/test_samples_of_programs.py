"""OFX, QIF and BAI2 files that other people published (tests/samples/README.md), with their counts and sums.

As in `test_samples`: the amounts were copied from each file by reading it and added up beside the expectation.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from banking.parsers.errors import UnreadableStatement
from banking.parsers.recognise import read, recognise
from banking.parsers.types import ParsedStatement

SAMPLES = Path(__file__).parents[2] / "samples"


def statements(name: str, **settings: str) -> tuple[ParsedStatement, ...]:
    return read((SAMPLES / name).read_bytes(), **settings).statements


@pytest.mark.parametrize(
    ("name", "accounts", "currency", "moved", "closing"),
    [
        # 20.00 - 103.00 - 75.00 - 57.27 = -215.27
        ("csv2ofx-schwab-checking.ofx", ["121202211/12345"], "USD", ["-215.27"], "878.47"),
        # -100.00 + 120.00 = 20.00
        ("csv2ofx-payoneer.ofx", ["123/59E711D152DE7BEC7304A8C2ECAF9F0F"], "USD", ["20.00"], "200.00"),
        # 45 + 50 = 95 thousand; 50 + 50 + 70 + 65 + 60 + 75 = 370 thousand
        (
            "csv2ofx-default.ofx",
            [
                "EB45BD2725CB8AC50D0795432A918F86/069B30DB06D047A398F9EB0940D3279C",
                "EB45BD2725CB8AC50D0795432A918F86/195917574EDC9B6BBEB5BE9785B6A479",
            ],
            "USD",
            ["95000.00", "370000.00"],
            None,
        ),
        ("bankfile-non-ascii-byte-declared-usascii.qfx", ["000000001/0000123456"], "USD", ["-10.00"], "90.00"),
        ("bankfile-amount-comma-decimal.ofx", ["000000001/0000123456"], "USD", ["-2000.00"], "2000.00"),
        ("bankfile-amount-plus-sign-and-space.ofx", ["000000001/0000123456"], "USD", ["1006.60"], "90.00"),
        ("bankfile-character-outside-latin1.ofx", ["000000001/0000123456"], "USD", ["-10.00"], "90.00"),
        ("bankfile-xml-declaration-ofx-2.ofx", ["000000001/0000123456"], "USD", ["-10.00"], "90.00"),
        ("bankfile-zero-date.ofx", ["000000001/0000123456"], "USD", ["-10.00"], "90.00"),
        ("bankfile-header-on-one-line.qfx", ["000000001/0000123456"], "USD", ["-10.00"], "90.00"),
        ("bankfile-self-closing-memo-tag.ofx", ["000000001/0000123456"], "USD", ["-10.00"], "90.00"),
    ],
)
def test_ofx_counts_and_sums(name, accounts, currency, moved, closing):
    found = statements(f"ofx/{name}")

    assert recognise((SAMPLES / "ofx" / name).read_bytes()) == "ofx"
    assert [statement.account.other for statement in found] == accounts
    assert {statement.account.currency for statement in found} == {currency}
    assert [str(sum(entry.amount for entry in statement.entries)) for statement in found] == moved
    assert (found[0].closing and str(found[0].closing.amount)) == closing
    assert all(not statement.refused for statement in found)


def test_ofx_rows_and_code_pages():
    [schwab] = statements("ofx/csv2ofx-schwab-checking.ofx")
    [usascii] = statements("ofx/bankfile-non-ascii-byte-declared-usascii.qfx")
    [czech] = statements("ofx/bankfile-character-outside-latin1.ofx")

    assert [(entry.booking_date, str(entry.amount), entry.counterparty_name) for entry in schwab.entries][1:3] == [
        (date(2022, 8, 14), "-103.00", "BMO HARRIS BANK"),
        (date(2022, 8, 9), "-75.00", "Check Paid #558"),
    ]
    assert usascii.entries[0].counterparty_name == "ANON ¦ MERCHANT"
    assert czech.entries[0].counterparty_name == "ANON UPRAVA č"


def test_ofx_and_csv_of_one_bank_tell_the_same():
    [ofx] = statements("ofx/csv2ofx-schwab-checking.ofx")
    [csv] = statements("csv/csv2ofx-schwab-checking.csv", currency="USD")

    assert [(entry.booking_date, entry.amount) for entry in ofx.entries] == [
        (entry.booking_date, entry.amount) for entry in csv.entries
    ]


def test_an_ofx_file_with_an_empty_currency_takes_the_accounts():
    name = "ofx/bankfile-empty-tags-curdef-fitid-name.ofx"

    with pytest.raises(UnreadableStatement, match="line 33 does not say its currency"):
        statements(name)
    [statement] = statements(name, currency="USD")
    assert (statement.entries[0].amount, statement.entries[0].reference_is_unique) == (Decimal("-10.00"), False)


@pytest.mark.parametrize(
    ("name", "order", "accounts", "counts", "moved"),
    [
        # -1500 + 2000 - 2500 = -2000; -1000
        ("csv2ofx-mint.qif", "mdy", ["CHECKING", "SAVINGS"], [3, 1], ["-2000.00", "-1000.00"]),
        # -10 + 240 - 200 = 30
        ("csv2ofx-ubs-ch-fr.qif", "", [""], [3], ["30.00"]),
        # 50 + 50 + 70 + 65 + 60 + 75 + 45 + 50 = 465 thousand
        ("csv2ofx-creditunion.qif", "", [""], [8], ["465000.00"]),
        # 1000.00 - 12.57 - 9.99 = 977.44; the starting balance of 1100.00 is none of the entries
        ("quiffen-test_category_override.qif", "", [""], [3], ["977.44"]),
    ],
)
def test_qif_counts_and_sums(name, order, accounts, counts, moved):
    found = statements(f"qif/{name}", currency="USD", date_order=order)

    assert [statement.account.other for statement in found] == accounts
    assert [len(statement.entries) for statement in found] == counts
    assert [str(sum(entry.amount for entry in statement.entries)) for statement in found] == moved
    assert all(not statement.refused for statement in found)


def test_qif_rows():
    [british] = statements("qif/quiffen-test_category_override.qif", currency="GBP")

    assert british.entries[0].booking_date == date(2017, 12, 22)
    assert british.entries[2].booking_date == date(2018, 1, 2)
    assert british.opening.amount == Decimal("1100.00")


def test_bai2_of_a_british_bank_is_proved():
    # 365.21 - 9.71 - 1.00 - 1.23 - 15.71 + 0.89 = 338.45
    [statement] = statements("bai2/bai2-nwb_example.bai2")

    assert [str(entry.amount) for entry in statement.entries] == ["-9.71", "-1.00", "-1.23", "-15.71", "0.89"]
    assert (statement.opening.amount, statement.closing.amount) == (Decimal("365.21"), Decimal("338.45"))
    assert (statement.account.other, statement.account.currency) == ("88888888600004", "GBP")
    assert (statement.proved, statement.refused) == (True, ())


def test_bai2_of_two_days_is_proved_day_by_day():
    # 347269.79 + 4901.96 = 352171.75; 352171.75 + 9058.00 = 361229.75
    first, second = statements("bai2/bai2-svb_us_example.bai2")

    assert (first.opening.amount, first.closing.amount) == (Decimal("347269.79"), Decimal("352171.75"))
    assert (second.opening.amount, second.closing.amount) == (Decimal("352171.75"), Decimal("361229.75"))
    assert [entry.booking_date for one in (first, second) for entry in one.entries] == [
        date(2022, 2, 1),
        date(2022, 2, 2),
    ]
    assert (first.proved, second.proved) == (True, True)


def test_bai2_whose_balances_were_made_up_is_not_proved():
    # 100.00 + 0.01 is not 100.00
    [statement] = statements("bai2/bai2-citi_example.bai2")

    [entry] = statement.entries
    assert (str(entry.amount), entry.value_date, entry.bank_reference) == ("0.01", date(2015, 7, 15), "1234567890")
    assert entry.remittance_information.startswith("FR:FP SIP INCOMING ENDT:20150715 TRID:RP12312312312312 PY:")
    assert (statement.proved, statement.refused) == (False, ())


def test_bai2_with_amounts_that_are_filled_up_with_zeros_agrees_with_its_control_totals():
    # 2035 + 25 + 25 = 2085 in, 25 + 900 + 5 + 200 + 900 + 20 + 25 + 10 = 2085 out; 115 + 1000 = 1000 + 90 + 20 + 5
    first, second = statements("bai2/moov-sample1.bai2")

    assert [len(one.entries) for one in (first, second)] == [11, 6]
    assert [sum(entry.amount for entry in one.entries if entry.amount > 0) for one in (first, second)] == [2085, 1115]
    assert [sum(entry.amount for entry in one.entries) for one in (first, second)] == [0, 0]
    assert {(one.account.other, one.account.currency, one.proved, one.refused) for one in (first, second)} == {
        ("10200123456", "CAD", None, ())
    }


def test_bai2_that_corrects_an_earlier_file_is_refused_as_a_whole():
    with pytest.raises(UnreadableStatement, match="It corrects what was sent earlier"):
        statements("bai2/moov-sample2.bai2")


def test_bai2_without_entries_is_refused():
    with pytest.raises(UnreadableStatement, match="no entries"):
        statements("bai2/bai2-account_trailer_amount_blank_example.bai2")
