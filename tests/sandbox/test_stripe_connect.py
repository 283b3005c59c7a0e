"""Stripe Connect OAuth through the official library: the page, the code, and what a second use of it does."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import stripe

from payymo.sandbox import world

ACME = world.STRIPE["acme"].account_id
CALLBACK = "http://acme.localhost/connections/stripe/callback/"


def connect(platform, account: str, **more) -> dict[str, str]:
    """Go through the page as the owner of `account` and return what the callback is told."""
    asked = {"redirect_uri": CALLBACK, "state": "st-1", "scope": "read_only", **more}
    url = platform.oauth.authorize_url(asked)
    assert requests.get(url, timeout=60).status_code == 200
    back = requests.post(url, data={"account": account}, allow_redirects=False, timeout=60)
    return {key: value[0] for key, value in parse_qs(urlsplit(back.headers["Location"]).query).items()}


def test_code_is_exchanged_for_the_account(platform):
    told = connect(platform, ACME)

    token = platform.oauth.token({"grant_type": "authorization_code", "code": told["code"]})

    assert (told["state"], told["scope"]) == ("st-1", "read_only")
    assert (token.stripe_user_id, token.livemode, token.scope, token.token_type) == (ACME, False, "read_only", "bearer")


def test_code_used_twice_revokes_what_it_gave(platform):
    code = connect(platform, ACME)["code"]
    platform.oauth.token({"grant_type": "authorization_code", "code": code})

    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        platform.oauth.token({"grant_type": "authorization_code", "code": code})

    with pytest.raises(stripe.PermissionError) as refused:
        platform.v1.charges.list({}, {"stripe_account": ACME})
    assert "Application access may have been revoked" in str(refused.value)


def test_unknown_code_changes_nothing(platform):
    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        platform.oauth.token({"grant_type": "authorization_code", "code": "ac_unknown"})

    assert platform.v1.charges.list({"limit": 1}, {"stripe_account": ACME}).data


def test_refusal_of_the_user_comes_back_with_the_state(platform):
    told = connect(platform, "")

    assert told == {"error": "access_denied", "error_description": "The user denied your request", "state": "st-1"}


@pytest.mark.parametrize(
    ("change", "error"),
    [({"client_id": "ca_wrong"}, "invalid_request"), ({"redirect_uri": "javascript:x"}, "invalid_redirect_uri"),
     ({"scope": "everything"}, "invalid_scope"), ({"response_type": "token"}, "unsupported_response_type")],
)  # fmt: skip
def test_mistakes_are_shown_by_stripe_and_never_redirected(platform, change, error):
    url = platform.oauth.authorize_url({"redirect_uri": CALLBACK, "scope": "read_only", **change})

    answer = requests.get(url, allow_redirects=False, timeout=60)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_disconnected_account_is_out_of_reach_and_says_so_in_an_event(sandbox, platform, acme_stripe):
    gone = platform.oauth.deauthorize({"stripe_user_id": ACME})

    with pytest.raises(stripe.PermissionError):
        platform.v1.balance.retrieve({}, {"stripe_account": ACME})
    with pytest.raises(stripe.oauth_error.InvalidClientError):
        platform.oauth.deauthorize({"stripe_user_id": ACME})
    assert gone.stripe_user_id == ACME
    assert acme_stripe.v1.events.list({"limit": 1}).data[0].type == "account.application.deauthorized"


def test_exchange_needs_the_platforms_key(sandbox, platform, acme_stripe):
    code = connect(platform, ACME)["code"]

    with pytest.raises(stripe.oauth_error.InvalidClientError):
        acme_stripe.oauth.token({"grant_type": "authorization_code", "code": code})
