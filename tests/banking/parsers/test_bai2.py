"""BAI2: direction by type code, minor units, balances and control totals as proof."""

import re
from datetime import date
from decimal import Decimal

import pytest

from banking.parsers.errors import UnreadableStatement
from banking.parsers.recognise import read, recognise
from banking.parsers.types import ParsedStatement

DETAILS = (
    "16,165,150000,V,260303,,B1,C77,INVOICE 4711, THANKS/",
    "16,475,10000,Z,,,CHECK/",
)


def bai2(*details, status="1", currency="USD", balances="010,500000,,,015,640000,,/", total=None, modifier="2"):
    """Write a file whose totals are right unless told otherwise."""
    moved = sum(int(detail.split(",")[2] or 0) for detail in details if detail.split(",")[2].isdigit())
    summaries = sum(int(cell) for cell in balances.rstrip("/").split(",") if len(cell) > 3)
    lines = sum(detail.count("\n") + 1 for detail in details) + 2
    total = moved + summaries if total is None else total
    return "\n".join(
        [
            "01,BANK,PAYYMO,260303,0700,1,,,2/",
            f"02,PAYYMO,BANK,{status},260302,2359,{currency},{modifier}/",
            f"03,0012345678,,{balances}",
            *details,
            f"49,{total},{lines}/",
            f"98,{total},1,{lines + 2}/",
            f"99,{total},1,{lines + 4}/",
        ]
    ).encode()


def only(source: bytes, **settings: str) -> ParsedStatement:
    [statement] = read(source, **settings).statements
    return statement


def test_entries_and_balances_prove_each_other():
    statement = only(bai2(*DETAILS))

    paid, check = statement.entries
    assert (paid.amount, paid.booking_date, paid.value_date) == (Decimal("1500.00"), date(2026, 3, 2), date(2026, 3, 3))
    assert (paid.remittance_information, paid.bank_reference) == ("INVOICE 4711, THANKS C77", "B1")
    assert (check.amount, check.bank_transaction_code, check.line) == (Decimal("-100.00"), "475", 5)
    assert (statement.opening.amount, statement.closing.amount) == (Decimal("5000.00"), Decimal("6400.00"))
    assert (statement.account.other, statement.account.currency) == ("0012345678", "USD")
    assert (statement.proved, statement.refused) == (True, ())


def test_a_text_goes_on_over_continuations():
    statement = only(bai2("16,165,150000,0,B1,,FIRST WORDS\n88,AND THE REST/", DETAILS[1]))

    assert statement.entries[0].remittance_information == "FIRST WORDS AND THE REST"
    assert statement.proved is True


@pytest.mark.parametrize(
    "available", ["", "Z", "0", "1", "2", "S,100000,50000,0", "V,260303,0900", "D,2,0,100000,1,50000"]
)
def test_every_kind_of_availability_leaves_the_references_in_place(available):
    statement = only(bai2(f"16,165,150000,{available},BANKREF,CUSTREF,TEXT/", DETAILS[1]))

    assert statement.entries[0].bank_reference == "BANKREF"
    assert statement.entries[0].remittance_information == "TEXT CUSTREF"


def test_a_lost_record_is_seen_by_balances_and_control_total():
    whole = bai2(*DETAILS)

    holed = only(whole.replace(DETAILS[1].encode() + b"\n", b""))

    assert holed.proved is False
    assert holed.refused[0].reason == "The control total is 1300000, but the records do not add up to it."


def test_a_missing_end_proves_nothing():
    cut = b"\n".join(bai2(*DETAILS).splitlines()[:-3])

    statement = only(cut)

    assert statement.proved is False
    assert "no trailer" in statement.refused[0].reason


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ("16,165,,Z,,,X/", "cannot be read"),
        ("16,165,12.50,Z,,,X/", "whole minor units"),
        ("16,165,-100,Z,,,X/", "has a sign"),
        ("16,010,100,Z,,,X/", "credit or a debit"),
        ("16,abc,100,Z,,,X/", "credit or a debit"),
        ("16,165,100,Q,,,X/", "funds type"),
        ("16,165,100,D,x,,X/", "availabilities"),
        ("16,165,100,V,269999,,,X/", "date"),
        ("16/", "credit or a debit"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_by_its_line(detail, reason):
    statement = only(bai2(DETAILS[0], "16,165,7,Z,,,X/", total=1).replace(b"16,165,7,Z,,,X/", detail.encode()))

    assert [entry.amount for entry in statement.entries] == [Decimal("1500.00")]
    [refusal, *_] = statement.refused
    assert refusal.line == 5
    assert re.search(reason, refusal.reason)
    assert statement.proved is False


def test_currency_decides_the_decimals():
    yen = only(bai2("16,165,1500,Z,,,X/", currency="JPY", balances="/"))
    dinar = only(bai2("16,165,1500,Z,,,X/", currency="KWD", balances="/"))

    assert (str(yen.entries[0].amount), str(dinar.entries[0].amount)) == ("1500", "1.500")


def test_a_file_without_a_currency_is_in_dollars_unless_the_account_says_more():
    source = bai2("16,165,1500,Z,,,X/", currency="", balances="/")

    assert only(source).account.currency == "USD"
    assert only(source, currency="CAD").account.currency == "CAD"


@pytest.mark.parametrize(("status", "said"), [("2", "takes back"), ("3", "corrects"), ("4", "test")])
def test_what_takes_back_corrects_or_tests_is_not_imported(status, said):
    with pytest.raises(UnreadableStatement, match=said):
        read(bai2(*DETAILS, status=status))


def test_what_is_told_during_the_day_is_pending():
    assert {entry.status for entry in only(bai2(*DETAILS, modifier="3")).entries} == {"pending"}


def test_two_accounts_are_two_statements():
    one = bai2(*DETAILS).decode()
    account = "\n".join(one.splitlines()[2:6])

    found = read(one.replace(account, account + "\n" + account.replace("0012345678", "0099")).encode()).statements

    assert [statement.account.other for statement in found] == ["0012345678", "0099"]
    assert [statement.proved for statement in found] == [True, True]


def test_information_that_is_no_money_is_left_out():
    assert len(only(bai2(*DETAILS, "16,890,,Z,,,HOLIDAY TOMORROW/")).entries) == 2


def test_records_outside_of_an_account_are_refused():
    with pytest.raises(UnreadableStatement, match="belongs to no account"):
        read(b"01,A,B,260303,0700,1,,,2/\n02,B,A,1,260302,,USD,2/\n16,165,1,Z,,,X/\n")


def test_recognised_by_content():
    assert recognise(bai2(*DETAILS)) == "bai2"
    assert recognise(b"01,02,2026\n1,2,3\n") == "csv"
