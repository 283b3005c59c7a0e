"""QIF is read as a table: what it leaves open is asked, never guessed."""

from datetime import date
from decimal import Decimal

import pytest

from banking.parsers.csv_detection import detect
from banking.parsers.errors import AmbiguousMapping, UnreadableStatement
from banking.parsers.recognise import read, recognise

BANK = b"!Type:Bank\nD3/14'26\nT-1,234.50\nPShop\nMGoods\nN101\n^\nD3/ 4'26\nU20.00\nT20.00\nPAnn\nMINV 7\nLSales\n^\n"


def test_records_become_entries_with_their_lines():
    [statement] = read(BANK, currency="USD").statements

    shop, ann = statement.entries
    assert (shop.amount, shop.booking_date, shop.line) == (Decimal("-1234.50"), date(2026, 3, 14), 2)
    assert (ann.amount, ann.booking_date, ann.line) == (Decimal("20.00"), date(2026, 3, 4), 8)
    assert (ann.counterparty_name, ann.remittance_information) == ("Ann", "INV 7")
    assert ann.raw.splitlines()[0] == "D3/ 4'26"
    assert (statement.format, statement.account.other) == ("qif", "")


def test_a_currency_and_an_order_that_nothing_tells_are_asked():
    doubtful = b"!Type:Bank\nD03/04/2026\nT1.00\nPx\n^\n"

    assert [point.setting for point in detect(doubtful, "qif").open_points] == ["date_order", "fixed_currency"]
    with pytest.raises(AmbiguousMapping):
        read(doubtful)
    [day_first] = read(doubtful, currency="EUR", date_order="dmy").statements
    [month_first] = read(doubtful, currency="EUR", date_order="mdy").statements
    assert day_first.entries[0].booking_date == date(2026, 4, 3)
    assert month_first.entries[0].booking_date == date(2026, 3, 4)


@pytest.mark.parametrize("written", ["", "abc", "12.345", "-"])
def test_an_amount_that_cannot_be_read_is_refused_by_its_line(written):
    source = BANK + f"D3/15'26\nT{written}\nPBad\n^\n".encode()

    [statement] = read(source, currency="USD").statements

    assert len(statement.entries) == 2
    assert [refusal.line for refusal in statement.refused] == [15]


def test_a_record_with_an_amount_alone_is_refused_not_lost():
    [statement] = read(BANK + b"T5.00\n^\n", currency="USD").statements

    assert [refusal.line for refusal in statement.refused] == [15]


def test_the_last_record_needs_no_end():
    [statement] = read(BANK.rstrip(b"^\n"), currency="USD").statements

    assert len(statement.entries) == 2


def test_lists_and_templates_are_no_transactions():
    lists = b"!Type:Cat\nNSales\nI\n^\n!Type:Memorized\nKD\nT99.00\nPTemplate\n^\n"

    [statement] = read(b"!Option:AutoSwitch\n" + lists + BANK, currency="USD").statements

    assert len(statement.entries) == 2


def test_several_accounts_stay_apart_and_one_name_is_no_number():
    account = b"!Account\nN%b\nTBank\n^\n"

    one = read(account % b"Checking" + BANK, currency="USD").statements
    two = read(account % b"Checking" + BANK + account % b"Savings" + BANK, currency="USD").statements

    assert [statement.account.other for statement in one] == [""]
    assert [(statement.account.other, len(statement.entries)) for statement in two] == [("CHECKING", 2), ("SAVINGS", 2)]


def test_an_opening_balance_is_a_balance():
    opening = b"!Type:Bank\nD3/13'26\nT100.00\nPOpening Balance\nL[Checking]\n^\n"

    [statement] = read(opening + BANK.partition(b"\n")[2], currency="USD").statements

    assert statement.opening.amount == Decimal("100.00")
    assert len(statement.entries) == 2


@pytest.mark.parametrize("source", [b"!Type:Invst\nD1/1'26\n^\n", b"!Type:Cat\nNx\n^\n", b"!Type:Bank\n"])
def test_files_without_a_register_are_refused(source):
    with pytest.raises(UnreadableStatement):
        read(source, currency="USD", date_order="dmy")


def test_recognised_by_content():
    assert recognise(BANK) == recognise(b"\xef\xbb\xbf!Account\nNx\n^\n") == "qif"
