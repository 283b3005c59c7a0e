"""Kept answers read again: rows that an older reader made are put right, and nothing comes twice."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from banking import adapters
from banking.models import BankTransaction, RawFetch, StatementImport
from banking.parsers import gocardless
from banking.parsers.problems import EntryProblem
from banking.parsers.readers import READERS, Reader
from banking.parsers.registry import PARSERS
from banking.parsers.types import ParsedFile, Refusal
from banking.services import fetching, replaying, statement_commit, statement_import
from payymo.shared.sentences import Sentence
from tests.banking import statements
from tests.factories import rows

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = NOW.date()


def told(key, amount="11.90", text="Invoice RE-1042", **more):
    return {
        "internalTransactionId": key, "bookingDate": "2026-11-18",
        "transactionAmount": {"amount": amount, "currency": "EUR"}, "debtorName": "Erika Muster",
        "debtorAccount": {"iban": "NL91ABNA0417164300"}, "remittanceInformationUnstructured": text, **more,
    }  # fmt: skip


@pytest.fixture
def account(in_acme):
    return rows.account()


def keep(account, *entries):
    raw = adapters.new_raw_fetch(
        account, json.dumps({"transactions": {"booked": list(entries)}}), provider="gocardless_bad", fetched_at=NOW,
        complete_from=DAY, complete_until=DAY,
    )  # fmt: skip
    raw.save()
    return raw


@pytest.fixture
def by_an_older_reader(monkeypatch):
    """Read as an older release did: without the payer's text and account, and not at all where the code is XXXX."""

    def older(body):
        read = gocardless.read_transactions(body)
        taken, refused = [], list(read.refused)
        for entry in read.booked:
            if entry.bank_transaction_code == "XXXX":
                refused.append(Refusal(entry.line, Sentence(EntryProblem.TYPE_CODE, {"written": "XXXX"})))
            else:
                taken.append(replace(entry, remittance_information="", counterparty_iban=""))
        return replace(read, booked=tuple(taken), refused=tuple(refused))

    with monkeypatch.context() as patched:
        now = READERS["gocardless_bad"]
        patched.setitem(READERS, "gocardless_bad", Reader(older, now.read_balances, now.has_own_ids))
        yield lambda raw: fetching.process_raw_fetch(raw_fetch_id=raw.pk, now=NOW)


@pytest.fixture
def read_before(account, by_an_older_reader):
    def make(*entries):
        raw = keep(account, *entries)
        by_an_older_reader(raw)
        READERS["gocardless_bad"] = Reader(gocardless.read_transactions, gocardless.read_balances, True)
        return raw

    return make


def replay(*, upgrade=True):
    return replaying.replay(wanted=replaying.fetches(account=None, since=None), upgrade=upgrade, now=NOW)


def stored():
    return list(
        BankTransaction.objects.order_by("pk").values_list("remittance_information", "counterparty_last4", "amount")
    )


def test_texts_of_open_payments_are_put_right_and_looked_at_again(read_before):
    read_before(told("a"))
    BankTransaction.objects.update(proposed_at=NOW)

    found = replay()

    assert (found.rows, found.upgraded, found.left, found.added) == (1, 1, 0, 0)
    assert stored() == [("Invoice RE-1042", "4300", Decimal("11.90"))]
    row = BankTransaction.objects.get()
    assert row.proposed_at is None
    assert adapters.sealing.unseal(row, "counterparty_iban_sealed") == "NL91ABNA0417164300"


def test_a_second_replay_finds_nothing_to_do(read_before):
    read_before(told("a"), told("b", text="Other"))
    replay()

    found = replay()

    assert (found.rows, found.upgraded, found.added, dict(found.differs)) == (2, 0, 0, {})
    assert len(stored()) == 2


def test_without_upgrade_the_same_is_told_and_nothing_changes(read_before):
    raw = read_before(told("a"), told("b", proprietaryBankTransactionCode="XXXX"))
    before = stored()

    found = replay(upgrade=False)

    assert (found.upgraded, found.added, found.differs["remittance_information"]) == (1, 1, 1)
    assert stored() == before
    assert len(RawFetch.objects.get(pk=raw.pk).refused) == 1


def test_what_was_refused_before_is_stored_once(read_before):
    raw = read_before(told("a"), told("b", amount="5.00", proprietaryBankTransactionCode="XXXX"))

    found = [replay().added, replay().added]

    assert found == [1, 0]
    assert [amount for _, _, amount in stored()] == [Decimal("11.90"), Decimal("5.00")]
    assert RawFetch.objects.get(pk=raw.pk).refused == []


def test_an_answer_is_left_when_an_entry_that_was_not_refused_would_look_new(read_before):
    read_before(told(None), told(None, amount="5.00", proprietaryBankTransactionCode="XXXX"))
    BankTransaction.objects.update(erased_at=NOW, raw_sealed=b"", counterparty_name="", amount=Decimal("11.80"))

    found = replay()

    assert (found.added, found.unsure, BankTransaction.objects.count()) == (0, 1, 1)


def test_twins_without_an_id_stay_as_many_as_they_were(read_before):
    read_before(told(None), told(None))

    assert replay().upgraded == 2
    assert len(stored()) == 2
    assert replay().added == 0


def test_a_matched_payment_and_a_booked_amount_are_told_and_left(read_before):
    read_before(told("a"), told("b"), told("c"))
    matched, amount, _ = BankTransaction.objects.order_by("pk")
    BankTransaction.objects.filter(pk=matched.pk).update(state="RECONCILED", allocated=Decimal("11.90"))
    BankTransaction.objects.filter(pk=amount.pk).update(amount=Decimal("11.80"))

    found = replay()

    assert (found.upgraded, found.left, found.differs["amount"]) == (1, 2, 1)
    assert [text for text, _, _ in stored()] == ["", "", "Invoice RE-1042"]


def test_an_answer_that_is_kept_no_longer_is_counted_and_an_erased_row_stays_empty(read_before):
    read_before(told("a"))
    BankTransaction.objects.update(erased_at=NOW, raw_sealed=b"", counterparty_name="")
    assert (replay().rows, BankTransaction.objects.get().counterparty_name) == (0, "")
    RawFetch.objects.update(payload_sealed=b"")

    assert (replay().answers, replay().emptied) == (0, 1)


def test_the_command_tells_and_writes_only_on_request(read_before):
    read_before(told("a"))

    def run(*more):
        out = StringIO()
        call_command("replay_fetches", "--tenant", "acme", *more, stdout=out)
        return out.getvalue()

    assert "1 would be put right with --upgrade" in run()
    assert json.loads(run("--json", "--upgrade"))["upgraded"] == 1
    assert stored()[0][0] == "Invoice RE-1042"
    with pytest.raises(CommandError, match="No account of this tenant"):
        run("--account", "XX99")
    with pytest.raises(CommandError):
        call_command("replay_fetches", "--tenant", "nobody")


@pytest.fixture
def imported(account, monkeypatch):
    """Import a file as an older release did: without the payer's text, and without the entry of 5.00."""

    def older(parser):
        def parse(source, hints):
            [whole] = parser.parse(source, hints).statements
            taken, refused = [], []
            for entry in whole.entries:
                if entry.amount == Decimal("5.00"):
                    refused.append(Refusal(entry.line, Sentence(EntryProblem.TYPE_CODE, {"written": "XXXX"})))
                else:
                    taken.append(replace(entry, remittance_information=""))
            return ParsedFile("camt053", (replace(whole, entries=tuple(taken), refused=tuple(refused), proved=None),))

        return SimpleNamespace(name="camt", is_table=False, largest=parser.largest, knows=parser.knows, parse=parse)

    def make(*entries):
        with monkeypatch.context() as patched:
            patched.setitem(PARSERS, "camt", older(PARSERS["camt"]))
            row = statement_import.upload_statement(
                account=account, file_name="a.xml", content=statements.camt(*entries), user_id=None
            )
            return statement_commit.commit_import(statement_import=row, now=NOW)[0]

    return make


def replay_files(*, upgrade=True):
    return replaying.replay(wanted=replaying.files(account=None, since=None), upgrade=upgrade, now=NOW)


def test_a_file_read_again_puts_texts_right_and_adds_what_was_refused_once(imported):
    row = imported(("11.90", "Invoice RE-1042"), ("5.00", "Invoice RE-7"))
    assert [text for text, _, _ in stored()] == [""]

    told_only, done, again = replay_files(upgrade=False), replay_files(), replay_files()

    assert (told_only.upgraded, told_only.added, told_only.answers) == (1, 1, 1)
    assert (done.upgraded, done.added, done.unsure) == (1, 1, 0)
    assert (again.upgraded, again.added, dict(again.differs)) == (0, 0, {})
    assert sorted(text for text, _, _ in stored()) == ["Invoice RE-1042", "Invoice RE-7"]
    row.refresh_from_db()
    assert (row.new_count, row.refused) == (2, [])


def test_a_file_whose_bytes_were_erased_is_counted_and_its_rows_stay(imported):
    imported(("11.90", "Invoice RE-1042"))
    StatementImport.objects.update(file_sealed=b"")

    found = replay_files()

    assert (found.answers, found.emptied, found.rows) == (0, 1, 0)
    assert [text for text, _, _ in stored()] == [""]


def test_a_file_that_was_not_imported_is_not_read_again(imported):
    imported(("11.90", "Invoice RE-1042"))
    StatementImport.objects.update(state="DISCARDED", committed_at=None)

    assert replay_files().answers == 0


def test_the_command_reads_files_on_request(imported):
    imported(("11.90", "Invoice RE-1042"))
    out = StringIO()

    call_command("replay_fetches", "--tenant", "acme", "--files", stdout=out)

    assert "1 files read again" in out.getvalue()
