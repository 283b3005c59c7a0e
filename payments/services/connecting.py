"""Connecting and removing accounts at gateways."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from payments.clients.base import PaymentProvider
from payments.clients.gateways import GATEWAYS
from payments.clients.stripe_connect import platform_of
from payments.models import Gateway, StripeConnection
from payments.services import oauth
from payments.services.claiming import AccountTaken, UnusableKey, claim
from payymo.audit.services import recording as audit
from payymo.shared.errors import Refused
from tenants import context, sealing
from tenants.breakers import ProviderBreaker, needs_secret
from tenants.models import ProviderAccount
from tenants.services import licences

__all__ = ["AccountTaken", "UnusableKey"]
KEY_PREFIXES = ("rk_live_", "rk_test_")
SECRET_KEY_PREFIXES = ("sk_live_", "sk_test_")
TOKEN_PREFIXES = ("live_", "sandbox_")
_KINDS = {"stripe": StripeConnection.Kind.RESTRICTED_KEY, "gocardless": StripeConnection.Kind.ACCESS_TOKEN}


def api_for(connection: StripeConnection) -> PaymentProvider:
    """Return a client that reads this connection's account.

    Raises: SecretOff when the key does not open now; Refused where the platform that it was connected to is gone.
    """
    breaker = ProviderBreaker(f"{connection.gateway}:{connection.account_id}")
    if connection.kind == StripeConnection.Kind.CONNECT:
        platform = platform_of(livemode=connection.livemode)
        if platform is None:
            raise Refused(_("This installation has no application at Stripe any more."), reason="credentials_invalid")
        return GATEWAYS[connection.gateway].api(
            key=platform.key, account_id=connection.account_id, breaker=breaker, is_patient=True
        )
    with needs_secret(connection.gateway):
        key = sealing.unseal(connection, "key_sealed")
    return GATEWAYS[connection.gateway].api(key=key, breaker=breaker, is_patient=True)


def connect_with_restricted_key(*, key: str, webhook_secret: str, now: datetime) -> StripeConnection:
    """Check a pasted key against Stripe and connect its account.

    Raises: LicenceLimit; UnusableKey naming what is missing; AccountTaken; Retryable when Stripe cannot be asked.
    Nothing is written then.
    """
    licences.require_feature(tenant=context.current(), feature="stripe", now=now)
    key, webhook_secret = key.strip(), webhook_secret.strip()
    if key.startswith(SECRET_KEY_PREFIXES):
        raise UnusableKey(
            gettext("This is a secret key, which may move money. Make a restricted key that may only read.")
        )
    if not key.startswith(KEY_PREFIXES) or len(key) > 255 or not key.isascii():
        raise UnusableKey(gettext("This is not a Stripe key: it begins with rk_live_ or rk_test_."))
    if webhook_secret and not webhook_secret.startswith("whsec_"):
        raise UnusableKey(gettext("The webhook secret begins with whsec_. You can leave it out and add it later."))
    return _connect("stripe", key=key, webhook_secret=webhook_secret, now=now)


def connect_with_access_token(*, token: str, webhook_secret: str, now: datetime) -> StripeConnection:
    """Check a pasted access token against GoCardless and connect its account.

    Raises: as `connect_with_restricted_key`.
    """
    licences.require_feature(tenant=context.current(), feature="stripe", now=now)
    token = token.strip()
    if not token.startswith(TOKEN_PREFIXES) or len(token) > 255 or not token.isascii():
        raise UnusableKey(gettext("This is not a GoCardless access token: it begins with live_ or sandbox_."))
    return _connect("gocardless", key=token, webhook_secret=webhook_secret.strip(), now=now)


def _connect(gateway: str, *, key: str, webhook_secret: str, now: datetime) -> StripeConnection:
    api = GATEWAYS[gateway].api(key=key, breaker=None, is_patient=False)
    try:
        missing = api.missing_permissions()
        if missing:
            raise UnusableKey(
                gettext("The key may not read: %(names)s. Give it read access and paste it again.")
                % {"names": ", ".join(missing)}
            )
        account = api.account()
        superfluous = api.superfluous_permissions()
    except Refused as error:
        raise UnusableKey(str(error.sentence)) from error
    connection = StripeConnection(
        gateway=gateway,
        account_id=account.account_id,
        account_name=account.name,
        kind=_KINDS[gateway],
        livemode=account.livemode,
        default_currency=account.default_currency,
        next_sync_at=now,
        key_last4=key[-4:],
        superfluous_permissions=list(superfluous),
        permissions_checked_at=now,
    )
    return claim(connection, key=key, webhook_secret=webhook_secret, now=now)


def check_permissions(*, connection: StripeConnection, api: PaymentProvider, now: datetime) -> tuple[str, ...]:
    """Ask the gateway again what the key may do; note what it has too much, return what it lacks.

    Raises: Refused, Retryable.
    """
    missing = api.missing_permissions()
    superfluous = api.superfluous_permissions()
    StripeConnection.objects.filter(pk=connection.pk).update(
        superfluous_permissions=list(superfluous), permissions_checked_at=now
    )
    connection.refresh_from_db(fields=["superfluous_permissions", "permissions_checked_at"])
    return missing


@transaction.atomic(durable=True)
def change_webhook_secret(*, connection: StripeConnection, webhook_secret: str) -> None:
    """Take a new signing secret; the one before stays valid until the next change.

    Raises: UnusableKey.
    """
    webhook_secret = webhook_secret.strip()
    if connection.gateway == Gateway.STRIPE and not webhook_secret.startswith("whsec_"):
        raise UnusableKey(gettext("The webhook secret begins with whsec_."))
    if not webhook_secret:
        raise UnusableKey(gettext("The webhook secret is missing."))
    row = StripeConnection.objects.select_for_update().get(pk=connection.pk)
    if row.webhook_secret_sealed:
        before = sealing.unseal(row, "webhook_secret_sealed")
        row.webhook_secret_old_sealed = sealing.seal(row, "webhook_secret_old_sealed", before)
    row.webhook_secret_sealed = sealing.seal(row, "webhook_secret_sealed", webhook_secret)
    row.save(update_fields=["webhook_secret_sealed", "webhook_secret_old_sealed"])
    audit.record(action="connection.changed", about=row, details={"what": "webhook_secret"})


def remove_connection(*, connection: StripeConnection) -> None:
    """Stop reading the account, take access back at Stripe and forget the secrets; what was read stays.

    Raises: Retryable when Stripe cannot be asked; nothing changes then.
    """
    has_access = connection.state in (StripeConnection.State.ACTIVE, StripeConnection.State.PAUSED)
    if connection.kind == StripeConnection.Kind.CONNECT and has_access:
        oauth.end_access(connection)
    _forget(connection)


@transaction.atomic(durable=True)
def _forget(connection: StripeConnection) -> None:
    StripeConnection.objects.filter(pk=connection.pk).update(
        state=StripeConnection.State.REMOVED,
        key_sealed=b"",
        webhook_secret_sealed=b"",
        webhook_secret_old_sealed=b"",
        next_sync_at=None,
        sync_progress={},
    )
    ProviderAccount.objects.filter(
        provider=connection.gateway, external_id=connection.account_id, livemode=connection.livemode
    ).delete()
    audit.record(action="connection.removed", about=connection)
