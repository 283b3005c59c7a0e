"""OFX 1 and 2: signs, days, ids, and what is refused rather than guessed."""

from datetime import date
from decimal import Decimal

import pytest

from banking.parsers import ofx
from banking.parsers.errors import UnknownFormat, UnreadableStatement
from banking.parsers.recognise import read, recognise
from banking.parsers.types import Balance, ParsedStatement

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
ENTRY = (
    "<STMTTRN><TRNTYPE>CREDIT\n<DTPOSTED>20260302\n<TRNAMT>{amount}\n<FITID>{fitid}\n<NAME>Ann Payer\n<MEMO>INV 7\n"
    "</STMTTRN>\n"
)


def entry(amount="12.30", fitid="1", more=""):
    return ENTRY.format(amount=amount, fitid=fitid).replace("</STMTTRN>", f"{more}</STMTTRN>")


def sgml(*entries, account="<BANKACCTFROM><BANKID>121\n<ACCTID>00417\n<ACCTTYPE>CHECKING\n</BANKACCTFROM>\n", after=""):
    return (
        f"{HEADER}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR\n{account}<BANKTRANLIST><DTSTART>20260301\n"
        f"{''.join(entries)}</BANKTRANLIST>\n{after}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    ).encode("cp1252")


def only(source: bytes) -> ParsedStatement:
    [statement] = read(source).statements
    return statement


def test_values_without_closing_tags_are_read_with_their_line():
    statement = only(sgml(entry(), after="<LEDGERBAL><BALAMT>112.30\n<DTASOF>20260331\n</LEDGERBAL>"))

    [found] = statement.entries
    assert (found.amount, found.booking_date, found.status) == (Decimal("12.30"), date(2026, 3, 2), "booked")
    assert (found.counterparty_name, found.remittance_information) == ("Ann Payer", "INV 7")
    assert (found.bank_reference, found.reference_is_unique, found.line) == ("1", True, 13)
    assert (found.raw[:9], found.raw[-10:]) == ("<STMTTRN>", "</STMTTRN>")
    assert (statement.account.other, statement.account.currency) == ("121/00417", "EUR")
    assert (statement.opening, statement.closing) == (None, Balance(Decimal("112.30"), "EUR", date(2026, 3, 31)))
    assert statement.proved is None


def test_xml_with_closing_tags_and_entities_is_read_the_same():
    source = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n<OFX><CREDITCARDMSGSRSV1>'
        "<CCSTMTTRNRS><CCSTMTRS><CURDEF>EUR</CURDEF><CCACCTFROM><ACCTID>4111</ACCTID></CCACCTFROM><BANKTRANLIST>"
        "<STMTTRN><TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20260302</DTPOSTED><TRNAMT>-5.00</TRNAMT><FITID>A</FITID>"
        "<NAME>Müller &amp; S&#246;hne</NAME><MEMO></MEMO></STMTTRN></BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS>"
        "</CREDITCARDMSGSRSV1></OFX>"
    ).encode()

    statement = only(source)

    assert statement.account.other == "4111"
    assert statement.entries[0].counterparty_name == "Müller & Söhne"
    assert statement.entries[0].amount == Decimal("-5.00")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("-12,30", "-12.30"), ("+12.3", "12.30"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), (".5", "0.50"),
     ("0.00", "0.00"), ("1 000.00", "1000.00"), ("7", "7.00"), ("-100.0000", "-100.00")],
)  # fmt: skip
def test_amounts_are_exact(written, read_as):
    assert str(only(sgml(entry(written))).entries[0].amount) == read_as


@pytest.mark.parametrize("written", ["", "1,234", "12.345", "abc", "1.2.3", "--1", "1 0.00", "12.30EUR", "1<2", "٣"])
def test_amounts_that_cannot_be_read_are_refused_by_their_line(written):
    source = sgml(entry(fitid="good"), entry("WRITTEN", fitid="bad")).decode("cp1252").replace("WRITTEN", written)

    statement = only(source.encode())

    assert [found.bank_reference for found in statement.entries] == ["good"]
    assert [refusal.line for refusal in statement.refused] == [20]


@pytest.mark.parametrize(
    "written", ["20260302", "20260302235959", "20260302235959.000[-5:EST]", "20260302000000[+13:NZDT]", "202603020000"]
)
def test_a_day_is_the_banks_own_whatever_the_offset(written):
    source = sgml(entry()).replace(b"<DTPOSTED>20260302", b"<DTPOSTED>" + written.encode())

    assert only(source).entries[0].booking_date == date(2026, 3, 2)


@pytest.mark.parametrize("written", ["", "0", "2026-03-02", "20260230", "00000000", "19010101"])
def test_a_day_that_cannot_be_read_refuses_its_entry(written):
    bad = entry(fitid="2").replace("20260302", written)

    statement = only(sgml(entry(), bad))

    assert (len(statement.entries), len(statement.refused)) == (1, 1)


def test_an_id_that_stands_on_two_entries_identifies_neither():
    statement = only(sgml(entry("1.00", "7"), entry("2.00", "7"), entry("3.00", "8")))

    assert [found.reference_is_unique for found in statement.entries] == [False, False, True]


@pytest.mark.parametrize("fitid", ["0", "", "000", "NONE"])
def test_what_banks_write_without_an_id_is_none(fitid):
    [found] = only(sgml(entry(fitid=fitid))).entries

    assert (found.bank_reference, found.reference_is_unique) == ("", False)


def test_a_correction_of_an_earlier_entry_is_refused_and_said():
    statement = only(sgml(entry(), entry(fitid="2", more="<CORRECTFITID>1\n<CORRECTACTION>REPLACE\n")))

    assert len(statement.entries) == 1
    assert statement.refused[0].reason == "The bank replaces its earlier entry '1' by this one; check that one by hand."


def test_an_amount_in_another_currency_is_refused():
    statement = only(sgml(entry(), entry(fitid="2", more="<CURRENCY><CURRATE>1.1\n<CURSYM>USD\n</CURRENCY>")))

    assert statement.refused[0].reason == "The amount is in USD, but the account is in EUR."


def test_what_the_bank_changed_itself_counts_in_the_accounts_currency():
    [found] = only(sgml(entry(more="<ORIGCURRENCY><CURRATE>1.1\n<CURSYM>USD\n</ORIGCURRENCY>"))).entries

    assert (found.amount, found.currency) == (Decimal("12.30"), "EUR")


def test_holds_and_the_list_of_pending_ones_are_pending():
    pending = (
        "<BANKTRANLISTP><STMTTRNP><TRNTYPE>DEBIT\n<DTTRAN>20260303\n<TRNAMT>-1\n<NAME>Shop\n</STMTTRNP></BANKTRANLISTP>"
    )
    held = entry(fitid="2").replace("<TRNTYPE>CREDIT", "<TRNTYPE>HOLD")

    statement = only(sgml(entry(), held, after=pending))

    assert [found.status for found in statement.entries] == ["booked", "pending", "pending"]


def test_iban_and_two_accounts_stay_apart():
    iban = "<BANKACCTFROM><ACCTID>DE89370400440532013000\n</BANKACCTFROM>"
    one = sgml(entry(), account=iban)
    two = one.replace(b"</BANKMSGSRSV1>", sgml(entry("9")).partition(b"<BANKMSGSRSV1>")[2].partition(b"</OFX>")[0])

    statements = read(two).statements

    assert [statement.account.iban for statement in statements] == ["DE89370400440532013000", ""]
    assert [statement.entries[0].amount for statement in statements] == [Decimal("12.30"), Decimal("9.00")]


def test_texts_are_read_in_the_code_page_that_they_are_in():
    told = sgml(entry().replace("Ann", "Müller"))
    really_utf8 = told.decode("cp1252").encode()

    assert only(told).entries[0].counterparty_name == only(really_utf8).entries[0].counterparty_name == "Müller Payer"


def test_cdata_and_signs_inside_of_texts_are_kept():
    marked = entry().replace("INV 7", "<![CDATA[A & B <C> 1]]>")
    loose = entry(fitid="2").replace("INV 7", "paid < 5 days & more")

    found = only(sgml(marked, loose)).entries

    assert [one.remittance_information for one in found] == ["A & B <C> 1", "paid < 5 days & more"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>", "holds no bank or card statement"),
        (b"<!DOCTYPE x><OFX></OFX>", "document type or entities"),
        (b"<OFX><INVSTMTRS><A>1</INVSTMTRS><STMTRS></STMTRS></OFX>", "investment account"),
        (b"<OFX><STMTRS><BANKTRANLIST></BANKTRANLIST></STMTRS></OFX>", "does not say its currency"),
        (b"<OFX>" + b"<A>" * 60 + b"</A>", "nested deeper"),
        (b"<OFX><![CDATA[x", "never closed"),
    ],
)
def test_files_that_are_no_statement_are_refused(source, reason):
    with pytest.raises(UnreadableStatement, match=reason):
        ofx.parse(source)


def test_recognised_by_content():
    qfx = sgml(entry()).replace(b"<OFX>", b"<OFX><SIGNONMSGSRSV1><SONRS><INTU.BID>3000\n</SONRS></SIGNONMSGSRSV1>")

    assert recognise(qfx) == "ofx"
    assert recognise(b"\xef\xbb\xbf<?xml version='1.0'?>\n<?OFX OFXHEADER=\"200\"?><OFX/>") == "ofx"
    assert recognise(b"<?xml version='1.0'?><Document/>") == "camt"
    with pytest.raises(UnknownFormat):
        read(b"<OFX></OFX>")
