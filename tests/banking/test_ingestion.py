"""Every rule by which an entry is the same entry, on a real account."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banking.models import BankTransaction, PendingEntry
from banking.services.ingestion import ingest_entries, preview_entries
from banking.services.notes import Note
from tests.banking.entries import MONDAY, bank_account, fetched, from_file, uploaded
from tests.banking.statements import told

LIVE = "gocardless_bad"

TUESDAY = MONDAY + timedelta(1)
SUNDAY = MONDAY + timedelta(6)


@pytest.fixture
def account(in_acme):
    return bank_account()


def ingest(account, *entries, source="camt.053", first=None, last=None, **more):
    if source != LIVE:
        more["statement_import"] = uploaded(account, source)
    return ingest_entries(
        account=account, entries=entries, source=source, complete_from=first, complete_until=last, **more
    )


def live(account, *entries, first=MONDAY, last=SUNDAY, **more):
    return ingest(account, *entries, source=LIVE, first=first, last=last, **more)


def counts(result):
    return (result.new, result.known, len(result.refused), len(result.noted))


def stored(account):
    return sorted(account.transactions.values_list("booking_date", "amount", "remittance_information"))


def test_a_new_entry_keeps_every_fact_and_waits_for_the_engine(account):
    ingest(
        account,
        from_file(
            counterparty_iban="NL91 ABNA 0417 1643 00", end_to_end_id="E2E-1", structured_reference="RF18539007547034",
            bank_reference="B-7", bank_transaction_code="PMNT-RCDT-ESCT", original_amount=Decimal("13.00"),
            original_currency="USD", raw="<Ntry/>",
        ),
    )  # fmt: skip

    row = account.transactions.get()
    assert (row.booking_date, row.value_date, row.amount, row.currency) == (MONDAY, MONDAY, Decimal("11.900"), "EUR")
    assert (row.counterparty_name, row.counterparty_last4) == ("Erika Muster", "4300")
    assert (row.end_to_end_id, row.structured_reference) == ("E2E-1", "RF18539007547034")
    assert (row.bank_reference, row.bank_transaction_code) == ("B-7", "PMNT-RCDT-ESCT")
    assert (row.original_amount, row.original_currency) == (Decimal("13.000"), "USD")
    assert (row.state, row.allocated, row.proposed_at) == ("UNRECONCILED", 0, None)
    assert b"NL91" not in bytes(row.counterparty_iban_sealed)
    assert b"Ntry" not in bytes(row.raw_sealed)


@pytest.mark.parametrize("source", ["camt.053", LIVE])
def test_same_entries_again_add_nothing(account, source):
    entries = [fetched(internal="a"), fetched("RE-1043", internal="b")] if source == LIVE else [from_file()] * 2
    ingest(account, *entries, source=source)

    again = ingest(account, *reversed(entries), source=source)

    assert counts(again) == (0, 2, 0, 0)
    assert account.transactions.count() == 2


def test_two_equal_transfers_on_one_day_are_two(account):
    result = ingest(account, from_file(), from_file())

    assert counts(result) == (2, 0, 0, 0)
    assert len(set(account.transactions.values_list("identity", flat=True))) == 2


def test_a_third_equal_transfer_of_the_day_is_one_more(account):
    ingest(account, from_file(), from_file())

    result = ingest(account, from_file(), from_file(), from_file())

    assert counts(result) == (1, 2, 0, 0)
    assert account.transactions.count() == 3


def test_two_equal_transfers_with_ids_of_the_provider_are_two(account):
    result = live(account, fetched(internal="a"), fetched(internal="b"))

    assert counts(result) == (2, 0, 0, 0)


def test_a_twin_that_arrives_later_is_new(account):
    live(account, fetched(internal="a"))

    result = live(account, fetched(internal="b"), fetched(internal="a"))

    assert counts(result) == (1, 1, 0, 0)


def test_an_id_twice_in_one_answer_is_one_entry(account):
    result = live(account, fetched(internal="a"), fetched(internal="a"))

    assert counts(result) == (1, 1, 0, 0)


def test_other_ids_after_a_renewed_consent_add_nothing(account):
    live(account, fetched(internal="a"), fetched(internal="b"), fetched("RE-1043", internal="c"))

    result = live(account, fetched(internal="x"), fetched("RE-1043", internal="z"), fetched(internal="y"))

    assert counts(result) == (0, 3, 0, 0)
    assert account.transactions.count() == 3


def test_a_single_entry_under_another_id_is_shown_and_not_doubled(account):
    live(account, fetched(internal="a"), fetched("RE-1043", internal="c"))

    result = live(account, fetched(internal="x"), fetched("RE-1043", internal="c"))

    assert counts(result) == (0, 2, 0, 1)
    assert result.noted[0].why.words is Note.OTHER_ID


def test_an_entry_sent_again_on_another_day_under_another_id_is_shown_and_not_doubled(account):
    live(account, fetched(internal="a", bank="2026030212345"))

    result = live(
        account, fetched(internal="a", bank="2026030212345"), fetched(day=TUESDAY, internal="b", bank="2026030212345")
    )

    assert counts(result) == (0, 2, 0, 1)
    assert result.noted[0].why.words is Note.OTHER_ID
    assert stored(account) == [(MONDAY, Decimal("11.900"), "Invoice RE-1042")]


def test_a_bank_id_that_stands_on_different_entries_says_nothing(account):
    result = live(
        account,
        fetched(internal="a", bank="0001"),
        fetched(day=TUESDAY, internal="b", bank="0001"),
        fetched("Something else", "70.00", internal="c", bank="0001"),
    )

    assert counts(result) == (3, 0, 0, 0)


def test_an_equal_payment_on_the_next_day_is_another(account):
    live(account, fetched(internal="a", bank="1"))

    result = live(account, fetched(internal="a", bank="1"), fetched(day=TUESDAY, internal="b", bank="2"))

    assert counts(result) == (1, 1, 0, 0)


def test_a_known_id_with_another_amount_keeps_the_stored_one_and_is_shown(account):
    live(account, fetched(internal="a"))

    result = live(account, fetched(internal="a", amount="119.00"))

    assert counts(result) == (0, 1, 0, 1)
    assert result.noted[0].why.words is Note.CHANGED_FACTS
    assert account.transactions.get().amount == Decimal("11.900")


def test_an_amended_text_is_shown_and_not_doubled(account):
    live(account, fetched("Invoice RE-1042 from Erika"))

    result = live(account, fetched("Invoice RE-1042 from Erika, thank you"))

    assert counts(result) == (0, 1, 0, 1)
    assert result.noted[0].why.words is Note.AMENDED_TEXT
    assert account.transactions.get().remittance_information == "Invoice RE-1042 from Erika"


def test_another_invoice_number_is_another_payment(account):
    live(account, fetched("Invoice RE-1042"))

    result = live(account, fetched("Invoice RE-1042"), fetched("Invoice RE-1043"))

    assert counts(result) == (1, 1, 0, 0)


def test_an_entry_that_the_bank_shows_no_longer_is_kept_and_shown(account):
    live(account, fetched(internal="a"), fetched("RE-1043", day=TUESDAY, internal="b"))

    result = live(account, fetched(internal="a"))

    assert counts(result) == (0, 1, 0, 1)
    assert "no longer shows an entry of 3 Mar 2026" in result.noted[0].reason
    assert account.transactions.count() == 2


def test_a_file_of_what_the_api_brought_adds_nothing(account):
    live(
        account,
        fetched("Invoice RE-2026-01042", internal="a", counterparty_name="ERIKA MUSTER"),
        fetched("Invoice RE-2026-01042", internal="b", counterparty_name="ERIKA MUSTER"),
        fetched("", "20.00", internal="c", counterparty_name=""),
    )

    result = ingest(
        account,
        from_file("SVWZ+Invoice RE-2026-0 1042 Erika", counterparty_name="Muster, Erika"),
        from_file("SVWZ+Invoice RE-2026-0 1042 Erika", counterparty_name="Muster, Erika"),
        from_file("Transfer", "20.00", counterparty_name="Unknown Ltd"),
        source="mt940",
    )

    assert counts(result) == (0, 3, 0, 0)
    assert account.transactions.count() == 3


def test_the_api_after_the_file_adds_only_what_the_file_lacks(account):
    ingest(account, from_file("Invoice RE-1042 Erika"), source="mt940")

    result = live(account, fetched("RE-1042", internal="a"), fetched("RE-1043", internal="b"))

    assert counts(result) == (1, 1, 0, 0)
    assert [text for _, _, text in stored(account)] == ["Invoice RE-1042 Erika", "RE-1043"]


def test_file_and_api_that_contradict_each_other_are_two_payments(account):
    live(account, fetched("Invoice", internal="a", counterparty_iban="DE02120300000000202051"))

    result = ingest(account, from_file("Invoice", counterparty_iban="NL91ABNA0417164300"), source="mt940")

    assert counts(result) == (1, 0, 0, 0)


def test_two_sources_may_book_an_entry_a_day_apart_where_both_cover_both_days(account):
    live(account, fetched("First", "1.00", MONDAY - timedelta(3), internal="a"), fetched("RE-1042", internal="b"),
         fetched("Last", "2.00", SUNDAY, internal="c"), first=MONDAY - timedelta(3))  # fmt: skip

    result = ingest(account, from_file("RE-1042", day=TUESDAY), source="mt940", first=MONDAY, last=SUNDAY)

    assert counts(result) == (0, 1, 0, 0)


def test_a_batch_that_the_api_shows_as_one_sum_is_not_stored_beside_it(account):
    live(account, fetched("Batch of 2", "30.00", internal="a"), fetched("Other", "5.00", internal="b"))

    result = ingest(
        account, from_file("RE-1", "10.00", batch_line=1), from_file("RE-2", "20.00", batch_line=2),
        from_file("Other", "5.00"),
    )  # fmt: skip

    assert counts(result) == (0, 3, 0, 2)
    assert {note.why.words for note in result.noted} == {Note.ONE_SUM}


def test_a_batch_that_nobody_has_as_one_sum_is_stored_payment_by_payment(account):
    result = ingest(account, from_file("RE-1", "10.00", batch_line=1), from_file("RE-2", "20.00", batch_line=2))

    assert counts(result) == (2, 0, 0, 0)


def test_a_like_payment_beyond_the_other_sources_days_is_kept_and_shown(account):
    live(account, fetched("RE-1042", internal="a"), last=MONDAY)

    result = ingest(account, from_file("RE-1042", day=TUESDAY), source="mt940")

    assert counts(result) == (1, 0, 0, 1)
    assert result.noted[0].why.words is Note.MAYBE_KNOWN


def test_another_currency_than_the_accounts_is_refused_and_the_rest_is_stored(account):
    result = ingest(account, from_file(), from_file("Other", currency="USD", line=9))

    assert counts(result) == (1, 0, 1, 0)
    assert told(result.refused) == [(9, "The entry is in USD, the account is in EUR.")]


def test_a_preview_counts_and_writes_nothing(account):
    ingest(account, from_file())

    result = preview_entries(
        account=account, currency="EUR", entries=[from_file(), from_file("RE-1043")], source="camt.053"
    )

    assert (result.new, result.known) == (1, 1)
    assert account.transactions.count() == 1


def test_a_preview_without_an_account_shows_everything_as_new(in_acme):
    result = preview_entries(account=None, currency="EUR", entries=[from_file(), from_file()], source="csv")

    assert (result.new, result.known) == (2, 0)
    assert BankTransaction.objects.count() == 0


def test_the_cursor_moves_with_the_rows_and_never_back(account):
    live(account, fetched(internal="a"), last=SUNDAY)
    live(account, fetched(internal="a"), last=TUESDAY)
    ingest(account, from_file("RE-9", day=date(2026, 4, 1)))

    account.refresh_from_db()
    assert account.cursor_date == SUNDAY


def test_pending_entries_are_replaced_whole(account):
    live(account, pending=[fetched("Soon", status="pending"), fetched("Later", status="pending")])

    live(account, fetched("Soon", internal="a"), pending=[fetched("Later", status="pending")])

    assert list(PendingEntry.objects.values_list("remittance_information", flat=True)) == ["Later"]
    assert account.transactions.count() == 1


def test_text_that_the_database_cannot_hold_is_cleaned_and_stays_the_same_entry(account):
    odd = fetched("Inv\x00oice \ud800 RE-1", internal="", counterparty_name="N" * 300, bank_reference="R" * 300)

    first, second = live(account, odd), live(account, odd)

    assert (counts(first), counts(second)) == ((1, 0, 0, 0), (0, 1, 0, 0))
    assert len(account.transactions.get().counterparty_name) == 200


def test_the_same_file_at_two_accounts_is_stored_at_each(account):
    other = bank_account("DE02120300000000202051")
    ingest(account, from_file())

    assert counts(ingest(other, from_file())) == (1, 0, 0, 0)


def test_queries_do_not_grow_with_the_entries(account):
    def queries(number):
        entries = [from_file(f"RE-{number}-{one}", day=MONDAY + timedelta(number + one % 5)) for one in range(number)]
        with CaptureQueriesContext(connection) as captured:
            assert counts(ingest(account, *entries)) == (number, 0, 0, 0)
        return len(captured)

    assert queries(400) == queries(4)


def test_an_entry_that_one_answer_tells_twice_under_one_id_is_stored_once_and_not_lost(account):
    told = [fetched(internal="a", bank="B-1"), fetched(internal="a", bank="B-1")]

    result = live(account, *told)

    assert (result.new, result.known, account.transactions.count()) == (1, 1, 1)


def test_a_banks_own_id_that_comes_again_with_another_amount_is_another_entry(account):
    source = "enable_banking"
    ingest_entries(account=account, entries=[fetched(internal="0", bank="0")], source=source)

    other = fetched(amount="25.00", internal="0", bank="0")
    again = ingest_entries(account=account, entries=[other], source=source)

    assert (again.new, account.transactions.count()) == (1, 2)
