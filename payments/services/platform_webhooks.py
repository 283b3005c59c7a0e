"""Events of connected accounts, which Stripe reports to one address: verified, then led to their tenant.

Source: https://docs.stripe.com/connect/webhooks
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from payments.clients.base import RemoteEvent
from payments.clients.gateways import GATEWAYS
from payments.clients.stripe_connect import platform_of
from payments.models import StripeConnection
from payments.services import webhooks
from payymo.shared.errors import BadInput, Refused
from tenants import context
from tenants.models import ProviderAccount

logger = logging.getLogger(__name__)


def receive(*, body: bytes, headers: Mapping[str, str], now: datetime) -> bool:
    """Verify a call and store its event with the tenant whose account it is about; return whether there is one.

    Shape: an account that nobody has, or has in the other mode, is dropped: it was disconnected, or is no concern of
    this installation's.
    Raises: webhooks.BadSignature, BadInput; context.TenantUnavailable when it must come again. Nothing is stored.
    """
    spoken = GATEWAYS["stripe"]
    verifies = spoken.verifier(body=body, signature=headers.get(spoken.signature_header, ""), now=now)
    secrets = [secret for platform in map(_platform, (True, False)) for secret in platform]
    # No early end: which of several secrets is right must not show in the time.
    if verifies is None or not any([verifies(secret) for secret in secrets]):
        raise webhooks.BadSignature("the signature does not fit")
    try:
        [event] = spoken.events_in(body, headers)
    except (ValueError, RecursionError, Refused) as error:
        raise BadInput("the event cannot be read") from error
    return _lead(event, now=now)


def _platform(livemode: bool) -> tuple[str, ...]:
    platform = platform_of(livemode=livemode)
    return platform.webhook_secrets if platform is not None else ()


def _lead(event: RemoteEvent, *, now: datetime) -> bool:
    owned = ProviderAccount.objects.filter(
        provider="stripe", external_id=event.account_id, livemode=event.livemode
    ).select_related("tenant")
    owner = owned.first() if event.account_id else None
    if owner is None:
        logger.info("event of nobody's account", extra={"event": "webhook_dropped", "reason": "unknown_account"})
        return False
    with context.inside(owner.tenant):
        connection = StripeConnection.objects.filter(account_id=event.account_id, kind="connect").first()
        if connection is None:
            return False
        receiver = webhooks.Receiver(connection.pk, connection.account_id, connection.livemode)
        webhooks.store_events(receiver, [event], now=now)
    return True
