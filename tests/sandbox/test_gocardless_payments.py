"""Payments through the `gocardless-pro` library (3.22.0), which nobody here wrote."""

from decimal import Decimal

import gocardless_pro
import pytest
from gocardless_pro import errors, webhooks

from payymo.sandbox import world
from tests.payments.gocardless_account import GoCardlessAccount, call, event
from tests.sandbox.clients import fault

KEYS = world.GOCARDLESS_PAYMENTS["acme"]


@pytest.fixture
def account(running):
    found = GoCardlessAccount(running, "acme")
    found.begin_anew()
    return found


@pytest.fixture
def client(account):
    return gocardless_pro.Client(access_token=KEYS.access_token, base_url=account.process.base_url)


def test_a_payment_goes_from_collection_to_payout_with_its_items(account, client):
    payments = [account.confirmed(amount) for amount in (1234, 5000)]
    payout = account.pay_out()

    assert {one.id: (one.status, one.links.payout) for one in client.payments.all()} == {
        one["id"]: ("paid_out", payout["id"]) for one in payments
    }
    items = list(client.payout_items.all(params={"payout": payout["id"]}))
    assert sorted(one.type for one in items) == ["gocardless_fee"] * 2 + ["payment_paid_out"] * 2
    # 1 % and 20 cents of each: 32.34 is written with one digit.
    assert {one.amount for one in items} == {"1234.0", "-32.3", "5000.0", "-70.0"}
    assert round(sum(Decimal(one.amount) for one in items)) == client.payouts.get(payout["id"]).amount == 6132


def test_lists_page_by_cursor_without_gap_or_double(account, client):
    made = [account.collect(100 + number)["id"] for number in range(7)]

    page = client.payments.list(params={"limit": 3})

    assert (len(page.records), page.before) == (3, None)
    assert page.after is not None
    assert [one.id for one in client.payments.all(params={"limit": 3})] == made[::-1]
    assert client.payments.list(params={"created_at[gte]": "2999-01-01T00:00:00Z"}).records == []


def test_errors_are_those_that_the_library_knows(account, client):
    with pytest.raises(errors.InvalidApiUsageError):
        client.payments.get("PM0NOBODY")
    with pytest.raises(errors.ValidationFailedError):
        client.payments.list(params={"limit": 501})
    with pytest.raises(errors.PermissionsError):
        client.payments.update("PM0NOBODY", params={"metadata": {}})
    with pytest.raises(errors.AuthenticationError):
        gocardless_pro.Client(access_token="sandbox_wrong", base_url=account.process.base_url).payments.list()
    fault(account.process, "gocardless_payments", "rate_limited", times=1)
    with pytest.raises(errors.RateLimitError):
        client.payments.list()
    assert client.payments.list().api_response.headers["ratelimit-limit"] == "1000"


def test_accounts_are_apart(account, client):
    other = world.GOCARDLESS_PAYMENTS["globex"]
    payment = account.collect(100)

    stranger = gocardless_pro.Client(access_token=other.access_token, base_url=account.process.base_url)

    assert stranger.payments.list().records == []
    with pytest.raises(errors.InvalidApiUsageError):
        stranger.payments.get(payment["id"])
    assert [one.id for one in stranger.creditors.all()] == [other.creditor_id]


def test_a_delivered_call_is_one_that_the_library_accepts(account):
    body, signature = call([event(payment="PM1"), event("payouts", "paid", payout="PO1")], KEYS.webhook_secret)

    parsed = webhooks.parse_with_meta(body, KEYS.webhook_secret, signature)

    assert [(one.resource_type, one.action) for one in parsed.events] == [("payments", "created"), ("payouts", "paid")]
    with pytest.raises(errors.InvalidSignatureError):
        webhooks.parse(body, "another", signature)
