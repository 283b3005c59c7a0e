"""Signed events: verified over their raw bytes and stored once before they are answered.

Shape: a call costs two reads, one insert however many events it brings, and one message to the broker a second. They
are plain statements, since a call must cost little: a gateway reports hundreds a second when a batch is collected.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.utils.translation import gettext

from payments.clients.base import RemoteEvent
from payments.clients.gateways import GATEWAYS
from payments.models import StripeConnection, WebhookEvent
from payments.services import charges
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import BadInput, Refused
from payymo.shared.secret_store.base import SecretUnavailable
from tenants import sealing
from tenants.breakers import SecretOff, switch_off
from tenants.nudging import nudge

# Many calls of one second wake the worker once.
WOKEN_WITHIN_SECONDS = 1
_SECRETS = ("webhook_secret_sealed", "webhook_secret_old_sealed")
# A refused key does not make its events false: they wait until the key is mended.
_RECEIVERS = """
SELECT id, public_id, account_id, livemode, webhook_secret_sealed, webhook_secret_old_sealed
FROM payments_stripeconnection WHERE gateway = %s AND state <> 'REMOVED' ORDER BY id LIMIT 50
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s)"
# One statement is stored whole or not at all, and its rows are there when it returns.
_STORE = """
INSERT INTO payments_webhookevent (public_id, created_at, connection_id, event_id, kind, object_id, payload_sealed,
    received_at, attempts, next_attempt_at, last_error)
VALUES {rows} ON CONFLICT (connection_id, event_id) DO NOTHING
"""


class BadSignature(BadInput):
    """The call is not signed by an account of this tenant, or too old, or from the future."""

    code = "bad_signature"


@dataclass(frozen=True, slots=True)
class Receiver:
    """The account that an event is kept for."""

    pk: int
    account_id: str
    livemode: bool


def _receivers(gateway: str) -> list[StripeConnection]:
    with database.cursor() as cursor:
        cursor.execute(_RECEIVERS, [gateway])
        names = [column.name for column in cursor.description]
        return [StripeConnection.from_db(database.alias, names, row) for row in cursor.fetchall()]


def _signer(gateway: str, verifies: Callable[[str], bool]) -> tuple[Receiver | None, sealing.TenantKeys]:
    found = None
    try:
        key = sealing.data_key()
        for row in _receivers(gateway):
            secrets = [sealing.unseal(row, column, key=key) for column in _SECRETS]
            # No early end here either.
            if any([verifies(secret) for secret in secrets if secret]):
                found = Receiver(row.pk, row.account_id, row.livemode)
    except (UnreadableSecret, SecretUnavailable) as error:
        switch_off(gateway)
        raise SecretOff(gateway) from error
    return found, key


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
    receiver, key = _signer(gateway, verifies)
    if receiver is None:
        raise BadSignature(gettext("The signature does not fit."))
    try:
        events = spoken.events_in(body, headers)
    except (ValueError, RecursionError, Refused) as error:
        raise BadInput(gettext("The event cannot be read.")) from error
    store_events(receiver, events, now=now, key=key)
    return len(events)


def store_events(
    receiver: Receiver, events: Iterable[RemoteEvent], *, now: datetime, key: sealing.TenantKeys | None = None
) -> None:
    """Store verified events of an account once, and wake a worker."""
    _store(receiver, charges.once_each(events, "event_id"), now=now, key=key or sealing.data_key())
    nudge("stripe_events", within_seconds=WOKEN_WITHIN_SECONDS)


def _misfit(receiver: Receiver, event: RemoteEvent) -> str:
    if event.livemode != receiver.livemode:
        return "The event is of the other mode (test or live)."
    if event.account_id and event.account_id != receiver.account_id:
        return "The event is of another account."
    return ""


def _store(receiver: Receiver, events: list[RemoteEvent], *, now: datetime, key: sealing.TenantKeys) -> None:
    if not events:
        return
    seal = sealing.sealer(WebhookEvent, "payload_sealed", key=key)
    values: list[Any] = []
    for event in events:
        public_id, misfit = uuid.uuid4(), _misfit(receiver, event)
        values += [public_id, now, receiver.pk, event.event_id, event.kind, event.object_id]
        values += [seal(public_id, event.raw), now, None if misfit else now, misfit]
    with database.cursor() as cursor:
        # Only the number of places is written into the statement.
        cursor.execute(_STORE.format(rows=", ".join([_ROW] * len(events))), values)


def store_listed(connection: StripeConnection, events: Iterable[RemoteEvent], *, now: datetime) -> int:
    """Store the events that webhooks lost; return how many were missing."""
    missing, receiver, key = 0, Receiver(connection.pk, connection.account_id, connection.livemode), sealing.data_key()
    for chunk in charges.batches(event for event in events if not _misfit(receiver, event)):
        ids = [event.event_id for event in chunk]
        known = set(
            WebhookEvent.objects.filter(connection=connection, event_id__in=ids).values_list("event_id", flat=True)
        )
        lost = [event for event in charges.once_each(chunk, "event_id") if event.event_id not in known]
        _store(receiver, lost, now=now, key=key)
        missing += len(lost)
    return missing
