"""Keys, the consent and its way back, renewal and removal, against the running stand-in."""

import threading
from datetime import timedelta

import pytest
import requests
from django.db import connection as database

from banking.clients.base import Consent, Fetched, LinkState, LinkStatus, ProviderAccount, Quota, Reason
from banking.clients.gocardless import GoCardless
from banking.models import AccountQuota, BankAccount, BankConnection, ProviderKey
from banking.services import connecting, consent_finishing, disconnecting, institutions, provider_keys
from banking.services.fetching import sync_account
from banking.services.linking import AccountLinkedElsewhere
from payymo.sandbox import world
from payymo.shared.errors import Refused, Retryable
from tenants import context
from tenants.models import ProviderAccount as Claim
from tests.banking.bank import CALLBACK
from tests.banking.entries import bank_account

State = BankConnection.State


def start(bank, user, provider, now, **more):
    return connecting.start_consent(
        institution_id=bank.institution_id, user_id=user.pk, redirect_url=CALLBACK, provider=provider, now=now, **more
    )


def finish(query, user, provider, now):
    return consent_finishing.finish_consent(
        reference=query["ref"], error_code=query.get("error", ""), user_id=user.pk, provider=provider, now=now
    )


def test_keys_are_stored_sealed_after_the_provider_accepted_them(in_acme, bank, now):
    row = bank.save_keys(now)

    assert bank.keys.secret_key.encode() not in bytes(row.secret_key_sealed)
    assert row.access_expires_at == now + timedelta(days=1)
    assert row.refresh_expires_at == now + timedelta(days=30)


@pytest.mark.parametrize(("secret_id", "secret_key"), [("wrong", "keys"), ("", "x"), ("x", " ")])
def test_wrong_keys_are_refused_and_nothing_is_stored(in_acme, bank, now, secret_id, secret_key):
    with pytest.raises(provider_keys.KeysRefused):
        provider_keys.save_provider_key(provider="gocardless_bad", secret_id=secret_id, secret_key=secret_key, now=now)

    assert not ProviderKey.objects.exists()


def test_without_keys_the_person_is_told_to_enter_them(in_acme, sandbox, now):
    with pytest.raises(provider_keys.NoProviderKey, match="no GoCardless keys yet"):
        institutions.list_institutions(country="DE", provider=provider_keys.provider("gocardless_bad", now=now))


def test_the_token_is_refreshed_shortly_before_it_ends_and_a_dead_refresh_token_is_replaced(provider, bank, now):
    first = provider_keys.KeptTokens(now).current()
    soon = provider_keys.KeptTokens(now + timedelta(hours=23, minutes=56)).current()
    ProviderKey.objects.update(refresh_expires_at=now, access_expires_at=now)
    fresh = provider_keys.KeptTokens(now).current()

    assert len({first, soon, fresh}) == 3
    assert bank.shown()["token_calls"] == {"token_new": 2, "token_refresh": 1}


def test_a_token_that_the_provider_dropped_is_renewed_once_and_the_call_repeated(provider, bank):
    bank.drop_tokens()

    assert provider.institution(institution_id=bank.institution_id).name == "Nordhaven Bank"
    assert bank.shown()["token_calls"] == {"token_new": 1, "token_refresh": 1}


def test_many_workers_with_one_dead_token_ask_for_one_new_token(committed_acme, bank, now):
    bank.save_keys(now)
    dead = provider_keys.KeptTokens(now).current()
    barrier, texts = threading.Barrier(6), []

    def renew():
        try:
            with context.inside(committed_acme):
                barrier.wait(timeout=60)
                texts.append(provider_keys.KeptTokens(now).renew(dead))
        finally:
            database.close()

    threads = [threading.Thread(target=renew) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(texts) == 6
    assert len(set(texts)) == 1
    assert bank.shown()["token_calls"] == {"token_new": 1, "token_refresh": 1}


def test_the_banks_of_a_country_are_asked_for_once_a_day(provider, bank):
    first = institutions.list_institutions(country="de", provider=provider)
    bank.fault("html", times=5)
    again = institutions.list_institutions(country="DE", provider=provider)

    assert [one.name for one in first] == ["Nordhaven Bank", "Sandbox Finance", "Talblick Sparkasse"]
    assert [(one.history_days, one.access_days, one.freezes_long_history) for one in first] == [
        (730, 180, False), (90, 90, False), (90, 90, True)
    ]  # fmt: skip
    assert again == first


@pytest.mark.parametrize("country", ["GBA", "", "d1", "ÄÖ"])
def test_what_is_no_country_is_refused(provider, country):
    with pytest.raises(institutions.UnknownCountry):
        institutions.list_institutions(country=country, provider=provider)


def test_a_consent_links_every_account_of_the_bank(connection, bank, now, owner):
    company = world.COMPANIES["acme"]
    accounts = list(connection.accounts.order_by("pk"))

    assert connection.state == State.LINKED
    assert connection.institution_name == "Nordhaven Bank"
    assert (connection.country, connection.history_days, connection.callback_hash) == ("DE", 180, "")
    assert abs(connection.consent_ends_at - now - timedelta(days=180)) < timedelta(minutes=1)
    assert {account.iban_last4 for account in accounts} == {iban[-4:] for iban in company.ibans}
    assert {account.currency for account in accounts} == {"EUR"}
    assert all(account.next_sync_at == now and account.provider_account_id for account in accounts)
    assert not any(iban.encode() in bytes(account.iban_sealed) for iban in company.ibans for account in accounts)


def test_the_reference_is_kept_as_a_hash_and_works_once(provider, bank, owner, now):
    started = start(bank, owner, provider, now)
    query = bank.walk(started.consent_link)

    assert query["ref"] not in started.callback_hash
    assert len(query["ref"]) >= 43
    assert finish(query, owner, provider, now).state == State.LINKED
    with pytest.raises(consent_finishing.UnknownReference):
        finish(query, owner, provider, now)


@pytest.mark.parametrize("case", ["another user", "too late", "invented"])
def test_a_callback_that_is_not_ours_changes_nothing(provider, bank, owner, reviewer, now, later, case):
    started = start(bank, owner, provider, now)
    query = bank.walk(started.consent_link)
    user, moment = (reviewer, now) if case == "another user" else (owner, now)
    moment = later(minutes=10, seconds=1) if case == "too late" else moment
    query = {"ref": "x" * 43} if case == "invented" else query

    with pytest.raises(consent_finishing.UnknownReference, match="start again"):
        finish(query, user, provider, moment)

    started.refresh_from_db()
    assert (started.state, bool(started.callback_hash)) == (State.PENDING, True)
    assert not BankAccount.objects.exists()


def test_a_cancelled_consent_is_told_in_plain_words(provider, bank, owner, now):
    started = start(bank, owner, provider, now)

    ended = finish(bank.walk(started.consent_link, "cancel"), owner, provider, now)

    assert (ended.state, ended.last_error) == (State.FAILED, "The consent was cancelled.")
    assert not BankAccount.objects.exists()


def test_a_callback_that_claims_success_without_consent_is_not_believed(provider, bank, owner, now):
    started = start(bank, owner, provider, now)
    reference = requests.get(started.consent_link, timeout=60).ok and bank.reference_of(started)

    ended = finish({"ref": reference}, owner, provider, now)

    assert ended.state == State.FAILED
    assert "not finished" in ended.last_error


def test_an_unknown_bank_is_refused_and_nothing_is_stored(provider, bank, owner, now):
    with pytest.raises(connecting.UnknownInstitution) as refused:
        connecting.start_consent(
            institution_id="NO_SUCH_BANK", user_id=owner.pk, redirect_url=CALLBACK, provider=provider, now=now
        )

    assert refused.value.code == "unknown_institution"
    assert not BankConnection.objects.exists()


def test_a_bank_that_freezes_long_history_is_asked_for_ninety_days(provider, bank, owner, now):
    started = connecting.start_consent(
        institution_id="TALBLICK_SPARKASSE_TBSKDE21XXX", user_id=owner.pk, redirect_url=CALLBACK,
        provider=provider, now=now,
    )  # fmt: skip

    assert started.history_days == 90


def test_an_account_that_the_bank_still_prepares_is_linked_a_round_later(provider, bank, owner, now, later):
    started = start(bank, owner, provider, now)
    query = bank.walk(started.consent_link)
    bank.fault("processing")

    waiting = finish(query, owner, provider, now)
    assert (waiting.state, waiting.last_error_code) == (State.PENDING, "not_ready")

    assert consent_finishing.finish_waiting(provider=provider, now=later(minutes=1)) == 1
    started.refresh_from_db()
    assert started.state == State.LINKED


class HalfReady:
    """A provider at which one account is ready and the other is not, until it is told to be."""

    key = "gocardless_bad"
    capabilities = GoCardless.capabilities

    def __init__(self):
        self.is_ready, self.asked = False, []

    def link_state(self, *, consent):
        return LinkState(LinkStatus.LINKED, "X", ("ready", "slow"))

    def account(self, *, account):
        self.asked.append(account.id)
        if account.id == "slow" and not self.is_ready:
            raise Retryable("Not ready.", reason=Reason.NOT_READY)
        return Fetched(ProviderAccount(account.id, f"NL{account.id}", "EUR"), b"", Quota(4, 1, 3600))

    def explain(self, *, error_code):
        return ""


def test_an_account_that_is_ready_is_asked_four_times_at_most_while_another_is_not(in_acme, now, later):
    row = BankConnection.objects.create(
        provider="gocardless_bad", institution_id="X", state=State.PENDING, consent_id="c", callback_until=now
    )
    half = HalfReady()

    for minute in range(49):
        consent_finishing.finish_waiting(provider=half, now=later(minutes=minute))
    assert (half.asked.count("ready"), row.accounts.count()) == (4, 0)

    BankConnection.objects.filter(pk=row.pk).update(next_sync_at=None)
    half.is_ready = True
    assert consent_finishing.finish_waiting(provider=half, now=later(minutes=49)) == 1
    quotas = AccountQuota.objects.filter(account__connection=row).values_list("scope", "limit", "used")
    assert list(quotas) == [("details", 4, 3)] * 2
    row.refresh_from_db()
    assert (row.state, row.failures, row.next_sync_at) == (State.LINKED, 0, None)


def test_a_consent_that_nobody_finishes_is_given_up_after_an_hour(provider, bank, owner, now, later):
    started = start(bank, owner, provider, now)

    consent_finishing.finish_waiting(provider=provider, now=later(minutes=59))
    started.refresh_from_db()
    assert started.state == State.PENDING

    consent_finishing.finish_waiting(provider=provider, now=later(minutes=60))
    started.refresh_from_db()
    assert started.state == State.FAILED


def test_a_renewed_consent_continues_the_same_history(connection, account, provider, bank, owner, now, later):
    first = sync_account(account_id=account.pk, provider=provider, now=now)
    before = account.transactions.count()
    old_id = account.provider_account_id

    renewal = connecting.renew_consent(
        connection=connection, user_id=owner.pk, redirect_url=CALLBACK, provider=provider, now=later(hours=1)
    )
    renewed = finish(bank.walk(renewal.consent_link), owner, provider, later(hours=1))
    again = sync_account(account_id=account.pk, provider=provider, now=later(hours=2))

    account.refresh_from_db()
    connection.refresh_from_db()
    assert (renewed.state, connection.state, connection.consent_id) == (State.LINKED, State.REVOKED, "")
    assert account.connection_id == renewed.pk
    assert account.provider_account_id != old_id
    assert BankAccount.objects.count() == 2
    assert (first.outcome, again.outcome, again.new) == ("fetched", "fetched", 0)
    assert again.known > 50
    assert account.transactions.count() == before


def test_an_account_that_is_connected_already_is_refused(connection, provider, bank, owner, now):
    started = start(bank, owner, provider, now)
    query = bank.walk(started.consent_link)

    with pytest.raises(AccountLinkedElsewhere, match="connected already"):
        finish(query, owner, provider, now)

    started.refresh_from_db()
    assert (started.state, started.last_error_code) == (State.FAILED, "account_linked_elsewhere")
    assert set(BankAccount.objects.values_list("connection_id", flat=True)) == {connection.pk}


def test_an_account_of_another_tenant_is_refused(provider, bank, owner, now, globex):
    started = start(bank, owner, provider, now)
    query = bank.walk(started.consent_link)
    finish(query, owner, provider, now)
    Claim.objects.filter(provider="bank_account").update(tenant=globex)
    BankConnection.objects.update(state=State.EXPIRED)
    second = start(bank, owner, provider, now)
    query = bank.walk(second.consent_link)

    with pytest.raises(AccountLinkedElsewhere, match="another Payymo customer"):
        finish(query, owner, provider, now)

    second.refresh_from_db()
    assert second.state == State.FAILED


def test_an_account_known_from_files_is_taken_over_with_its_history(provider, bank, owner, now):
    known = bank_account(world.COMPANIES["acme"].main_iban)

    connection = bank.connect(owner.pk, now, provider)

    known.refresh_from_db()
    assert known.connection_id == connection.pk
    assert BankAccount.objects.count() == 2


def test_a_removed_connection_is_withdrawn_and_its_history_stays(connection, account, provider, bank, now):
    sync_account(account_id=account.pk, provider=provider, now=now)
    requisition = connection.consent_id
    count = account.transactions.count()

    removed = disconnecting.remove_connection(connection=connection, provider=provider)

    account.refresh_from_db()
    assert (removed.state, removed.consent_id, account.next_sync_at) == (State.REVOKED, "", None)
    assert account.transactions.count() == count > 50
    assert not Claim.objects.filter(provider="bank_account").exists()
    with pytest.raises(Refused) as gone:
        provider.link_state(consent=Consent(requisition))
    assert gone.value.reason == "not_found"


def test_a_removal_that_the_provider_did_not_hear_is_told_later(connection, provider, bank):
    bank.fault("html")

    removed = disconnecting.remove_connection(connection=connection, provider=provider)
    assert removed.state == State.REVOKED
    assert removed.consent_id

    assert disconnecting.revoke_removed(provider=provider) == 1
    removed.refresh_from_db()
    assert removed.consent_id == ""


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [("html", Retryable, "bank_down"), ("forbidden_ip", Refused, "address_not_allowed")],
)
def test_what_the_provider_answers_instead_of_data_is_told_apart(provider, bank, fault, kind, reason):
    bank.fault(fault)

    with pytest.raises(kind) as raised:
        provider.institution(institution_id=bank.institution_id)

    assert raised.value.reason == reason
