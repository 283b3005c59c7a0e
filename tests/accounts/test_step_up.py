"""What would hurt most asks again after a quarter of an hour: pages ask and go on, the API says how."""

import re
from datetime import timedelta

import pyotp
import pytest
from django.utils import timezone

from accounts.models import ApiKey, Membership, Session, TotpDevice, User
from accounts.services import second_factor
from matching.models import AutoApprovalPolicy
from tenants import context
from tests.accounts.browsing import signed_in
from tests.accounts.test_administration import Caller, make_key, member
from tests.conftest import PASSWORD

OWNER = "owner@acme.example"


def grow_stale():
    Session.objects.update(confirmed_at=timezone.now() - timedelta(minutes=15))


@pytest.fixture
def stale_api(in_acme):
    caller = Caller("owner")
    grow_stale()
    return caller


@pytest.fixture
def stale_page(in_acme):
    client = signed_in(OWNER)
    grow_stale()
    return client


def writes(in_acme):
    person = member("viewer").user.public_id
    return [
        ("post", "api-keys/", {"name": "x", "scopes": ["review.view"]}),
        ("patch", f"members/{person}/", {"role": "reviewer"}),
        ("post", "roles/", {"code": "mine", "name": "Mine", "permissions": ["review.view"]}),
        ("delete", "roles/mine/", None),
        ("post", "whmcs-instances/", {"name": "x"}),
        ("post", "stripe-connections/", {"key": "x"}),
        ("post", "bank-connections/", {"institution_id": "x"}),
    ]


def test_every_write_that_needs_it_is_refused_and_says_where_to_confirm(stale_api, in_acme):
    for method, path, body in writes(in_acme):
        answer = stale_api.call(method, path, body)

        assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "step_up_needed")
        assert answer.json()["step_up"] == "/api/v1/auth/step-up/"
        assert answer["Content-Type"] == "application/problem+json"
    assert ApiKey.objects.count() == 0
    assert member("viewer").role.code == "viewer"


def test_reading_needs_no_confirmation(stale_api):
    assert stale_api.call("get", "members/").status_code == 200


def test_a_password_opens_it_for_a_quarter_of_an_hour(stale_api):
    confirmed = stale_api.call("post", "auth/step-up/", {"password": PASSWORD})

    assert confirmed.status_code == 200
    assert make_key(stale_api).status_code == 201
    grow_stale()
    assert make_key(stale_api).status_code == 403


def test_a_code_opens_it_and_counts_once(in_acme):
    owner = User.objects.get(email=OWNER)
    app = pyotp.TOTP(second_factor.begin(user=owner, issuer="Payymo").secret)
    codes = second_factor.confirm(user=owner, tenant=None, code=app.now(), now=timezone.now())
    TotpDevice.objects.update(last_step=0)
    caller = Caller.__new__(Caller)
    caller.headers = {"host": "acme.localhost"}
    body = {"email": OWNER, "password": PASSWORD, "otp": app.now()}
    caller.headers["authorization"] = f"Bearer {caller.call('post', 'auth/token/', body).json()['access']}"
    grow_stale()

    first = caller.call("post", "auth/step-up/", {"otp": codes[0]})
    again = caller.call("post", "auth/step-up/", {"otp": codes[0]})

    assert (first.status_code, again.status_code, again.json()["code"]) == (200, 400, "not_confirmed")


@pytest.mark.parametrize("body", [{"password": "wrong"}, {"otp": "123456"}, {}, {"password": PASSWORD, "otp": "1"}])
def test_what_confirms_nothing_opens_nothing(stale_api, body):
    assert stale_api.call("post", "auth/step-up/", body).status_code == 400
    assert make_key(stale_api).status_code == 403


def test_confirming_one_session_opens_no_other(stale_api):
    other = Caller("owner")
    grow_stale()

    other.call("post", "auth/step-up/", {"password": PASSWORD})

    assert (make_key(other).status_code, make_key(stale_api).status_code) == (201, 403)


def test_guesses_at_it_are_limited_like_signing_in(stale_api):
    statuses = [stale_api.call("post", "auth/step-up/", {"password": "wrong"}).status_code for _ in range(5)]
    refused = stale_api.call("post", "auth/step-up/", {"password": PASSWORD})

    assert statuses == [400] * 5
    assert (refused.status_code, int(refused["Retry-After"]) > 0) == (429, True)


def test_refreshing_tokens_confirms_nothing(in_acme):
    caller = Caller()
    pair = caller.call("post", "auth/token/", {"email": OWNER, "password": PASSWORD}).json()
    grow_stale()

    fresh = caller.call("post", "auth/token/refresh/", {"refresh": pair["refresh"]}).json()
    caller.headers["authorization"] = f"Bearer {fresh['access']}"

    assert make_key(caller).status_code == 403


# --- Pages ------------------------------------------------------------------------------------------------------------

POLICY = {"is_on": "on", "bands": ["exact"], "least_probability": "0.99", "largest_amount": "250", "note": "<b>"}


def is_automatic(tenant):
    with context.inside(tenant):
        return AutoApprovalPolicy.objects.filter(is_on=True).exists()


def test_a_page_asks_and_carries_what_was_sent(stale_page, in_acme):
    asked = stale_page.post("/settings/matching/", POLICY, headers={"referer": "http://acme.localhost/settings/"})

    text = asked.content.decode()
    assert asked.status_code == 403
    assert "Confirm that it is you" in text
    assert re.findall(r'name="largest_amount" value="([^"]*)"', text) == ["250"]
    assert 'value="&lt;b&gt;"' in text
    assert 'href="/settings/"' in text
    assert not is_automatic(in_acme)


def test_the_right_password_goes_on_with_what_was_sent(stale_page):
    stale_page.get("/settings/matching/")
    form = {**POLICY, "confirm-asked": "1", "confirm-password": PASSWORD}

    answer = stale_page.post("/settings/matching/", form)
    later = stale_page.post("/settings/matching/", {**POLICY, "largest_amount": "100"})

    assert "Confirm that it is you" not in answer.content.decode()
    assert "Confirm that it is you" not in later.content.decode()


def test_a_wrong_password_asks_again_and_does_nothing(stale_page, in_acme):
    form = {**POLICY, "confirm-asked": "1", "confirm-password": "not the one"}

    answer = stale_page.post("/settings/matching/", form)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "not the one" not in text
    assert re.findall(r'name="largest_amount" value="([^"]*)"', text) == ["250"]
    assert len(re.findall(r'name="confirm-asked"', text)) == 1
    assert not is_automatic(in_acme)


@pytest.mark.parametrize("act", ["begin", "confirm", "renew", "remove"])
def test_the_second_factor_is_not_changed_without_it(stale_page, act):
    answer = stale_page.post("/account/security/", {"act": act, "code": "123456"})

    assert (answer.status_code, TotpDevice.objects.count()) == (403, 0)
    assert "Confirm that it is you" in answer.content.decode()


@pytest.mark.parametrize("path", ["/connections/whmcs/new/", "/connections/stripe/new/", "/connections/bank/new/"])
def test_no_connection_is_made_without_it(stale_page, path):
    assert stale_page.post(path, {"name": "x"}).status_code == 403
    assert stale_page.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/persons/", "/settings/export/ask/", "/settings/retention/", "/members/roles/new/"])
def test_nothing_is_erased_given_out_or_given_away_without_it(stale_page, path):
    sent = {"name": "Erika Muster", "do": "erase", "confirm": "Erika Muster", "permissions": "review.view"}

    asked = stale_page.post(path, sent)

    assert asked.status_code == 403
    assert "Confirm that it is you" in asked.content.decode()


def test_a_colleague_without_the_right_is_not_even_asked(in_acme):
    viewer = signed_in("viewer@acme.example")
    grow_stale()

    answer = viewer.post("/settings/matching/", POLICY)

    assert answer.status_code == 403
    assert "Confirm that it is you" not in answer.content.decode()


def test_guesses_on_the_page_are_limited_too(stale_page):
    form = {**POLICY, "confirm-asked": "1", "confirm-password": "wrong"}

    statuses = [stale_page.post("/settings/matching/", form).status_code for _ in range(6)]

    assert statuses == [422] * 5 + [429]
    assert Membership.objects.filter(user__email=OWNER, is_active=True).exists()
