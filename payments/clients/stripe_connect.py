"""Stripe Connect: the platform's own calls, which open and end access to the accounts of others.

The exchange is sent once: a code that comes twice takes away again what it gave.
Source: https://docs.stripe.com/connect/oauth-reference
"""

from dataclasses import dataclass, field

import stripe
from django.conf import settings
from django.utils.translation import gettext_noop as _

from payments.clients.stripe_http import StripeHttp
from payymo.shared.errors import Refused, Retryable, Unknown


@dataclass(frozen=True, slots=True)
class Platform:
    """The application that an installation has registered at Stripe, of one mode."""

    client_id: str
    key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What an owner agreed to."""

    account_id: str
    livemode: bool


def platform_of(*, livemode: bool) -> Platform | None:
    """Return the application of a mode, if there is one."""
    found = settings.STRIPE_PLATFORMS["live" if livemode else "test"]
    return Platform(found["client_id"], found["key"], tuple(found["webhook_secret"].split())) if found["key"] else None


def _client(platform: Platform) -> stripe.StripeClient:
    return stripe.StripeClient(
        platform.key,
        client_id=platform.client_id,
        base_addresses={"api": settings.STRIPE_URL, "connect": settings.STRIPE_CONNECT_URL},
        max_network_retries=0,
        http_client=StripeHttp(breaker=None, may_repeat=False),
    )


def authorize_url(platform: Platform, *, state: str, redirect_url: str) -> str:
    """Return where the owner signs in and agrees."""
    asked = {"scope": "read_write", "redirect_uri": redirect_url, "state": state, "stripe_landing": "login"}
    return _client(platform).oauth.authorize_url(asked)  # type: ignore[arg-type]


def exchange(platform: Platform, code: str) -> Grant:
    """Exchange the code of the way back for the account.

    Raises: Refused for a code that is unknown, old or used; Unknown when no answer came: it is not asked again.
    """
    try:
        token = _client(platform).oauth.token({"grant_type": "authorization_code", "code": code})
    except stripe.oauth_error.OAuthError as error:
        raise Refused(_("Stripe refused the code. Please start again."), reason="code_refused") from error
    except (stripe.StripeError, ValueError) as error:
        raise Unknown(_("Stripe did not answer. Please start again."), reason="unreachable") from error
    account_id = getattr(token, "stripe_user_id", "")
    if not isinstance(account_id, str) or not account_id.startswith("acct_"):
        raise Refused(_("Stripe's answer names no account. Please start again."), reason="malformed")
    return Grant(account_id, livemode=getattr(token, "livemode", False) is True)


def revoke(platform: Platform, account_id: str) -> None:
    """End the access; that it has ended already is no failure.

    Raises: Retryable when Stripe cannot be asked.
    """
    try:
        _client(platform).oauth.deauthorize({"stripe_user_id": account_id})
    except stripe.oauth_error.OAuthError:
        return
    except (stripe.StripeError, ValueError) as error:
        raise Retryable(_("Stripe cannot be reached just now."), reason="unreachable") from error
