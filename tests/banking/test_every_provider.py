"""What holds for every bank data provider, against its stand-in: one bank, the same entries, the same rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db.models import Sum

from banking.models import BankAccount, BankConnection, ProviderKey
from banking.services import connecting, consent_finishing, disconnecting, institutions, provider_keys, schedule
from banking.services.fetching import sync_account
from payymo.sandbox import world
from tests.banking.other_banks import EnableBank, GoCardlessBank, SimpleFinBank

State = BankConnection.State
BANKS = {bank.key: bank for bank in (GoCardlessBank, EnableBank, SimpleFinBank)}
WITH_A_PAGE = [bank.key for bank in BANKS.values() if bank.key != "simplefin"]


@pytest.fixture(params=list(BANKS))
def bank(request, sandbox):
    cache.clear()
    return BANKS[request.param](sandbox, "acme")


@pytest.fixture
def provider(in_acme, bank, now):
    bank.save_keys(now)
    return provider_keys.provider(bank.key, now=now)


@pytest.fixture
def connection(provider, bank, owner, now):
    return bank.connect(owner.pk, now, provider)


@pytest.fixture
def account(connection):
    return connection.accounts.get(name__startswith="Business current")


def sync(account, provider, now):
    return sync_account(account_id=account.pk, provider=provider, now=now)


def test_every_account_is_linked_and_knows_its_provider(connection, bank, now):
    assert (connection.state, connection.provider, connection.callback_hash) == (State.LINKED, bank.key, "")
    assert [account.currency for account in connection.accounts.all()] == ["EUR", "EUR"]
    assert all(account.next_sync_at == now and account.provider_account_id for account in connection.accounts.all())


def test_the_stored_rows_are_the_banks_entries_once_however_often_fetched(account, bank, provider, now, later):
    first = sync(account, provider, now)
    again = sync(account, provider, later(hours=7))

    booked = [row for row in bank.entries_of("main") if row["status"] == "booked"]
    expected = Decimal(sum(row["amount"] for row in booked if row["counts"])) / 100
    assert (first.outcome, first.refused, again.outcome, again.new) == ("fetched", 0, "fetched", 0)
    assert account.transactions.aggregate(total=Sum("amount"))["total"] == expected
    assert set(account.transactions.values_list("provider", flat=True)) == {bank.key}


def test_an_entry_that_was_pending_is_stored_once_when_it_is_booked(account, bank, provider, now, later):
    bank.add(amount="77.77", name="Late Payer", text="RE-2026-77777", status="pending")
    sync(account, provider, now)
    assert not account.transactions.filter(amount="77.77").exists()
    assert account.pending_entries.filter(amount="77.77").exists()

    bank.process.control("POST", f"/bank/{bank.slug}/book-pending")
    sync(account, provider, later(hours=7))
    sync(account, provider, later(hours=14))

    assert account.transactions.filter(amount="77.77").count() == 1
    assert not account.pending_entries.filter(amount="77.77").exists()


def test_true_twins_without_ids_are_two_and_stay_two(account, bank, provider, now, later):
    for _ in range(2):
        bank.add(amount="33.33", name="Twin", text="the same", entry={"transactionId": " ", "entryReference": ""})

    sync(account, provider, now)
    sync(account, provider, later(hours=7))

    assert account.transactions.filter(amount="33.33").count() == 2


def test_money_out_is_negative(account, bank, provider, now):
    bank.add(amount="-19.99", name="A Supplier", text="bill 4711")

    sync(account, provider, now)

    [row] = account.transactions.filter(remittance_information__contains="bill 4711")
    assert row.amount == Decimal("-19.99")


def test_a_renewal_continues_the_same_history_under_new_ids(connection, account, provider, bank, owner, now, later):
    sync(account, provider, now)
    before = account.transactions.count()

    renewed = bank.connect(owner.pk, later(hours=1), provider, renews=connection)
    account.refresh_from_db()
    again = sync(account, provider, later(hours=2))

    connection.refresh_from_db()
    assert (renewed.state, connection.state) == (State.LINKED, State.REVOKED)
    assert (account.connection_id, BankAccount.objects.count()) == (renewed.pk, 2)
    assert (again.new, account.transactions.count()) == (0, before)


def test_one_account_through_two_providers_has_one_history(connection, account, provider, bank, owner, now, later):
    sync(account, provider, now)
    before = account.transactions.count()
    disconnecting.remove_connection(connection=connection, provider=provider)
    other = BANKS["gocardless_bad" if bank.key == "enable_banking" else "enable_banking"](bank.process, "acme")
    other.save_keys(now)
    second = provider_keys.provider(other.key, now=now)
    other.connect(owner.pk, now, second)

    account.refresh_from_db()
    if bank.key != "simplefin":
        assert sync(account, second, later(hours=1)).new == 0
        assert account.transactions.count() == before


def test_an_ended_consent_stops_the_connection_and_asks_for_renewal(connection, account, bank, provider, now):
    fault, params = bank.ended_fault
    bank.fault(fault, **params)

    result = sync(account, provider, now)

    connection.refresh_from_db()
    assert (result.outcome, result.reason, connection.state) == ("failed", "consent_ended", State.EXPIRED)
    assert not BankAccount.objects.exclude(next_sync_at=None).exists()


def test_a_limit_is_waited_for_and_is_no_failure(account, bank, provider, now):
    fault, params = bank.limited_fault
    bank.fault(fault, **params)

    result = sync(account, provider, now)

    account.refresh_from_db()
    assert (result.outcome, result.reason, account.failures) == ("waiting", "rate_limited", 0)
    assert timedelta(minutes=29) < account.next_sync_at - now < timedelta(minutes=33)


def test_a_provider_that_is_down_is_tried_again_and_loses_nothing(account, bank, provider, now, later):
    bank.fault(bank.down_fault)

    failed = sync(account, provider, now)
    account.refresh_from_db()
    assert (failed.outcome, account.cursor_date, account.transactions.count()) == ("failed", None, 0)
    assert now < account.next_sync_at <= later(hours=1)

    assert sync(account, provider, later(hours=1)).new > 50


def test_a_removed_connection_is_withdrawn_and_keeps_no_secret(connection, provider, now, later):
    removed = disconnecting.remove_connection(connection=connection, provider=provider)

    assert (removed.state, removed.consent_id, bytes(removed.credential_sealed)) == (State.REVOKED, "", b"")
    assert schedule.providers_with_work(now=later(days=1)) == []


def test_a_round_of_one_provider_leaves_the_others_alone(connection, provider, now):
    other = next(key for key in BANKS if key != provider.key)

    assert schedule.providers_with_work(now=now) == [provider.key]
    assert schedule.run_round(provider=provider_keys.provider(other, now=now), now=now) == []
    assert len(schedule.run_round(provider=provider, now=now)) == 2


@pytest.mark.parametrize("bank", WITH_A_PAGE, indirect=True)
def test_a_way_back_counts_once_and_for_its_owner_only(provider, bank, owner, reviewer, now):
    query = bank.walk(bank.begin(owner.pk, now, provider).consent_link)

    with pytest.raises(consent_finishing.UnknownReference):
        bank.finish(query, reviewer.pk, provider, now)
    assert bank.finish(query, owner.pk, provider, now).state == State.LINKED
    with pytest.raises(consent_finishing.UnknownReference):
        bank.finish(query, owner.pk, provider, now)


@pytest.mark.parametrize("bank", WITH_A_PAGE, indirect=True)
def test_a_cancelled_consent_is_told_and_links_nothing(provider, bank, owner, now):
    query = bank.walk(bank.begin(owner.pk, now, provider).consent_link, "cancel")

    ended = bank.finish(query, owner.pk, provider, now)

    assert (ended.state, ended.last_error) == (State.FAILED, bank.answers_to_cancel)
    assert not BankAccount.objects.exists()


@pytest.mark.parametrize("bank", WITH_A_PAGE, indirect=True)
def test_banks_are_listed_by_country_and_found_by_name(provider, bank):
    found = institutions.list_institutions(country="de", provider=provider, text="NORDH")

    assert [(one.id, one.name, one.countries) for one in found] == [(bank.institution_id, "Nordhaven Bank", ("DE",))]
    assert found[0].logo.startswith("https://")
    with pytest.raises(connecting.UnknownInstitution):
        connecting.start_consent(
            institution_id="DE:No such bank", user_id=1, redirect_url="x", provider=provider, now=None
        )


@pytest.mark.parametrize("bank", WITH_A_PAGE, indirect=True)
def test_keys_of_one_provider_are_kept_apart_from_anothers(in_acme, bank, now):
    bank.save_keys(now)

    assert [row.provider for row in ProviderKey.objects.all()] == [bank.key]
    assert [one.key for one in provider_keys.choices() if one.capabilities.needs_keys and one.is_ready] == [bank.key]
    assert provider_keys.default_choice() == bank.key


def test_the_defaults_follow_what_is_open_and_what_is_in_use(in_acme, sandbox, now):
    assert provider_keys.default_choice() == "enable_banking"

    assert world.COMPANIES["acme"].country == "DE"
