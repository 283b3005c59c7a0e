"""Fetching an account against the running stand-in: what is stored, and what each failure means for the next time."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from accounts.models import User
from banking import adapters
from banking.adapters import account_ref
from banking.models import AccountQuota, BankAccount, BankConnection, PendingEntry, RawFetch
from banking.services import fetching, provider_keys, schedule
from banking.services.fetching import NotConnected, sync_account
from payymo.sandbox import world
from payymo.shared.errors import Refused
from tenants import context, sealing

State = BankConnection.State


def sync(account, provider, now, **more):
    return sync_account(account_id=account.pk, provider=provider, now=now, **more)


def booked_at_bank(bank, account="main", status="booked"):
    """What the stand-in's own book holds."""
    return [row for row in bank.entries_of(account) if row["status"] == status]


def test_the_first_fetch_stores_every_booked_entry_of_the_bank_once(account, provider, bank, now):
    result = sync(account, provider, now)

    there = booked_at_bank(bank)
    redelivered = result.known
    account.refresh_from_db()
    assert result.outcome == "fetched"
    assert (result.new, result.refused) == (len(there) - redelivered, 0)
    assert 0 <= redelivered <= 2
    assert account.transactions.count() == result.new
    assert account.transactions.filter(state="UNRECONCILED", proposed_at=None).count() == result.new
    assert account.cursor_date == now.date()
    assert account.booked_balance_at == now
    assert (account.failures, account.last_error) == (0, "")


def test_the_stored_entries_add_up_to_what_the_bank_shows(account, provider, bank, now):
    sync(account, provider, now)

    counted = Decimal(sum(row["amount"] for row in booked_at_bank(bank) if row["counts"])) / 100
    opening = Decimal(world.OPENING["acme"][0]) / 100
    account.refresh_from_db()
    assert account.booked_balance == opening + counted
    assert sum(row.amount for row in account.transactions.all()) == counted


def test_a_second_fetch_adds_nothing_and_asks_only_from_ten_days_before_the_cursor(account, provider, now, later):
    sync(account, provider, now)
    account.refresh_from_db()

    result = sync(account, provider, later(hours=3))

    last = RawFetch.objects.latest("pk")
    assert (result.outcome, result.new) == ("fetched", 0)
    assert last.complete_from == now.date() - timedelta(days=10)
    assert len(RawFetch.objects.all()) == 2


def test_a_new_entry_of_the_bank_is_the_only_new_one(account, provider, bank, now, later):
    sync(account, provider, now)
    bank.add(amount="119.00", name="Late Payer", text="RE-2026-99999")

    result = sync(account, provider, later(hours=3))

    assert result.new == 1
    assert account.transactions.get(remittance_information="RE-2026-99999").amount == Decimal("119.000")


def test_true_twins_stay_two(account, provider, bank, now):
    for _ in range(2):
        bank.add(amount="7.77", name="Twin", text="Hosting")

    sync(account, provider, now)

    assert account.transactions.filter(amount="7.77").count() == 2


def test_pending_entries_are_shown_and_become_one_booked_entry_each(account, provider, bank, now, later):
    bank.add(amount="33.33", name="Soon There", text="RE-7", status="pending")
    sync(account, provider, now)
    shown = PendingEntry.objects.filter(amount="33.33").count()
    stored = account.transactions.filter(amount="33.33").count()

    requests.post(f"{bank.base}/_control/bank/acme/book-pending", timeout=60).raise_for_status()
    sync(account, provider, later(hours=3))

    assert (shown, stored) == (1, 0)
    assert not PendingEntry.objects.filter(amount="33.33").exists()
    assert account.transactions.filter(amount="33.33").count() == 1


def test_the_raw_answer_is_kept_sealed(account, provider, now):
    sync(account, provider, now)

    raw = RawFetch.objects.get()
    assert b"transactions" not in bytes(raw.payload_sealed)
    assert len(json.loads(sealing.unseal(raw, "payload_sealed"))["transactions"]["booked"]) > 50
    assert raw.processed_at == now


def test_entries_that_cannot_be_read_are_named_and_the_others_stored(account, provider, bank, now):
    bank.add(amount="1.00", text="Undated", entry={"bookingDate": "", "valueDate": "soon"})
    bank.add(amount="2.00", text="No number", entry={"transactionAmount": {"amount": "abc", "currency": "EUR"}})
    bank.add(amount="3.00", text="Foreign", entry={"transactionAmount": {"amount": "3.00", "currency": "USD"}})
    bank.add(amount="4.00", text="Fine")

    result = sync(account, provider, now)

    reasons = " ".join(one["reason"] for one in RawFetch.objects.get().refused)
    assert result.refused == 3
    assert "date 'soon' cannot be read" in reasons
    assert "amount 'abc' cannot be read" in reasons
    assert "The entry is in USD, the account is in EUR." in reasons
    odd = account.transactions.filter(remittance_information__in=["Undated", "No number", "Foreign", "Fine"])
    assert [row.remittance_information for row in odd] == ["Fine"]


@pytest.mark.parametrize("form", ["api", "bank"])
def test_a_used_up_limit_keeps_the_cursor_and_waits_for_the_reset(account, provider, bank, now, later, form):
    sync(account, provider, now)
    account.refresh_from_db()
    cursor = account.cursor_date
    bank.fault("rate_limited", form=form, reset=5000)

    result = sync(account, provider, later(hours=3))

    account.refresh_from_db()
    quota = AccountQuota.objects.get(account=account, scope="transactions")
    assert (result.outcome, result.reason) == ("waiting", "rate_limited")
    assert (account.cursor_date, account.failures) == (cursor, 0)
    assert later(hours=3, seconds=5000) <= account.next_sync_at <= later(hours=3, seconds=5100)
    assert (quota.used, quota.limit) == (10, 10)
    assert quota.resets_at == later(hours=3, seconds=5000)


def test_the_last_call_of_the_day_is_kept_for_a_person(account, provider, now, later):
    AccountQuota.objects.create(account=account, scope="transactions", limit=4, used=3, resets_at=later(hours=5))

    scheduled = sync(account, provider, now)
    asked = sync(account, provider, now, by_hand=True)

    assert (scheduled.outcome, asked.outcome) == ("waiting", "fetched")


def test_without_calls_left_the_provider_is_not_asked(account, provider, bank, now, later):
    AccountQuota.objects.create(account=account, scope="transactions", limit=4, used=4, resets_at=later(hours=5))

    result = sync(account, provider, now, by_hand=True)

    account.refresh_from_db()
    assert result.outcome == "waiting"
    assert account.next_sync_at >= later(hours=5)
    assert not RawFetch.objects.exists()


def test_the_providers_headers_correct_the_count(account, provider, now):
    sync(account, provider, now)

    quota = AccountQuota.objects.get(account=account, scope="transactions")
    assert (quota.limit, quota.used) == (10, 1)


@pytest.mark.parametrize("form", ["", "revoked"])
def test_an_ended_consent_stops_the_connection_in_plain_words(account, provider, bank, now, later, form):
    sync(account, provider, now)
    count = account.transactions.count()
    bank.fault("consent_expired", form=form)

    result = sync(account, provider, later(hours=3))

    connection = BankConnection.objects.get(pk=account.connection_id)
    assert (result.outcome, result.reason, connection.state) == ("failed", "consent_ended", State.EXPIRED)
    assert "consent has ended" in connection.last_error
    assert not connection.accounts.exclude(next_sync_at=None).exists()
    assert account.transactions.count() == count
    with pytest.raises(NotConnected):
        sync(account, provider, later(hours=4))


def test_a_consent_that_is_over_by_our_clock_is_not_even_tried(account, provider, now, later):
    sync(account, provider, later(days=181))

    assert BankConnection.objects.get(pk=account.connection_id).state == State.EXPIRED
    assert not RawFetch.objects.exists()


def test_a_suspended_account_asks_for_a_new_consent(account, provider, bank, now):
    bank.fault("suspended")

    result = sync(account, provider, now)

    assert result.reason == "suspended"
    assert BankConnection.objects.get(pk=account.connection_id).state == State.SUSPENDED


def test_errors_of_the_bank_are_tried_once_more_and_then_only_daily(account, provider, bank, now, later):
    bank.fault("server_error", times=2)

    first = sync(account, provider, now)
    account.refresh_from_db()
    soon = account.next_sync_at
    second = sync(account, provider, later(minutes=30))
    account.refresh_from_db()

    assert (first.outcome, second.outcome, second.reason) == ("failed", "failed", "bank_error")
    assert soon <= later(minutes=32)
    assert account.next_sync_at >= later(minutes=30, days=1)
    assert (account.failures, account.last_error) == (2, "The bank answered GoCardless with an error.")
    assert AccountQuota.objects.get(account=account, scope="transactions").used == 0


@pytest.mark.parametrize(("fault", "params"), [("html", {}), ("forbidden_ip", {}), ("html", {"status": 200})])
def test_a_page_instead_of_data_stores_nothing_and_says_so(account, provider, bank, now, fault, params):
    bank.fault(fault, times=2, **params)

    result = sync(account, provider, now)

    account.refresh_from_db()
    assert result.outcome == "failed"
    assert account.last_error
    assert (account.failures, account.cursor_date) == (1, None)
    assert not RawFetch.objects.exists()


def test_a_failure_is_forgotten_by_the_next_success(account, provider, bank, now, later):
    bank.fault("server_error")
    sync(account, provider, now)

    sync(account, provider, later(hours=1))

    account.refresh_from_db()
    assert (account.failures, account.last_error, account.last_error_code) == (0, "", "")


def test_an_answer_that_a_killed_worker_left_is_read_by_the_next(account, provider, now, later):
    answer = provider.fetch_transactions(account=account_ref(account), since=now.date() - timedelta(days=30))
    left = adapters.new_raw_fetch(
        account, answer.raw.decode(), provider="gocardless_bad", fetched_at=now,
        complete_from=now.date() - timedelta(days=30), complete_until=now.date(),
    )  # fmt: skip
    left.save()

    result = sync(account, provider, later(minutes=5))

    left.refresh_from_db()
    assert left.processed_at == later(minutes=5)
    assert left.transactions.count() > 50
    assert (result.outcome, result.new) == ("fetched", 0)


def test_a_kept_answer_read_twice_adds_nothing(account, provider, now, later):
    sync(account, provider, now)

    again = fetching.process_raw_fetch(raw_fetch_id=RawFetch.objects.get().pk, now=later(hours=1))

    assert again.new == 0


def test_a_round_fetches_what_is_due_and_nothing_twice(connection, provider, now, later):
    first = schedule.run_round(provider=provider, now=now)
    second = schedule.run_round(provider=provider, now=later(minutes=1))

    assert [result.outcome for result in first] == ["fetched", "fetched"]
    assert second == []
    due = sorted(BankAccount.objects.values_list("next_sync_at", flat=True))
    assert all(later(hours=2) < at < later(hours=3) for at in due)
    assert due[0] != due[1]


def test_a_paused_account_is_left_alone(connection, provider, now):
    BankAccount.objects.update(is_paused=True)

    assert schedule.run_round(provider=provider, now=now) == []


def test_a_person_may_ask_for_a_fetch_and_uses_the_call_kept_back(connection, account, provider, now, later):
    AccountQuota.objects.create(account=account, scope="transactions", limit=4, used=3, resets_at=later(hours=5))
    BankAccount.objects.update(next_sync_at=None)

    assert schedule.request_fetch(connection=connection, now=now) == 2
    results = schedule.run_round(provider=provider, now=now)

    assert [result.outcome for result in results] == ["fetched", "fetched"]


def test_ended_consents_are_marked_without_asking_the_provider(connection, provider, bank, later):
    assert schedule.end_consents(now=later(days=180, minutes=1)) == 1

    connection.refresh_from_db()
    assert (connection.state, connection.last_error_code) == (State.EXPIRED, "consent_ended")


def test_a_provider_out_of_reach_ends_the_round(connection, account, now, settings):
    settings.GOCARDLESS_URL = "http://127.0.0.1:9/"
    for number in range(6):
        copy = BankAccount.objects.get(pk=account.pk)
        copy.pk, copy.stable_key, copy.provider_account_id = None, f"k{number}", f"id-{number}"
        copy.public_id = copy._meta.get_field("public_id").default()
        copy.save()

    results = schedule.sync_due_accounts(provider=provider_keys.provider("gocardless_bad", now=now), now=now)

    assert [result.reason for result in results] == ["unreachable"] * 5
    assert not BankAccount.objects.filter(next_sync_at__lte=now).exists()


def test_two_tenants_fetch_their_own_banks_only(connection, provider, bank, globex_bank, globex, now):
    schedule.run_round(provider=provider, now=now)
    names = {account.iban_last4 for account in BankAccount.objects.all()}
    count = sum(account.transactions.count() for account in BankAccount.objects.all())

    with context.inside(globex):
        assert not BankAccount.objects.exists()
        globex_bank.save_keys(now)
        other = provider_keys.provider("gocardless_bad", now=now)
        globex_bank.connect(User.objects.get(email="owner@globex.example").pk, now, other)
        schedule.run_round(provider=other, now=now)
        others = {account.iban_last4: account.currency for account in BankAccount.objects.all()}
        other_count = sum(account.transactions.count() for account in BankAccount.objects.all())

    assert set(others) == {iban[-4:] for iban in world.COMPANIES["globex"].ibans}
    assert set(others.values()) == {"GBP"}
    assert names.isdisjoint(others)
    assert other_count > 100
    assert sum(account.transactions.count() for account in BankAccount.objects.all()) == count > 400


def test_the_stand_in_of_another_company_knows_no_account_of_ours(account, globex_bank, globex, now):
    with context.inside(globex):
        globex_bank.save_keys(now)
        with pytest.raises(Refused) as refused:
            provider_keys.provider("gocardless_bad", now=now).fetch_balances(account=account_ref(account))

    assert refused.value.reason == "not_found"
