"""Making a checked account this tenant's own: one company has it, once, in one mode."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from payments.clients.gateways import GATEWAYS
from payments.models import StripeConnection, StripePayment
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.models import ReceiptState
from tenants import context, sealing
from tenants.models import ProviderAccount


class UnusableKey(BadInput):
    """What was pasted is not a key of the gateway, or not one that may read what is needed."""

    code = "unusable_key"


class AccountTaken(Conflict):
    """The account is connected already, here or at another company."""

    code = "account_taken"


def claim(connection: StripeConnection, *, key: str, webhook_secret: str, now: datetime) -> StripeConnection:
    """Store a connection that was checked, or give one that is known its new key; `key` is empty with Connect.

    Raises: AccountTaken, UnusableKey when the other mode is connected; nothing is written then.
    """
    tenant = context.current()
    if key:
        connection.key_sealed = sealing.seal(connection, "key_sealed", key)
    if webhook_secret:
        connection.webhook_secret_sealed = sealing.seal(connection, "webhook_secret_sealed", webhook_secret)
    with transaction.atomic(durable=True):
        claimed, _ = ProviderAccount.objects.get_or_create(
            provider=connection.gateway,
            external_id=connection.account_id,
            livemode=connection.livemode,
            defaults={"tenant": tenant},
        )
        name = {"gateway": GATEWAYS[connection.gateway].title}
        if claimed.tenant_id != tenant.pk:
            raise AccountTaken(gettext("This %(gateway)s account is connected to another company.") % name)
        _keep_modes_apart(connection.livemode)
        known = StripeConnection.objects.select_for_update().filter(account_id=connection.account_id).first()
        if known is not None and known.state == StripeConnection.State.ACTIVE:
            raise AccountTaken(gettext("This %(gateway)s account is connected already.") % name)
        if known is not None:
            return _reconnect(known, connection, key=key, webhook_secret=webhook_secret, now=now)
        try:
            with transaction.atomic():
                connection.save()
        except IntegrityError as error:
            raise AccountTaken(gettext("This %(gateway)s account is connected already.") % name) from error
        audit.record(action="connection.added", about=connection)
    return connection


def _keep_modes_apart(livemode: bool) -> None:
    """Refuse a test account beside a live one, and the other way round: test payments settle no real invoice."""
    others = StripeConnection.objects.select_for_update().filter(livemode=not livemode)
    if others.exclude(state=StripeConnection.State.REMOVED).exists():
        raise UnusableKey(
            gettext("A test account is connected. Remove it before you connect a live one.")
            if livemode
            else gettext("This is a test key, and a live account is connected. Use another company for tests.")
        )
    if livemode:
        tests = StripePayment.objects.filter(connection__livemode=False, state=ReceiptState.UNRECONCILED, allocated=0)
        tests.update(state=ReceiptState.IGNORED, ignored_reason="test mode")


def _reconnect(
    known: StripeConnection, checked: StripeConnection, *, key: str, webhook_secret: str, now: datetime
) -> StripeConnection:
    """Give a connection that was removed, refused or paused its new key; its history goes on, and so does a pause."""
    known.kind = checked.kind
    known.superfluous_permissions = checked.superfluous_permissions
    known.permissions_checked_at = checked.permissions_checked_at
    known.key_sealed = sealing.seal(known, "key_sealed", key) if key else b""
    known.key_last4 = key[-4:]
    if webhook_secret:
        known.webhook_secret_sealed = sealing.seal(known, "webhook_secret_sealed", webhook_secret)
    known.failures, known.last_error, known.last_error_code = 0, "", ""
    if not known.is_paused:
        known.state, known.next_sync_at = StripeConnection.State.ACTIVE, now
    known.save()
    audit.record(action="connection.changed", about=known)
    return known
