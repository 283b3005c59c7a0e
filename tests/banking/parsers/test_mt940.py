"""MT940 and MT942: marks, dates, pages, text dialects, refusals."""

from datetime import date
from decimal import Decimal

import pytest

from banking.parsers import mt940, recognise
from banking.parsers.errors import FileTooLarge, UnknownFormat, UnreadableStatement
from banking.parsers.types import ParsedEntry, ParsedStatement
from tests.banking.statements import told


def file(*lines: str, opening: str = ":60F:C260301EUR100,00", closing: str = "") -> bytes:
    parts = [":20:STARTUMS", ":25:DE89370400440532013000", ":28C:7/1", opening, *lines, closing, "-"]
    return "\r\n".join(part for part in parts if part).encode()


def only(source: bytes) -> ParsedStatement:
    [statement] = mt940.parse(source).statements
    return statement


def only_entry(*lines: str) -> ParsedEntry:
    [entry] = only(file(*lines)).entries
    return entry


@pytest.mark.parametrize(
    ("mark", "amount", "status", "is_reversal"),
    [
        ("C", "10.00", "booked", False),
        ("D", "-10.00", "booked", False),
        ("RC", "-10.00", "booked", True),
        ("RD", "10.00", "booked", True),
        ("EC", "10.00", "pending", False),
        ("ED", "-10.00", "pending", False),
        ("CR", "10.00", "booked", False),  # with the third letter of the currency
        ("RDR", "10.00", "booked", True),
    ],
)
def test_mark_gives_sign_and_status(mark, amount, status, is_reversal):
    entry = only_entry(f":61:2603020302{mark}10,00NTRFNONREF//B1")

    assert (str(entry.amount), entry.status, entry.is_reversal) == (amount, status, is_reversal)


def test_balances_prove_the_reversal():
    lines = [":61:2603020302C50,00NTRFNONREF", ":61:2603020302RC50,00NTRFNONREF", ":61:2603020302D1,50NCHGNONREF"]

    assert only(file(*lines, closing=":62F:C260302EUR98,50")).proved is True
    assert only(file(*lines[:1], *lines[2:], closing=":62F:C260302EUR98,50")).proved is False


@pytest.mark.parametrize(
    ("value", "entry", "booked"),
    [
        ("251231", "0102", date(2026, 1, 2)),
        ("260102", "1231", date(2025, 12, 31)),
        ("260302", "0303", date(2026, 3, 3)),
        ("240301", "0229", date(2024, 2, 29)),
        ("260302", "", date(2026, 3, 2)),
    ],
)
def test_entry_date_takes_the_year_nearest_to_the_value_date(value, entry, booked):
    assert only_entry(f":61:{value}{entry}C1,00NTRFNONREF").booking_date == booked


@pytest.mark.parametrize(
    ("written", "amount"),
    [("12,", "12.00"), ("12,5", "12.50"), (",50", "0.50"), ("0012,50", "12.50"), ("12.50", "12.50")],
)
def test_amounts_are_read_exactly(written, amount):
    assert str(only_entry(f":61:260302C{written}NTRFNONREF").amount) == amount


def test_german_structure_is_taken_apart():
    entry = only_entry(
        ":61:2603020302C119,00NTRFKREF+//2026030200001",
        ":86:166?00SEPA-GUTSCHRIFT?109249?20EREF+HOST-2026-00117?21KREF+K-88?22SVWZ+R",
        "echnung INV-1042 vom 0?231.03.2026 Danke?30COBADEFFXXX?31DE02120300000000202051",
        "?32Marta Musterfrau und S?33oehne",
    )

    assert entry.remittance_information == "Rechnung INV-1042 vom 01.03.2026 Danke"
    assert (entry.end_to_end_id, entry.structured_reference) == ("HOST-2026-00117", "K-88")
    assert entry.counterparty_iban == "DE02120300000000202051"
    assert entry.counterparty_name == "Marta Musterfrau und S oehne"
    assert entry.bank_transaction_code == "NTRF/166"
    assert (entry.bank_reference, entry.reference_is_unique) == ("2026030200001", False)


def test_pieces_of_27_characters_are_joined_inside_words():
    first, second = "SVWZ+Domain renewal INV-104", "2 and hosting"
    assert len(first) == 27

    entry = only_entry(":61:260302C1,00NTRFNONREF", f":86:166?20{first}?21{second}?32Ann")

    assert entry.remittance_information == "Domain renewal INV-1042 and hosting"


def test_purpose_without_keywords_is_the_text():
    entry = only_entry(":61:260302C1,00NTRFNONREF", ":86:166?00GUTSCHRIFT?20INV-1042?21Kunde 5?32Ann")

    assert entry.remittance_information == "INV-1042 Kunde 5"


def test_booking_text_stands_in_for_a_missing_purpose():
    entry = only_entry(":61:260302D1,00NCHGNONREF", ":86:808?00ENTGELT?32")

    assert entry.remittance_information == "ENTGELT"


@pytest.mark.parametrize("code", ["108", "109", "159"])
def test_return_codes_are_reversals(code):
    assert only_entry(":61:260302D1,00NRTINONREF", f":86:{code}?00RETOURE?20SVWZ+INV-1").is_reversal


def test_purpose_goes_on_in_subfields_60_to_63():
    entry = only_entry(":61:260302C1,00NTRFNONREF", ":86:166?29nine?60ten?63thirteen?32Ann")

    assert entry.remittance_information == "nine ten thirteen"


def test_slash_codes_are_taken_apart():
    entry = only_entry(
        ":61:2603020302C75,00NTRFEREF//26030200001",
        ":86:/EREF/HOST-117/MARF/M-9/CNTP/NL91ABNA0417164300/ABNANL2A/J. de Boer//",
        "/REMI/USTD//Factuur INV-1042/",
    )

    assert (entry.end_to_end_id, entry.mandate_id) == ("HOST-117", "M-9")
    assert (entry.counterparty_iban, entry.counterparty_name) == ("NL91ABNA0417164300", "J. de Boer")
    assert entry.remittance_information == "Factuur INV-1042"


def test_structured_remittance_is_a_reference():
    entry = only_entry(
        ":61:2603020302C75,00NTRFEREF", ":86:/TRTP/SEPA/NAME/Ann/REMI/STRD/CUR/9001234567890123/PURP/OTHR"
    )

    assert (entry.structured_reference, entry.counterparty_name) == ("9001234567890123", "Ann")


def test_lines_of_65_characters_go_on_inside_words():
    line = "/TRTP/SEPA/NAME/QASD JGRED/REMI/Dit zijn de regels/EREF/NOTPRO".ljust(65, "X")[:65]

    entry = only_entry(":61:260302C1,00NTRFNONREF", f":86:{line}", "VIDED")

    assert entry.end_to_end_id.endswith("XVIDED")


def test_free_text_is_kept_whole_with_the_reference_of_the_line():
    entry = only_entry(":61:260302C1,00NTRFINV-1042//B", ":86:FASTER PAYMENT", "FROM A CUSTOMER")

    assert entry.remittance_information == "FASTER PAYMENT FROM A CUSTOMER INV-1042"


def test_supplement_is_the_text_where_there_is_none():
    assert only_entry(":61:260302C1,00NTRFNONREF", "INV-1042 thanks").remittance_information == "INV-1042 thanks"


def test_text_below_the_closing_balance_belongs_to_no_entry():
    found = only(file(":61:260302C1,00NTRFNONREF", closing=":62F:C260302EUR101,00\r\n:86:TOTALS INV-9"))

    assert found.entries[0].remittance_information == ""


def test_checksummed_reference_is_found_in_the_text():
    entry = only_entry(":61:260302C1,00NTRFNONREF", ":86:Thanks RF18 5390 0754 7034 Ann")

    assert entry.structured_reference == "RF18539007547034"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (":61:100722C25,03NOV NONREF", "NOV"),
        (":61:100722C000000000025,03N541NONREF", "N541"),
        (":61:1007220000C25,03NTRFNONREF", "NTRF"),
        (":61:1007220722C 25,03NTRFNONREF", "NTRF"),
        (":61:1007220722CR\r\n25,03NTRFNONREF", "NTRF"),
        (":61:1007220722C25,03", ""),
        (":61:1007220722C25,03TIDXTEST", "TIDX"),
    ],
)
def test_habits_of_banks_are_read(line, code):
    entry = only_entry(line)

    assert (str(entry.amount), entry.booking_date, entry.bank_transaction_code) == ("25.03", date(2010, 7, 22), code)


def test_account_in_the_place_of_the_reference_is_the_other_side():
    entry = only_entry(":61:2603020302D65,00NOVBNL91ABNA0417164300", "J. de Boer", ":86:Betaling INV-1042")

    assert (entry.counterparty_iban, entry.counterparty_name) == ("NL91ABNA0417164300", "J. de Boer")
    assert entry.remittance_information == "Betaling INV-1042"


def test_zero_byte_in_a_text_is_left_out():
    source = file(":61:260302C1,00NTRFNONREF", ":86:INV\x001042")

    assert recognise.read(source).statements[0].entries[0].remittance_information == "INV 1042"


def test_original_amount_is_read():
    entry = only_entry(":61:260302C9,00NTRFNONREF", "/OCMT/USD10,00/CHGS/EUR0,50/")

    assert (entry.original_amount, entry.original_currency) == (Decimal("10.00"), "USD")


def test_pages_are_put_together():
    first = file(":61:260302C10,00NTRFNONREF", closing=":62M:C260302EUR110,00")
    second = file(":61:260302C5,00NTRFNONREF", opening=":60M:C260302EUR110,00", closing=":62F:C260302EUR115,00")

    found = only(first + b"\r\n" + second.replace(b"7/1", b"7/2"))

    assert [str(entry.amount) for entry in found.entries] == ["10.00", "5.00"]
    assert (found.number, str(found.opening.amount), str(found.closing.amount)) == ("7", "100.00", "115.00")
    assert found.proved is True


def test_page_that_does_not_carry_on_stays_apart():
    first = file(":61:260302C10,00NTRFNONREF", closing=":62M:C260302EUR110,00")
    second = file(":61:260302C5,00NTRFNONREF", opening=":60M:C260302EUR999,00", closing=":62F:C260302EUR1004,00")

    assert [statement.proved for statement in mt940.parse(first + b"\r\n" + second).statements] == [True, True]


def test_two_accounts_stay_two_statements():
    other = file(":61:260302C2,00NTRFNONREF").replace(b"DE89370400440532013000", b"10020030/1234567USD")
    other = other.replace(b"EUR", b"USD")

    first, second = mt940.parse(file(":61:260302C1,00NTRFNONREF") + b"\r\n" + other).statements

    assert (first.account.iban, first.account.currency) == ("DE89370400440532013000", "EUR")
    assert (second.account.iban, second.account.other, second.account.currency) == ("", "10020030/1234567", "USD")


def test_statement_written_twice_is_marked():
    once = file(":61:260302C1,00NTRFNONREF", closing=":62F:C260302EUR101,00")

    found = mt940.parse(once + b"\r\n" + once).statements

    assert [statement.is_repeat for statement in found] == [False, True]


def test_interim_report_takes_its_currency_from_the_floor_limit():
    source = ":20:A\n:25:123\n:28C:1/1\n:34F:GBP0,\n:13D:2603021200+0100\n:61:260302ED5,NTRFNONREF\n:90D:1GBP5,\n-"

    found = only(source.encode())

    assert (found.format, found.account.currency, found.proved) == ("mt942", "GBP", None)
    assert (str(found.entries[0].amount), found.entries[0].status) == ("-5.00", "pending")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (":61:2603020302CabcNTRFNONREF", "The amount 'abc' cannot be read."),
        (":61:2603020302C1,2,3NTRFNONREF", "The amount '1,2,3' cannot be read."),
        (":61:2603020302CNTRFNONREF", "The amount 'NTRFNONREF' cannot be read."),
        (":61:2603020302C1,234NTRFNONREF", "The amount '1.234' has more decimals than EUR has."),
        (":61:2602300302C1,00NTRFNONREF", "The date '260230' cannot be read."),
        (":61:2603021332C1,00NTRFNONREF", "The entry date '1332' cannot be read."),
        (":61:today", "The line 'today' does not begin with a date and a credit or debit mark."),
        (":61:", "The line '' does not begin with a date and a credit or debit mark."),
        (":61:2603020302C5,0", "The line '2603020302C5,0' has no transaction type behind its amount."),
        (":61:2603020302C5", "The line '2603020302C5' has no transaction type behind its amount."),
    ],
)
def test_unreadable_line_is_refused_with_its_number_and_nothing_else_is(broken, reason):
    found = only(
        file(":61:2603020302C5,00NTRFNONREF", ":86:first", broken, ":86:lost", closing=":62F:C260302EUR106,00")
    )

    assert told(found.refused) == [(7, reason)]
    assert [(str(entry.amount), entry.remittance_information) for entry in found.entries] == [("5.00", "first")]
    assert found.proved is False


def test_unreadable_balance_is_named_and_proves_nothing():
    found = only(file(":61:260302C1,00NTRFNONREF", opening=":60F:C260301EURabc", closing=":62F:C260302EUR101,00"))

    assert told(found.refused) == [(4, "The amount 'abc' cannot be read.")]
    assert (found.opening, found.proved) == (None, None)


def test_two_currencies_in_one_statement_are_refused():
    with pytest.raises(UnreadableStatement, match=r"mixes currencies: EUR \(line 4\), USD \(line 6\)"):
        only(file(":61:260302C1,00NTRFNONREF", closing=":62F:C260302USD101,00"))


def test_file_without_a_readable_entry_is_an_error():
    with pytest.raises(UnreadableStatement, match=r"No entry of the file can be read \(1 refused\)\. Line 5"):
        only(file(":61:2603020302CabcNTRFNONREF"))


def test_statement_of_a_quiet_day_is_taken_when_its_balances_agree():
    assert only(file(closing=":62F:C260302EUR100,00")).proved is True


def test_text_without_tags_is_no_message():
    with pytest.raises(UnknownFormat, match="no MT940"):
        mt940.parse(b"hello\nworld")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_umlauts_are_read_in_both_encodings(encoding):
    source = file(":61:260302C1,00NTRFNONREF", ":86:Müller").decode().encode(encoding)

    assert only(source).entries[0].remittance_information == "Müller"


def test_swift_blocks_on_one_line_are_opened():
    source = (
        b"{1:F01BANKXXXX0000000000}{2:I940BANKXXXXN}{4::20:A\n:25:123\n:60F:C260301EUR0,\n:61:260302C1,NTRFNONREF\n-}"
    )

    assert [str(entry.amount) for entry in only(source).entries] == ["1.00"]


def test_raw_text_holds_line_and_text():
    entry = only_entry(":61:260302C1,00NTRFNONREF", ":86:one", "two")

    assert (entry.raw, entry.line) == (":61:260302C1,00NTRFNONREF\n:86:one\ntwo", 5)


def test_too_many_entries_are_refused():
    with pytest.raises(FileTooLarge, match="50,000 entries"):
        mt940.parse(file(*[":61:260302C1,00NTRFNONREF"] * 50_001))
