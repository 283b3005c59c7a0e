"""SimpleFIN: a token that is good once, one answer for everything, complaints that people must see."""

import base64
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from banking.models import AccountQuota, BankConnection
from banking.parsers.errors import UnreadableStatement
from banking.parsers.simplefin import read_balances, read_transactions
from banking.services import connecting, provider_keys, schedule
from banking.services.account_answers import join
from banking.services.fetching import sync_account
from tests.banking.other_banks import GoCardlessBank, SimpleFinBank

ENTRY = {"id": "T1", "posted": 1772452800, "amount": "-33.43", "description": "Grocery  store"}


@pytest.fixture
def bank(sandbox):
    return SimpleFinBank(sandbox, "acme")


@pytest.fixture
def provider(in_acme, now):
    return provider_keys.provider("simplefin", now=now)


def answer(*entries, errors=(), **account):
    told = {"id": "A", "currency": "USD", "balance": "100.23", "transactions": list(entries), **account}
    return json.dumps({"errors": list(errors), "accounts": [told]})


def test_a_token_that_was_claimed_already_is_refused_and_nothing_is_stored(bank, provider, owner, now):
    token = bank.token()
    first = connecting.connect_with_token(token=token, user_id=owner.pk, provider=provider, now=now)

    with pytest.raises(connecting.TokenRefused, match="may be compromised"):
        connecting.connect_with_token(token=token, user_id=owner.pk, provider=provider, now=now)

    assert list(BankConnection.objects.all()) == [first]
    assert b"simplefin" not in bytes(first.credential_sealed)


@pytest.mark.parametrize("url", ["http://10.0.0.1/claim", "https://127.0.0.1/claim", "ftp://x", ""])
def test_a_token_that_leads_elsewhere_is_refused_and_nothing_is_stored(provider, owner, now, url):
    token = base64.b64encode(url.encode()).decode()

    with pytest.raises(connecting.TokenRefused):
        connecting.connect_with_token(token=token, user_id=owner.pk, provider=provider, now=now)

    assert not BankConnection.objects.exists()


def test_the_days_requests_are_shared_by_the_accounts(bank, provider, owner, now):
    [account, _] = bank.connect(owner.pk, now, provider).accounts.order_by("pk")

    sync_account(account_id=account.pk, provider=provider, now=now)

    quota = AccountQuota.objects.get(account=account)
    account.refresh_from_db()
    assert (quota.scope, quota.limit, quota.used) == ("transactions", 12, 1)
    assert account.booked_balance is not None


def test_a_complaint_is_shown_without_markup_and_leaves_the_cursor_where_it_was(bank, provider, owner, now):
    [account, _] = bank.connect(owner.pk, now, provider).accounts.order_by("pk")
    bank.fault("complains", text="<b>Sign in</b> to your bank again")

    result = sync_account(account_id=account.pk, provider=provider, now=now)

    account.refresh_from_db()
    assert (result.outcome, account.failures, account.cursor_date) == ("fetched", 0, None)
    assert account.last_error == "SimpleFIN Bridge says: “Sign in to your bank again”"


def test_an_entry_keeps_its_sign_day_and_text():
    [entry] = read_transactions(answer(ENTRY)).booked

    assert (entry.amount, entry.booking_date) == (Decimal("-33.43"), date(2026, 3, 2))
    assert (entry.remittance_information, entry.provider_entry_id) == ("Grocery store", "T1")


@pytest.mark.parametrize("changes", [{"posted": 0, "transacted_at": 1772452800}, {"pending": True}])
def test_what_is_not_posted_is_pending_and_has_no_identity(changes):
    found = read_transactions(answer({**ENTRY, **changes}))

    assert found.booked == ()
    assert [one.provider_entry_id for one in found.pending] == [""]


@pytest.mark.parametrize("changes", [{"posted": None}, {"posted": "soon"}, {"amount": 3.5}, {"amount": "1,5"}])
def test_what_cannot_be_read_is_refused_with_its_place(changes):
    found = read_transactions(answer(ENTRY, {**ENTRY, **changes}))

    assert (len(found.booked), [one.line for one in found.refused]) == (1, [2])


def test_the_balance_is_the_booked_one():
    [(kind, balance)] = read_balances(answer()).balances

    assert (kind, balance.amount, balance.currency) == ("interimBooked", Decimal("100.23"), "USD")


@pytest.mark.parametrize("body", ["<html>", '{"accounts": []}', '{"accounts": [{}, {}]}', '{"errors": []}'])
def test_an_answer_of_another_shape_is_refused_as_a_whole(body):
    with pytest.raises(UnreadableStatement):
        read_transactions(body)


def test_an_account_that_gocardless_brings_already_is_asked_about_and_listed_once(sandbox, in_acme, bank, owner, now):
    cache.clear()
    other = GoCardlessBank(sandbox, "acme")
    other.save_keys(now)
    gocardless, simplefin = (provider_keys.provider(key, now=now) for key in ("gocardless_bad", "simplefin"))
    known = other.connect(owner.pk, now, gocardless).accounts.get(name__startswith="Business current")
    sync_account(account_id=known.pk, provider=gocardless, now=now)
    rows = known.transactions.count()

    account = bank.connect(owner.pk, now, simplefin).accounts.get(name__startswith="Business current")
    result = sync_account(account_id=account.pk, provider=simplefin, now=now)

    account.refresh_from_db()
    assert (result.outcome, result.reason, account.booked_balance) == ("waiting", "asks", None)
    assert [(one["account"], one["likely"]) for one in account.resembles] == [(str(known.public_id), True)]
    assert now + timedelta(hours=23) < account.next_sync_at < now + timedelta(hours=25)
    join(account=account, known=known, now=now)
    schedule.run_round(provider=simplefin, now=now + timedelta(days=2))
    assert known.transactions.count() == rows
    assert not account.transactions.exists()
