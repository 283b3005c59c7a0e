"""Connecting a Stripe account by its owner's consent at Stripe, and ending that.

The state in the way back is the only link to the attempt and nobody signs it: it is random, kept as a hash with the
browser's session, good once and for ten minutes. The account that comes of it is asked for, never believed.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from payments.clients import stripe_connect
from payments.clients.gateways import GATEWAYS
from payments.models import ConnectAttempt, StripeConnection
from payments.services.claiming import claim
from payymo.shared.errors import BadInput, Refused
from tenants import context
from tenants.services import licences

ATTEMPT_LIFE = timedelta(minutes=10)


class ConnectRefused(BadInput):
    """The way back from Stripe leads to nothing: unknown, used, too old, somebody else's, or refused."""

    code = "connect_refused"


def is_offered(*, livemode: bool) -> bool:
    """Return whether this installation has an application of the mode at Stripe."""
    return stripe_connect.platform_of(livemode=livemode) is not None


def is_heard(connection: StripeConnection) -> bool:
    """Return whether events of the account come to a webhook: its own, or for consent at Stripe the application's."""
    if connection.kind != StripeConnection.Kind.CONNECT:
        return bool(connection.webhook_secret_sealed)
    platform = stripe_connect.platform_of(livemode=connection.livemode)
    return platform is not None and bool(platform.webhook_secrets)


def start(*, session_key: str, redirect_url: str, livemode: bool, now: datetime) -> str:
    """Begin an attempt; return the address at Stripe.

    Raises: LicenceLimit, ConnectRefused where Connect is not set up.
    """
    licences.require_feature(tenant=context.current(), feature="stripe", now=now)
    platform = stripe_connect.platform_of(livemode=livemode)
    if platform is None:
        raise ConnectRefused(
            gettext("Stripe Connect is not set up on this installation. Paste a restricted key instead.")
        )
    ConnectAttempt.objects.filter(ends_at__lt=now).delete()
    # The host that Stripe leads back to serves all tenants; the first part says whose browser goes on.
    state = f"{context.current().public_id.hex}.{secrets.token_urlsafe(32)}"
    ConnectAttempt.objects.create(state_hash=_hash(state, session_key), livemode=livemode, ends_at=now + ATTEMPT_LIFE)
    return stripe_connect.authorize_url(platform, state=state, redirect_url=redirect_url)


def finish(*, session_key: str, state: str, code: str, now: datetime) -> StripeConnection:
    """Take the owner back from Stripe: spend the state, exchange the code, and connect the account.

    Raises: ConnectRefused; AccountTaken, UnusableKey; Refused, Retryable, Unknown. Nothing is stored then.
    """
    attempts = ConnectAttempt.objects.filter(state_hash=_hash(state, session_key), ends_at__gt=now)
    livemode = attempts.values_list("livemode", flat=True).first()
    # One statement spends the state: of two parallel ways back one goes on, and the code is sent once.
    spent = attempts.delete()[0]
    platform = stripe_connect.platform_of(livemode=livemode) if livemode is not None else None
    if not spent or platform is None:
        raise ConnectRefused(
            gettext("This link has ended, was already used, or belongs to somebody else. Please start again.")
        )
    if not code:
        raise ConnectRefused(gettext("Stripe did not connect the account: you cancelled, or it was refused."))
    grant = stripe_connect.exchange(platform, code)
    if grant.livemode != livemode:
        raise ConnectRefused(
            gettext("Stripe connected an account of the other mode (test or live). Please start again.")
        )
    api = GATEWAYS["stripe"].api(key=platform.key, account_id=grant.account_id, breaker=None, is_patient=False)
    account = api.account()
    if account.account_id != grant.account_id:
        raise Refused(_("Stripe shows another account than the one that agreed."), reason="malformed")
    connection = StripeConnection(
        gateway="stripe",
        account_id=account.account_id,
        account_name=account.name,
        kind=StripeConnection.Kind.CONNECT,
        livemode=grant.livemode,
        default_currency=account.default_currency,
        next_sync_at=now,
    )
    return claim(connection, key="", webhook_secret="", now=now)  # nosec B106 - the platform holds both


def end_access(connection: StripeConnection) -> None:
    """Take the access back at Stripe.

    Raises: Retryable.
    """
    platform = stripe_connect.platform_of(livemode=connection.livemode)
    if platform is not None:
        stripe_connect.revoke(platform, connection.account_id)


def _hash(state: str, session_key: str) -> str:
    return hashlib.sha256(f"{session_key}|{state}".encode()).hexdigest()
