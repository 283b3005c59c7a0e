"""Stripe Connect: consent at Stripe, bound to tenant and session, good once; ended from either side."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection as database
from django.test import Client

from payments.models import ConnectAttempt, StripeConnection, StripePayment, WebhookEvent
from payments.services import connecting, event_processing, oauth
from payments.services.connecting import AccountTaken
from payymo.sandbox import world
from payymo.shared.errors import Refused
from tenants import context
from tests.payments.stripe_account import header

BACK = "http://admin.localhost/connect/stripe/"
ACME = world.STRIPE["acme"].account_id
PLATFORM = world.STRIPE_PLATFORM


@pytest.fixture(autouse=True)
def platform(settings, account):
    """The stand-in's platform of test mode; none of live mode."""
    registered = {
        "client_id": PLATFORM.client_id,
        "key": PLATFORM.secret_key,
        "webhook_secret": PLATFORM.webhook_secret,
    }
    settings.STRIPE_PLATFORMS = {"live": {"client_id": "", "key": "", "webhook_secret": ""}, "test": registered}


def begin(now, session="browser-1"):
    return oauth.start(session_key=session, redirect_url=BACK, livemode=False, now=now)


def agree(url, account=ACME):
    """Agree on Stripe's page as the owner of the account; return what the way back says."""
    back = requests.post(url, data={"account": account}, allow_redirects=False, timeout=60).headers["Location"]
    assert back.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}


def come_back(told, now, session="browser-1"):
    return oauth.finish(session_key=session, state=told["state"], code=told.get("code", ""), now=now)


@pytest.fixture
def joined(in_acme, now):
    return come_back(agree(begin(now)), now)


def test_the_owner_agrees_and_the_account_is_read_through_the_platform(joined, sync, now, account):
    assert (joined.kind, joined.account_id, joined.account_name) == ("connect", ACME, "Acme Hosting GmbH")
    assert (bytes(joined.key_sealed), joined.key_last4, joined.livemode) == (b"", "", False)
    assert not ConnectAttempt.objects.exists()

    sync(joined, now)

    assert StripePayment.objects.count() == len(account.received())


def test_events_of_a_consented_account_are_heard_where_the_application_has_a_webhook(joined, settings):
    assert oauth.is_heard(joined)

    settings.STRIPE_PLATFORMS["test"]["webhook_secret"] = ""

    assert not oauth.is_heard(joined)


def test_a_state_is_good_once_and_stripe_is_not_asked_a_second_time(in_acme, now, sync):
    told = agree(begin(now))
    connection = come_back(told, now)

    with pytest.raises(oauth.ConnectRefused, match="already used"):
        come_back(told, now)

    # A second exchange would have revoked the access.
    sync(connection, now)


@pytest.mark.parametrize(("session", "minutes"), [("browser-2", 0), ("", 0), ("browser-1", 11)])
def test_a_state_of_another_browser_or_too_old_leads_to_nothing(in_acme, now, later, session, minutes):
    told = agree(begin(now))

    with pytest.raises(oauth.ConnectRefused):
        come_back(told, later(minutes=minutes), session)

    assert not StripeConnection.objects.exists()


def test_a_state_of_another_tenant_leads_to_nothing(acme, globex, now):
    with context.inside(acme):
        told = agree(begin(now))

    with context.inside(globex), pytest.raises(oauth.ConnectRefused):
        come_back(told, now)


def test_who_cancels_connects_nothing_and_spends_the_state(in_acme, now):
    told = agree(begin(now), account="")

    with pytest.raises(oauth.ConnectRefused, match="cancelled"):
        come_back(told, now)

    assert (told["error"], ConnectAttempt.objects.count()) == ("access_denied", 0)


def test_a_code_that_stripe_does_not_know_is_refused(in_acme, now):
    told = agree(begin(now))

    with pytest.raises(Refused, match="refused the code"):
        come_back(told | {"code": "ac_forged"}, now)


def test_live_is_not_offered_where_only_a_test_application_is_registered(in_acme, now):
    assert (oauth.is_offered(livemode=True), oauth.is_offered(livemode=False)) == (False, True)
    with pytest.raises(oauth.ConnectRefused, match="not set up"):
        oauth.start(session_key="s", redirect_url=BACK, livemode=True, now=now)


def test_several_accounts_of_a_tenant_and_none_of_another(joined, now, globex):
    second = come_back(agree(begin(now), world.STRIPE["globex"].account_id), now)

    assert {joined.account_id, second.account_id} == set(
        StripeConnection.objects.filter(state="ACTIVE").values_list("account_id", flat=True)
    )
    with pytest.raises(AccountTaken, match="connected already"):
        come_back(agree(begin(now)), now)
    with context.inside(globex), pytest.raises(AccountTaken, match="another company"):
        come_back(agree(begin(now)), now)


def test_attempts_that_nobody_came_back_from_go_with_the_next(in_acme, now, later):
    begin(now)
    begin(later(minutes=11))

    assert ConnectAttempt.objects.count() == 1


def test_removing_it_ends_access_at_stripe(joined, now):
    api = connecting.api_for(joined)

    connecting.remove_connection(connection=joined)

    assert StripeConnection.objects.get().state == "REMOVED"
    with pytest.raises(Refused):
        api.account()
    # And the owner may agree again: the history goes on in the same row.
    again = come_back(agree(begin(now)), now)
    assert (again.pk, again.state) == (joined.pk, "ACTIVE")


def deauthorized(**more):
    return {
        "id": "evt_deauthorized1", "object": "event", "type": "account.application.deauthorized", "created": 1,
        "livemode": False, "account": ACME, "data": {"object": {"id": PLATFORM.client_id, "object": "application"}},
        **more,
    }  # fmt: skip


def report(event, now, secret=PLATFORM.webhook_secret, host="admin.localhost"):
    body = json.dumps(event).encode()
    signature = header(body, secret, now.timestamp())
    return Client().post(
        "/webhooks/stripe-connect/", body, content_type="application/json",
        headers={"host": host, "stripe-signature": signature},
    )  # fmt: skip


def test_an_event_reaches_the_tenant_whose_account_it_is(acme, globex, now):
    with context.inside(acme):
        come_back(agree(begin(now)), now)

    answers = [
        report(deauthorized(), now), report(deauthorized(), now), report(deauthorized(account="acct_nobody"), now),
        report(deauthorized(id="evt_2", livemode=True), now), report(deauthorized(id="evt_3", account=None), now),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [200] * 5
    assert report(deauthorized(id="evt_4"), now, secret="whsec_other").status_code == 400
    assert report(deauthorized(id="evt_5"), now, host="acme.localhost").status_code == 404
    with context.inside(acme):
        assert list(WebhookEvent.objects.values_list("event_id", flat=True)) == ["evt_deauthorized1"]
    with context.inside(globex):
        assert not WebhookEvent.objects.exists()


def test_access_withdrawn_at_stripe_stops_it_and_an_old_event_does_not(acme, now, later):
    def work():
        assert event_processing.process_events(now=later(minutes=1), api_for=connecting.api_for) == 1
        return StripeConnection.objects.get().state

    with context.inside(acme):
        connection = come_back(agree(begin(now)), now)
    report(deauthorized(), now)
    with context.inside(acme):
        # Connected again since: Stripe answers.
        assert work() == "ACTIVE"
        oauth.end_access(connection)
    report(deauthorized(id="evt_deauthorized2"), now)
    with context.inside(acme):
        assert work() == "BROKEN"


def test_the_way_back_leads_on_to_the_tenants_own_host_only(acme):
    def back(**query):
        return Client().get("/connect/stripe/", query, headers={"host": "admin.localhost"})

    led = back(state=f"{acme.public_id.hex}.x", code="ac_1", error="", next="https://evil.example")

    assert led.status_code == 302
    parts = urlsplit(led.headers["Location"])
    assert (parts.hostname, parts.path) == ("acme.localhost", "/connections/stripe/callback/")
    assert parse_qs(parts.query) == {"state": [f"{acme.public_id.hex}.x"], "code": ["ac_1"]}
    assert [back(state=wrong).status_code for wrong in ("", "x", "0" * 32 + ".x")] == [404] * 3
    database.ensure_connection()
