"""Signed events: verified over their raw bytes and stored once before they are answered.

Shape: a call costs two reads, one insert however many events it brings, and one message to the broker a second.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from payments.clients.base import RemoteEvent
from payments.clients.gateways import GATEWAYS
from payments.models import StripeConnection, WebhookEvent
from payments.services import charges
from payymo.shared.errors import BadInput, Refused
from tenants import sealing
from tenants.breakers import needs_secret
from tenants.nudging import nudge

# Many calls of one second wake the worker once.
WOKEN_WITHIN_SECONDS = 1
_SECRETS = ("webhook_secret_sealed", "webhook_secret_old_sealed")


class BadSignature(BadInput):
    """The call is not signed by an account of this tenant, or too old, or from the future."""

    code = "bad_signature"


def _signer(
    gateway: str, verifies: Callable[[str], bool]
) -> tuple[StripeConnection, sealing.TenantKeys] | tuple[None, None]:
    found = None
    # A refused key does not make its events false: they wait until the key is mended.
    rows = StripeConnection.objects.filter(gateway=gateway).exclude(state=StripeConnection.State.REMOVED)
    columns = ("pk", "public_id", "account_id", "livemode", *_SECRETS)
    with needs_secret(gateway):
        key = sealing.data_key()
        for connection in rows.only(*columns).order_by("pk")[:50]:
            secrets = [sealing.unseal(connection, column, key=key) for column in _SECRETS]
            # No early end here either.
            if any([verifies(secret) for secret in secrets if secret]):
                found = connection
    return (found, key) if found is not None else (None, None)


def receive_events(*, gateway: str, body: bytes, headers: Mapping[str, str], now: datetime) -> int:
    """Verify a call of a gateway over its raw bytes and store each of its events once; return how many it brought.

    An event of the other mode or of another account is kept apart: stored with the reason, and never worked on.
    Raises: BadSignature, or BadInput for a body that is no event; SecretOff when the signing secret cannot be opened
    now. Nothing is stored.
    """
    spoken = GATEWAYS[gateway]
    if len(body) > spoken.largest_body:
        raise BadInput(gettext("The event is too large."))
    verifies = spoken.verifier(body=body, signature=headers.get(spoken.signature_header, ""), now=now)
    if verifies is None:
        raise BadSignature(gettext("The signature cannot be read, is too old, or from the future."))
    connection, key = _signer(gateway, verifies)
    if connection is None:
        raise BadSignature(gettext("The signature does not fit."))
    try:
        events = spoken.events_in(body, headers)
    except (ValueError, RecursionError, Refused) as error:
        raise BadInput(gettext("The event cannot be read.")) from error
    store_events(connection, events, now=now, key=key)
    return len(events)


@transaction.atomic(durable=True)
def store_events(
    connection: StripeConnection, events: Iterable[RemoteEvent], *, now: datetime, key: sealing.TenantKeys | None = None
) -> None:
    """Store verified events of an account once, and wake a worker."""
    _store(connection, charges.once_each(events, "event_id"), now=now, key=key)
    nudge("stripe_events", within_seconds=WOKEN_WITHIN_SECONDS)


def _misfit(connection: StripeConnection, event: RemoteEvent) -> str:
    if event.livemode != connection.livemode:
        return "The event is of the other mode (test or live)."
    if event.account_id and event.account_id != connection.account_id:
        return "The event is of another account."
    return ""


def _store(
    connection: StripeConnection, events: Iterable[RemoteEvent], *, now: datetime, key: sealing.TenantKeys | None = None
) -> None:
    key, rows = key or sealing.data_key(), []
    for event in events:
        misfit = _misfit(connection, event)
        row = WebhookEvent(
            connection=connection,
            event_id=event.event_id,
            kind=event.kind,
            object_id=event.object_id,
            received_at=now,
            next_attempt_at=None if misfit else now,
            last_error=misfit,
        )
        row.payload_sealed = sealing.seal(row, "payload_sealed", event.raw, key=key)
        rows.append(row)
    WebhookEvent.objects.bulk_create(rows, ignore_conflicts=True)


def store_listed(connection: StripeConnection, events: Iterable[RemoteEvent], *, now: datetime) -> int:
    """Store the events that webhooks lost; return how many were missing."""
    missing = 0
    for chunk in charges.batches(event for event in events if not _misfit(connection, event)):
        ids = [event.event_id for event in chunk]
        known = set(
            WebhookEvent.objects.filter(connection=connection, event_id__in=ids).values_list("event_id", flat=True)
        )
        lost = [event for event in charges.once_each(chunk, "event_id") if event.event_id not in known]
        _store(connection, lost, now=now)
        missing += len(lost)
    return missing
