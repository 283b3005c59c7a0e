"""Upload, columns, preview, commit: each file once, and nothing by halves."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from banking.models import BankAccount, BankTransaction, StatementImport
from banking.services import statement_commit, statement_contents, statement_preview
from banking.services import statement_import as imports
from banking.services.ingestion import ingest_entries
from banking.services.linking import new_account
from banking.services.statement_files import AccountNotNamed, CurrencyDiffers, StatementRefused, WrongAccount
from tests.banking import statements
from tests.banking.entries import IBAN, MONDAY, fetched

LIVE = "gocardless_bad"

State = StatementImport.State
SAMPLES = Path(__file__).parent.parent / "samples"
TWO = (("11.90", "Invoice RE-1042"), ("50.00", "Invoice RE-1043"))


@pytest.fixture
def account(in_acme):
    row = new_account(number=IBAN, currency="EUR", is_iban=True)
    row.save()
    return row


def upload(content, account=None, name="statement.xml", **more):
    return imports.upload_statement(account=account, file_name=name, content=content, user_id=7, **more)


def commit(row, now, **more):
    return statement_commit.commit_import(statement_import=row, now=now, **more)


def test_an_upload_is_kept_sealed_and_shown_before_anything_is_imported(account):
    row = upload(statements.camt(*TWO), name="C:\\Bank\\March.xml")

    assert (row.state, row.format, row.file_name, row.account) == (State.READY, "camt", "March.xml", account)
    assert (row.opening, row.closing, row.currency, row.proved) == (Decimal("100.00"), Decimal("161.90"), "EUR", True)
    assert (row.new_count, row.known_count, row.refused) == (2, 0, [])
    assert b"RE-1042" not in bytes(row.file_sealed)
    assert statement_contents.content_of(row) == statements.camt(*TWO)
    assert not BankTransaction.objects.exists()


def test_committing_stores_the_entries_and_the_closing_balance_once(account, now):
    row = upload(statements.camt(*TWO))

    committed, result = commit(row, now)
    again, nothing = commit(row, now)

    account.refresh_from_db()
    assert (committed.state, again.state) == (State.COMMITTED, State.COMMITTED)
    assert (result.new, nothing.new, nothing.known) == (2, 0, 2)
    assert account.transactions.count() == 2
    assert account.booked_balance == Decimal("161.900")
    assert account.cursor_date is None


def test_the_same_file_uploaded_again_adds_nothing(account, now):
    commit(upload(statements.camt(*TWO)), now)

    row = upload(statements.camt(*TWO))
    assert (row.new_count, row.known_count) == (0, 2)
    second, result = commit(row, now)

    assert (second.state, result.new, result.known) == (State.DISCARDED, 0, 2)
    assert account.transactions.count() == 2


def test_twins_in_a_file_stay_two(account, now):
    _, result = commit(upload(statements.camt(("9.90", "Hosting"), ("9.90", "Hosting"))), now)

    assert result.new == 2


def test_another_format_of_the_same_days_adds_nothing(account, now):
    commit(upload(statements.camt(*TWO)), now)

    _, result = commit(upload(statements.mt940(*TWO)), now)

    assert (result.new, result.known) == (0, 2)


def test_a_file_of_what_the_api_brought_adds_only_what_is_new(account, now):
    ingest_entries(
        account=account, entries=[fetched("Invoice RE-1042", "11.90", MONDAY, internal="a")], source=LIVE,
        complete_from=MONDAY, complete_until=MONDAY,
    )  # fmt: skip

    row, result = commit(upload(statements.mt940(*TWO)), now)

    assert (result.new, result.known) == (1, 1)
    assert list(row.transactions.values_list("remittance_information", flat=True)) == ["Invoice RE-1043"]


def test_an_account_that_is_not_known_is_created_by_the_commit(in_acme, now):
    row = upload(statements.camt(*TWO))
    assert row.account is None
    assert not BankAccount.objects.exists()

    committed, _ = commit(row, now)

    made = BankAccount.objects.get()
    assert (committed.account, made.iban_last4, made.currency) == (made, IBAN[-4:], "EUR")
    assert made.transactions.count() == 2


def test_a_file_of_an_unknown_account_that_may_be_one_without_an_iban_asks_before_it_makes_one(in_acme, now):
    known = new_account(number="org-A1", currency="EUR", is_iban=False)
    known.save()
    ingest_entries(account=known, source="simplefin", entries=[fetched(text, amount) for amount, text in TWO])
    row = upload(statements.camt(*TWO))

    with pytest.raises(statement_commit.PerhapsKnownAccount, match="may be •••• G-A1"):
        commit(row, now)
    assert BankAccount.objects.get().transactions.count() == 2

    _, chosen = commit(upload(statements.camt(*TWO), known), now)
    assert (chosen.new, chosen.known) == (0, 2)
    committed, sure = commit(row, now, accept_new_account=True)
    assert (sure.new, committed.account.iban_last4, BankAccount.objects.count()) == (2, IBAN[-4:], 2)


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (statements.camt(*TWO, iban="NL91ABNA0417164300"), WrongAccount, "ending in 4300, not of the one .* 3000"),
        (statements.camt(*TWO, currency="USD"), CurrencyDiffers, "in USD, the account is in EUR"),
        (b"PK\x03\x04zip", StatementRefused, "archive"),
        (b"", StatementRefused, "empty"),
        (b"%PDF-1.7", StatementRefused, "PDF"),
        (b"hello", StatementRefused, "no bank statement"),
        (statements.camt(("1.00", "Invoice")).replace(b">1.00<", b">abc<"), StatementRefused, "No entry of the"),
        (b"x" * (10 * 1024 * 1024 + 1), StatementRefused, "10 MiB"),
        (statements.camt(*TWO).replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1), StatementRefused, "."),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_refused_with_a_sentence_and_nothing_is_kept(account, content, error, said):
    with pytest.raises(error, match=said):
        upload(content, account)

    assert not StatementImport.objects.exists()


def test_a_file_of_several_accounts_is_refused(in_acme):
    two = statements.mt940(*TWO) + statements.mt940(*TWO, iban="NL91ABNA0417164300")

    with pytest.raises(WrongAccount, match=r"several accounts \(…3000, …4300\)"):
        upload(two)


def test_a_file_whose_balances_do_not_add_up_needs_a_persons_word(account, now):
    row = upload(statements.camt(*TWO, closing="999.00"))
    assert row.proved is False

    with pytest.raises(statement_commit.UnprovedStatement, match="do not add up"):
        commit(row, now)
    assert not account.transactions.exists()

    _, result = commit(row, now, accept_unproved=True)
    assert result.new == 2


def test_balances_that_agree_beside_an_unreadable_row_prove_nothing_and_are_not_called_wrong(account, now):
    header = "Buchungstag;Wertstellung;Auftraggeber/Empfänger;Verwendungszweck;Betrag;Saldo"
    rows = ("13.11.2026;13.11.2026;A;RE-1;119,00;1.119,00", "14.11.2026;14.11.2026;B;x;-45,90;1.073,10")
    row = upload(statements.csv(*rows, "15.11.2026;15.11.2026;C;y;abc;1.073,10", header=header), account)
    assert (row.new_count, row.proved) == (2, False)

    with pytest.raises(statement_commit.UnprovedStatement, match="agree, but 1 row of the file could not be read"):
        commit(row, now)

    assert not account.transactions.exists()


def test_an_entry_that_cannot_be_read_is_named_with_its_line_and_the_rest_is_shown(account):
    content = statements.camt(("1.00", "Good"), ("2.00", "Bad")).replace(b">2.00<", b">2.00x<")

    row = upload(content)

    assert (row.new_count, row.proved) == (1, False)
    assert [set(one) for one in row.refused] == [{"line", "reason", "code", "details"}]
    assert row.refused[0]["reason"] == "The amount '2.00x' cannot be read."
    assert (row.refused[0]["code"], row.refused[0]["details"]) == ("amount", {"written": "'2.00x'"})


def test_a_csv_file_whose_columns_are_clear_is_ready(account, now):
    content = statements.csv("31.03.2026;-1.234,56;EUR;Landlord;Rent", "30.03.2026;11,90;EUR;Erika;RE-1042")

    row, result = commit(upload(content, account), now)

    assert (row.format, result.new) == ("csv", 2)
    assert set(account.transactions.values_list("booking_date", "amount", "counterparty_name")) == {
        (date(2026, 3, 31), Decimal("-1234.560"), "Landlord"),
        (date(2026, 3, 30), Decimal("11.900"), "Erika"),
    }


def test_a_csv_file_with_an_open_question_waits_for_its_columns(account, now):
    row = upload(
        statements.csv("01.02.2026;5,00;EUR;Erika;RE-1", "02.03.2026;6,00;EUR;Erika;RE-2").replace(b".", b"/"), account
    )
    assert row.state == State.NEEDS_MAPPING
    with pytest.raises(imports.WrongState):
        commit(row, now)

    detection = imports.detect_columns(row)
    assert [point.setting for point in detection.open_points] == ["date_order"]
    assert detection.rows[0] == ("Booking date", "Amount", "Currency", "Name", "Purpose")
    ready = imports.set_mapping(statement_import=row, mapping={**row.mapping, "date_order": "dmy"})

    assert (ready.state, ready.new_count) == (State.READY, 2)
    _, result = commit(ready, now)
    assert result.new == 2
    assert account.transactions.earliest("booking_date").booking_date == date(2026, 2, 1)


def test_the_columns_of_an_earlier_file_of_the_account_are_used_again(account, now):
    first = upload(statements.csv("01/02/2026;5,00;EUR;Erika;RE-1"), account)
    commit(imports.set_mapping(statement_import=first, mapping={**first.mapping, "date_order": "dmy"}), now)

    row = upload(statements.csv("03/04/2026;7,00;EUR;Erika;RE-9"), account)

    assert (row.state, row.new_count, row.mapping["date_order"]) == (State.READY, 1, "dmy")


@pytest.mark.parametrize("mapping", [{"unknown": 1}, {"date_order": "dmy"}, {"booking_date": "first"}])
def test_a_mapping_that_cannot_be_is_refused_and_nothing_changes(account, mapping):
    row = upload(statements.csv("01/02/2026;5,00;EUR;Erika;RE-1"), account)

    with pytest.raises(StatementRefused):
        imports.set_mapping(statement_import=row, mapping=mapping)

    row.refresh_from_db()
    assert row.state == State.NEEDS_MAPPING


def test_a_csv_file_of_no_named_account_waits_for_its_number(in_acme, now):
    row = upload(statements.csv("31.03.2026;-1.234,56;EUR;Landlord;Rent"))
    assert (row.state, row.account) == (State.NEEDS_MAPPING, None)

    with pytest.raises(AccountNotNamed, match="Choose the account"):
        imports.set_mapping(statement_import=row, mapping=row.mapping)
    assert not BankAccount.objects.exists()

    committed, result = commit(
        imports.set_mapping(statement_import=row, mapping={**row.mapping, "fixed_account": IBAN}), now
    )
    assert (result.new, committed.account.iban_last4) == (1, IBAN[-4:])


def test_a_discarded_import_cannot_be_committed_and_a_committed_one_not_discarded(account, now):
    discarded = imports.discard(statement_import=upload(statements.camt(*TWO)))
    with pytest.raises(imports.WrongState, match="discarded"):
        commit(discarded, now)
    assert not account.transactions.exists()

    committed, _ = commit(upload(statements.camt(*TWO)), now)
    with pytest.raises(imports.WrongState, match="imported already"):
        imports.discard(statement_import=committed)


def test_a_preview_shows_each_row_with_its_verdict(account, now):
    commit(upload(statements.camt(TWO[0])), now)
    row = upload(statements.camt(*TWO))

    shown = statement_preview.preview(row)

    assert [verdict.is_new for verdict in shown.result.verdicts] == [False, True]
    assert shown.account == account


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("camt/apiome-camt.053.001.08.xml", 2),
        ("camt/apiome-camt.054.001.08.xml", 1),
        ("camt/camt.053.001.08-query-farm.xml", 1),
        ("camt/okane-test1.xml", 2),
        ("camt/okane-test2.xml", 6),
        ("camt/painfree-camt.053.001.08.xml", 3),
        ("mt940/swiftmessageparser-asb-two.mt942", 3),
        ("mt940/swiftmessageparser-asb.mt942", 2),
        ("mt940/swiftmessageparser-foreign.mt940", 3),
        ("mt940/swiftmessageparser-knab.mt940", 3),
        ("mt940/swiftmessageparser-pln-pages.mt940", 4),
        ("mt940/tryton-abnamro.txt", 3),
    ],
)
def test_other_peoples_files_import_once(in_acme, now, path, count):
    content = (SAMPLES / path).read_bytes()

    first, result = commit(upload(content), now, accept_unproved=True)
    second, again = commit(upload(content), now, accept_unproved=True)

    assert (result.new, first.transactions.count()) == (count, count)
    assert (again.new, again.known) == (0, count)
    assert (first.state, second.state) == (State.COMMITTED, State.DISCARDED)


def test_another_persons_file_of_several_accounts_is_refused(in_acme):
    with pytest.raises(WrongAccount, match="several accounts"):
        upload((SAMPLES / "camt/painfree-camt.054.001.09.xml").read_bytes())

    assert not StatementImport.objects.exists()
