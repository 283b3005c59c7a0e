"""Connecting and removing a Stripe account."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from payments.clients.base import PaymentProvider
from payments.clients.stripe_api import StripeApi
from payments.models import StripeConnection, StripePayment
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict, Refused
from payymo.shared.models import ReceiptState
from tenants import context, sealing
from tenants.breakers import ProviderBreaker, needs_secret
from tenants.models import ProviderAccount
from tenants.services import licences

KEY_PREFIXES = ("rk_live_", "rk_test_")
SECRET_KEY_PREFIXES = ("sk_live_", "sk_test_")
_PROVIDER = "stripe"


class UnusableKey(BadInput):
    """What was pasted is not a Stripe key, or not one that may read what is needed."""

    code = "unusable_key"


class AccountTaken(Conflict):
    """The account is connected already, here or at another company."""

    code = "account_taken"


def api_for(connection: StripeConnection) -> PaymentProvider:
    """Return a client that reads this connection's account.

    Raises: SecretOff when the key does not open now.
    """
    with needs_secret("stripe"):
        key = sealing.unseal(connection, "key_sealed")
    return StripeApi(key=key, breaker=ProviderBreaker(f"stripe:{connection.account_id}"), is_patient=True)


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
    api = StripeApi(key=key)
    try:
        account = api.account()
        missing = api.missing_permissions()
        superfluous = () if missing else api.superfluous_permissions()
    except Refused as error:
        raise UnusableKey(str(error)) from error
    if missing:
        raise UnusableKey(
            gettext("The key may not read: %(names)s. Give it read access and paste it again.")
            % {"names": ", ".join(missing)}
        )
    connection = StripeConnection(
        account_id=account.account_id,
        account_name=account.name,
        kind=StripeConnection.Kind.RESTRICTED_KEY,
        livemode=account.livemode,
        default_currency=account.default_currency,
        next_sync_at=now,
        key_last4=key[-4:],
        superfluous_permissions=list(superfluous),
        permissions_checked_at=now,
    )
    connection.key_sealed = sealing.seal(connection, "key_sealed", key)
    if webhook_secret:
        connection.webhook_secret_sealed = sealing.seal(connection, "webhook_secret_sealed", webhook_secret)
    return _claim(connection, key=key, webhook_secret=webhook_secret, now=now)


def _claim(connection: StripeConnection, *, key: str, webhook_secret: str, now: datetime) -> StripeConnection:
    tenant = context.current()
    with transaction.atomic(durable=True):
        claim, _ = ProviderAccount.objects.get_or_create(
            provider=_PROVIDER,
            external_id=connection.account_id,
            livemode=connection.livemode,
            defaults={"tenant": tenant},
        )
        if claim.tenant_id != tenant.pk:
            raise AccountTaken(gettext("This Stripe account is connected to another company."))
        _keep_modes_apart(connection.livemode)
        known = StripeConnection.objects.select_for_update().filter(account_id=connection.account_id).first()
        if known is not None and known.state == StripeConnection.State.ACTIVE:
            raise AccountTaken(gettext("This Stripe account is connected already."))
        if known is not None:
            return _reconnect(known, connection, key=key, webhook_secret=webhook_secret, now=now)
        try:
            with transaction.atomic():
                connection.save()
        except IntegrityError as error:
            raise AccountTaken(gettext("This Stripe account is connected already.")) from error
        audit.record(action="connection.added", about=connection)
    return connection


def _keep_modes_apart(livemode: bool) -> None:
    """Refuse a test account beside a live one, and the other way round: test payments settle no real invoice."""
    others = StripeConnection.objects.select_for_update().filter(livemode=not livemode)
    if others.exclude(state=StripeConnection.State.REMOVED).exists():
        raise UnusableKey(
            "A test account is connected. Remove it before you connect a live one."
            if livemode
            else "This is a test key, and a live account is connected. Use another company for tests."
        )
    if livemode:
        tests = StripePayment.objects.filter(connection__livemode=False, state=ReceiptState.UNRECONCILED, allocated=0)
        tests.update(state=ReceiptState.IGNORED, ignored_reason="test mode")


def _reconnect(
    known: StripeConnection, checked: StripeConnection, *, key: str, webhook_secret: str, now: datetime
) -> StripeConnection:
    """Give a connection that was removed or refused its new key; its history goes on."""
    known.superfluous_permissions = checked.superfluous_permissions
    known.permissions_checked_at = checked.permissions_checked_at
    known.key_sealed = sealing.seal(known, "key_sealed", key)
    known.key_last4 = key[-4:]
    if webhook_secret:
        known.webhook_secret_sealed = sealing.seal(known, "webhook_secret_sealed", webhook_secret)
    known.state = StripeConnection.State.ACTIVE
    known.failures, known.last_error, known.last_error_code, known.next_sync_at = 0, "", "", now
    known.save()
    audit.record(action="connection.changed", about=known)
    return known


def check_permissions(*, connection: StripeConnection, api: PaymentProvider, now: datetime) -> tuple[str, ...]:
    """Ask Stripe again what the key may do; note what it has too much, return what it lacks.

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
    if not webhook_secret.strip().startswith("whsec_"):
        raise UnusableKey(gettext("The webhook secret begins with whsec_."))
    row = StripeConnection.objects.select_for_update().get(pk=connection.pk)
    if row.webhook_secret_sealed:
        before = sealing.unseal(row, "webhook_secret_sealed")
        row.webhook_secret_old_sealed = sealing.seal(row, "webhook_secret_old_sealed", before)
    row.webhook_secret_sealed = sealing.seal(row, "webhook_secret_sealed", webhook_secret.strip())
    row.save(update_fields=["webhook_secret_sealed", "webhook_secret_old_sealed"])
    audit.record(action="connection.changed", about=row, details={"what": "webhook_secret"})


@transaction.atomic(durable=True)
def remove_connection(*, connection: StripeConnection) -> None:
    """Stop reading the account and forget its secrets; what was read stays."""
    StripeConnection.objects.filter(pk=connection.pk).update(
        state=StripeConnection.State.REMOVED,
        key_sealed=b"",
        webhook_secret_sealed=b"",
        webhook_secret_old_sealed=b"",
        next_sync_at=None,
    )
    ProviderAccount.objects.filter(
        provider=_PROVIDER, external_id=connection.account_id, livemode=connection.livemode
    ).delete()
    audit.record(action="connection.removed", about=connection)
