"""Signed events: verified over their raw bytes and stored once before they are answered.

Source: https://docs.stripe.com/webhooks
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from payments.clients.base import RemoteEvent
from payments.clients.stripe_values import Unreadable
from payments.clients.stripe_values import event as read_event
from payments.models import StripeConnection, WebhookEvent
from payments.services import charges
from payymo.shared.errors import BadInput
from tenants import sealing
from tenants.breakers import needs_secret
from tenants.nudging import nudge

TOLERANCE_SECONDS = 300
LARGEST_BODY = 256 * 1024
_HEADER = re.compile(r"t=(\d{1,12})((?:,v\d+=[0-9a-f]+)+)")


class BadSignature(BadInput):
    """The event is not signed by an account of this tenant, or too old, or from the future."""

    code = "bad_signature"


def _signatures(header: str) -> tuple[int, list[str]]:
    found = _HEADER.fullmatch(header.replace(" ", ""))
    if not found:
        raise BadSignature(gettext("The signature cannot be read."))
    return int(found[1]), re.findall(r",v1=([0-9a-f]+)", found[2])


def _verifies(secret: str, stamp: int, body: bytes, signatures: list[str]) -> bool:
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    # No early end: which of several signatures is right must not show in the time.
    return any([hmac.compare_digest(expected, each) for each in signatures])


def _signer(stamp: int, body: bytes, signatures: list[str]) -> StripeConnection | None:
    found = None
    # A refused key does not make its events false: they wait until the key is mended.
    for connection in StripeConnection.objects.exclude(state=StripeConnection.State.REMOVED).order_by("pk")[:50]:
        for column in ("webhook_secret_sealed", "webhook_secret_old_sealed"):
            with needs_secret("stripe"):
                secret = sealing.unseal(connection, column)
            if secret and _verifies(secret, stamp, body, signatures):
                found = connection
    return found


def receive_event(*, body: bytes, signature: str, now: datetime) -> WebhookEvent:
    """Verify an event over its raw bytes and store it once.

    An event of the other mode or of another account is kept apart: stored with the reason, and never worked on.
    Raises: BadSignature, or BadInput for a body that is no event; SecretOff when the signing secret cannot be opened
    now. Nothing is stored.
    """
    if len(body) > LARGEST_BODY:
        raise BadInput(gettext("The event is too large."))
    stamp, signatures = _signatures(signature)
    if abs(now.timestamp() - stamp) > TOLERANCE_SECONDS:
        raise BadSignature(gettext("The signature is too old, or from the future."))
    connection = _signer(stamp, body, signatures)
    if connection is None:
        raise BadSignature(gettext("The signature does not fit."))
    try:
        data = json.loads(body)
        event = read_event(data if isinstance(data, dict) else {})
    except (ValueError, RecursionError, Unreadable) as error:
        raise BadInput(gettext("The event cannot be read.")) from error
    with transaction.atomic(durable=True):
        _store(connection, [event], now=now)
        nudge("stripe_events")
    return WebhookEvent.objects.get(connection=connection, event_id=event.event_id)


def _misfit(connection: StripeConnection, event: RemoteEvent) -> str:
    if event.livemode != connection.livemode:
        return "The event is of the other mode (test or live)."
    if event.account_id and event.account_id != connection.account_id:
        return "The event is of another account."
    return ""


def _store(connection: StripeConnection, events: Iterable[RemoteEvent], *, now: datetime) -> None:
    key, rows = sealing.data_key(), []
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
