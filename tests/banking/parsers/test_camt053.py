"""CAMT statements: versions, signs, batches, returns, hostile XML."""

from datetime import date
from decimal import Decimal

import pytest

from banking.parsers import camt053
from banking.parsers.errors import FileTooLarge, UnknownFormat, UnreadableStatement
from banking.parsers.types import ParsedEntry, ParsedStatement
from tests.banking.statements import told

OWN = "DE89370400440532013000"
PAYER = "FR1420041010050500013M02606"


def balance(code: str, amount: str, mark: str = "CRDT", currency: str = "EUR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>"
    )


def entry(
    amount: str = "100.00",
    mark: str = "CRDT",
    *,
    currency: str = "EUR",
    status: str = "<Sts>BOOK</Sts>",
    dates: str = "<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt>",
    details: str = "",
    more: str = "",
) -> str:
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>{status}{dates}{more}{inside}</Ntry>"
    )


def file(
    *parts: str, version: str = "053.001.08", message: str = "BkToCstmrStmt", statement: str = "Stmt", account: str = ""
) -> bytes:
    account = account or f"<Acct><Id><IBAN>{OWN}</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>Host GmbH</Nm></Ownr></Acct>"
    inside = "\n".join(parts)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}">'
        f"<{message}><GrpHdr/><{statement}><Id>S1</Id>{account}\n{inside}\n</{statement}></{message}></Document>"
    ).encode()


def only(source: bytes) -> ParsedStatement:
    [statement] = camt053.parse(source).statements
    return statement


def only_entry(*parts: str) -> ParsedEntry:
    [found] = only(file(*parts)).entries
    return found


@pytest.mark.parametrize(
    ("version", "message", "statement", "file_format"),
    [
        ("053.001.02", "BkToCstmrStmt", "Stmt", "camt053"),
        ("053.001.01", "BkToCstmrStmtV01", "Stmt", "camt053"),
        ("053.001.14", "BkToCstmrStmt", "Stmt", "camt053"),
        ("053.001.99", "BkToCstmrStmt", "Stmt", "camt053"),
        ("052.001.08", "BkToCstmrAcctRpt", "Rpt", "camt052"),
        ("054.001.04", "BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt054"),
    ],
)
def test_every_message_and_version_is_read_the_same_way(version, message, statement, file_format):
    found = only(file(entry(), version=version, message=message, statement=statement))

    assert found.format == file_format
    assert [(item.amount, item.status) for item in found.entries] == [(Decimal("100.00"), "booked")]


def test_balances_prove_the_entries():
    found = only(file(balance("OPBD", "10.00"), balance("CLBD", "85.00"), entry("100.00"), entry("25.00", "DBIT")))

    assert [str(item.amount) for item in found.entries] == ["100.00", "-25.00"]
    assert found.proved is True


def test_missing_entry_leaves_the_statement_unproved():
    found = only(file(balance("OPBD", "10.00"), balance("CLBD", "85.00"), entry("100.00")))

    assert found.proved is False


def test_pages_prove_with_interim_balances():
    found = only(file(balance("ITBD", "10.00"), balance("ITBD", "110.00"), entry("100.00")))

    assert (str(found.opening.amount), str(found.closing.amount), found.proved) == ("10.00", "110.00", True)


def test_pending_entries_are_not_in_the_sum():
    found = only(
        file(
            balance("OPBD", "0.00"),
            balance("CLBD", "100.00"),
            entry("100.00"),
            entry("7.00", status="<Sts><Cd>PDNG</Cd></Sts>"),
        )
    )

    assert [item.status for item in found.entries] == ["booked", "pending"]
    assert found.proved is True


def test_entry_for_information_moves_nothing_and_is_named():
    found = only(file(entry(), entry("9.00", status="<Sts><Cd>INFO</Cd></Sts>")))

    assert len(found.entries) == 1
    assert [refusal.line for refusal in found.refused] == [4]


def test_reversal_keeps_the_sign_that_the_entry_tells():
    found = only_entry(entry("30.00", "DBIT", more="<RvslInd>true</RvslInd>"))

    assert (found.amount, found.is_reversal) == (Decimal("-30.00"), True)


@pytest.mark.parametrize("name", ["<Nm>Ann Payer</Nm>", "<Pty><Nm>Ann Payer</Nm></Pty>"])
def test_name_is_found_in_both_places(name):
    found = only_entry(
        entry(
            details=f"<TxDtls><RltdPties><Dbtr>{name}</Dbtr><DbtrAcct><Id><IBAN>{PAYER}</IBAN></Id></DbtrAcct>"
            "</RltdPties></TxDtls>"
        )
    )

    assert (found.counterparty_name, found.counterparty_iban) == ("Ann Payer", PAYER)


def test_other_side_of_a_debit_is_the_creditor():
    found = only_entry(
        entry(
            mark="DBIT",
            details="<TxDtls><RltdPties><Dbtr><Nm>Host GmbH</Nm></Dbtr><Cdtr><Nm>Registry</Nm></Cdtr></RltdPties>"
            "</TxDtls>",
        )
    )

    assert found.counterparty_name == "Registry"


def test_returned_transfer_names_the_party_that_is_not_us():
    details = (
        f"<TxDtls><RltdPties><Dbtr><Nm>Host GmbH</Nm></Dbtr><DbtrAcct><Id><IBAN>{OWN}</IBAN></Id></DbtrAcct>"
        "<Cdtr><Nm>Supplier</Nm></Cdtr></RltdPties><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
    )

    found = only_entry(entry(details=details))

    assert (found.counterparty_name, found.is_reversal) == ("Supplier", True)


def test_references_of_the_detail_win_and_absent_ones_are_empty():
    details = (
        "<TxDtls><Refs><AcctSvcrRef>D-1</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId><MndtId>M-7</MndtId></Refs>"
        "<RmtInf><Ustrd>Invoice 1042</Ustrd><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>"
        "</TxDtls>"
    )

    found = only_entry(entry(details=details, more="<AcctSvcrRef>E-1</AcctSvcrRef>"))

    assert (found.bank_reference, found.reference_is_unique) == ("D-1", True)
    assert (found.end_to_end_id, found.mandate_id) == ("", "M-7")
    assert (found.remittance_information, found.structured_reference) == ("Invoice 1042", "RF18539007547034")


def test_reference_that_repeats_identifies_nothing():
    same = "<AcctSvcrRef>SAME</AcctSvcrRef>"

    found = only(file(entry(more=same), entry(more=same), entry(more="<AcctSvcrRef>OTHER</AcctSvcrRef>")))

    assert [item.reference_is_unique for item in found.entries] == [False, False, True]


def test_text_cut_at_140_characters_is_joined_without_a_blank():
    first = "x" * 137 + "INV"

    found = only_entry(entry(details=f"<TxDtls><RmtInf><Ustrd>{first}</Ustrd><Ustrd>-1042</Ustrd></RmtInf></TxDtls>"))
    other = only_entry(entry(details="<TxDtls><RmtInf><Ustrd>Invoice</Ustrd><Ustrd>1042</Ustrd></RmtInf></TxDtls>"))

    assert found.remittance_information.endswith("INV-1042")
    assert other.remittance_information == "Invoice 1042"


def test_keywords_inside_the_text_are_taken_apart():
    found = only_entry(
        entry(details="<TxDtls><RmtInf><Ustrd>EREF+E2E-9 MREF+M-1 SVWZ+Rechnung 1042</Ustrd></RmtInf></TxDtls>")
    )

    assert (found.end_to_end_id, found.mandate_id, found.remittance_information) == ("E2E-9", "M-1", "Rechnung 1042")


def test_text_of_the_entry_is_taken_when_there_is_no_other():
    assert only_entry(entry(more="<AddtlNtryInf>Account fee</AddtlNtryInf>")).remittance_information == "Account fee"


def test_original_amount_is_kept_where_it_differs():
    details = "<TxDtls><AmtDtls><InstdAmt><Amt Ccy='USD'>110.00</Amt></InstdAmt></AmtDtls></TxDtls>"

    found = only_entry(entry("100.00", details=details))

    assert (found.original_amount, found.original_currency) == (Decimal("110.00"), "USD")


def detail(amount: str, number: int, *, path: str = "Amt", currency: str = "EUR", mark: str = "") -> str:
    money = f"<Amt Ccy='{currency}'>{amount}</Amt>"
    inside = money if path == "Amt" else f"<AmtDtls><TxAmt>{money}</TxAmt></AmtDtls>"
    return f"<TxDtls><Refs><EndToEndId>E{number}</EndToEndId></Refs>{inside}{mark}</TxDtls>"


@pytest.mark.parametrize("path", ["Amt", "TxAmt"])
def test_batch_becomes_its_payments(path):
    batch = detail("60.00", 1, path=path) + detail("40.00", 2, path=path)

    found = only(
        file(
            balance("OPBD", "0.00"),
            balance("CLBD", "100.00"),
            entry(details=batch, more="<AcctSvcrRef>B-1</AcctSvcrRef>"),
        )
    )

    assert [(item.amount, item.end_to_end_id, item.bank_reference, item.batch_line) for item in found.entries] == [
        (Decimal("60.00"), "E1", "B-1/1", 1),
        (Decimal("40.00"), "E2", "B-1/2", 2),
    ]
    assert all(item.reference_is_unique for item in found.entries)
    assert found.proved is True


def test_batch_with_a_payment_the_other_way_adds_up():
    batch = detail("110.00", 1) + detail("10.00", 2, mark="<CdtDbtInd>DBIT</CdtDbtInd>")

    found = only(file(entry(details=batch)))

    assert [str(item.amount) for item in found.entries] == ["110.00", "-10.00"]


@pytest.mark.parametrize(
    "batch",
    [
        detail("60.00", 1) + detail("30.00", 2),  # does not add up
        "<TxDtls><Refs/></TxDtls><TxDtls><Refs/></TxDtls>",  # tells no amounts, as version .02
        detail("60.00", 1) + detail("44.00", 2, currency="USD"),
    ],
)
def test_batch_that_does_not_add_up_stays_what_was_booked(batch):
    [found] = only(file(entry("100.00", details=batch))).entries

    assert (found.amount, found.batch_line) == (Decimal("100.00"), 0)


def test_value_date_stands_in_for_a_missing_booking_date():
    found = only_entry(entry(dates="<ValDt><DtTm>2026-03-03T23:30:00-05:00</DtTm></ValDt>"))

    assert (found.booking_date, found.value_date) == (date(2026, 3, 3), date(2026, 3, 3))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (entry("abc"), "The amount 'abc' cannot be read."),
        (entry(""), "The amount '' cannot be read."),
        (entry("-5.00"), "The amount '-5.00' has a sign; CdtDbtInd alone gives the direction."),
        (entry("1e3"), "The amount '1e3' cannot be read."),
        (entry("NaN"), "The amount 'NaN' cannot be read."),
        (entry("1.234"), "The amount '1.234' has more decimals than EUR has."),
        (entry(mark="CREDIT"), "CdtDbtInd is 'CREDIT' and neither CRDT nor DBIT."),
        (entry(currency="USD"), "The amount is in USD, but the account is in EUR."),
        (entry(currency=""), "The amount has no currency."),
        (entry(dates=""), "The entry has neither a booking date nor a value date."),
        (entry(dates="<BookgDt><Dt>2026-02-30</Dt></BookgDt>"), "The date '2026-02-30' cannot be read."),
        (entry(dates="<BookgDt><Dt>soon</Dt></BookgDt>"), "The date 'soon' cannot be read."),
        (
            entry(status="<Sts><Prtry>MAYBE</Prtry></Sts>"),
            "The status 'MAYBE' does not say whether the entry is booked.",
        ),
    ],
)
def test_unreadable_entry_is_refused_with_its_line_and_nothing_else_is(broken, reason):
    found = only(file(balance("OPBD", "0.00"), balance("CLBD", "200.00"), entry(), broken))

    assert told(found.refused) == [(6, reason)]
    assert [str(item.amount) for item in found.entries] == ["100.00"]
    assert found.proved is False


def test_file_without_a_readable_entry_is_an_error():
    with pytest.raises(
        UnreadableStatement, match=r"No entry of the file can be read \(2 refused\)\. Line 3: The amount"
    ):
        only(file(entry("abc"), entry("def")))


def test_statement_of_a_quiet_day_is_taken_when_its_balances_agree():
    found = only(file(balance("OPBD", "5.00"), balance("CLBD", "5.00")))

    assert (found.entries, found.proved) == ((), True)


@pytest.mark.parametrize("parts", [(), (balance("OPBD", "5.00"), balance("CLBD", "6.00"))])
def test_statement_without_entries_is_an_error_otherwise(parts):
    with pytest.raises(UnreadableStatement, match="no entries"):
        only(file(*parts))


def test_two_currencies_in_one_statement_are_refused():
    account = f"<Acct><Id><IBAN>{OWN}</IBAN></Id></Acct>"

    with pytest.raises(UnreadableStatement, match=r"mixes currencies: EUR \(line 3\), USD \(line 4\)"):
        only(file(entry(), entry(currency="USD"), account=account))


def test_unreadable_balance_is_named_and_proves_nothing():
    found = only(file(balance("OPBD", "abc"), balance("CLBD", "100.00"), entry()))

    assert told(found.refused) == [(3, "A balance cannot be read: The amount 'abc' cannot be read.")]
    assert (found.opening, found.proved) == (None, None)


@pytest.mark.parametrize(
    "source",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><Document><BkToCstmrStmt/></Document>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Document/>',
        b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>',
    ],
)
def test_document_type_and_entities_are_refused(source):
    with pytest.raises(UnreadableStatement, match="document type or entities"):
        camt053.parse(source)


def test_broken_xml_says_where():
    with pytest.raises(UnreadableStatement, match="broken at line 2, column"):
        camt053.parse(b"<Document>\n<BkToCstmrStmt></Document>")


def test_deep_nesting_is_refused():
    with pytest.raises(UnreadableStatement, match="nested deeper than 60"):
        camt053.parse(b"<a>" * 5000 + b"</a>" * 5000)


def test_payment_order_is_no_statement():
    with pytest.raises(UnknownFormat, match="no camt"):
        camt053.parse(
            b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn/></Document>'
        )


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_declared_encodings_are_read(encoding):
    text = file(entry(more="<AddtlNtryInf>Gebühr</AddtlNtryInf>")).decode().replace("UTF-8", encoding)

    [found] = only(text.encode(encoding)).entries

    assert found.remittance_information == "Gebühr"


@pytest.mark.parametrize("encoding", ["utf-7", "rot13", "no-such-thing", "idna"])
def test_strange_encodings_are_refused(encoding):
    source = file(entry()).decode().replace("UTF-8", encoding).encode()

    with pytest.raises(UnreadableStatement, match="is written in"):
        camt053.parse(source)


def test_raw_text_is_the_entry_itself():
    source = entry(more="<AddtlNtryInf>Größe</AddtlNtryInf>")

    assert only_entry(source).raw == source


def test_too_many_entries_are_refused():
    with pytest.raises(FileTooLarge, match="50,000 entries"):
        camt053.parse(file("<Ntry/>" * 50_001))


def account_last(*entries: str) -> bytes:
    account = f"<Acct><Id><IBAN>{OWN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return file(*entries, account, account=" ")


def test_entries_that_stand_before_their_account_are_read_by_it():
    found = only(account_last(entry("1.00"), entry("2.00", currency="USD")))

    assert (found.account.iban, found.account.currency) == (OWN, "EUR")
    assert [one.amount for one in found.entries] == [Decimal("1.00")]
    assert ["the account is in EUR" in one.reason for one in found.refused] == [True]


def test_very_many_entries_before_their_account_are_refused():
    assert len(only(account_last(*[entry()] * 1000)).entries) == 1000
    with pytest.raises(UnreadableStatement, match="More than 1,000 entries stand before the account"):
        camt053.parse(account_last(*[entry()] * 1001))


def test_entries_tell_the_currency_that_nothing_else_does():
    account = f"<Acct><Id><IBAN>{OWN}</IBAN></Id></Acct>"

    found = only(file(entry("1.00", currency="SEK"), entry("2.00", currency="SEK"), account=account))

    assert (found.account.currency, len(found.entries), found.refused) == ("SEK", 2, ())
    with pytest.raises(UnreadableStatement, match=r"mixes currencies: SEK \(line [0-9]+\), NOK \(line"):
        camt053.parse(file(entry("1.00", currency="SEK"), entry("2.00", currency="NOK"), account=account))


def test_more_elements_than_are_held_at_once_are_refused():
    with pytest.raises(FileTooLarge, match="more than 400,000 elements in one place"):
        camt053.parse(b"<Document>" + b"<a/>" * 400_001 + b"</Document>")


def test_entry_named_element_outside_of_a_statement_is_no_entry():
    assert len(only(file(entry(), "<SplmtryData><Ntry/></SplmtryData>")).entries) == 1
