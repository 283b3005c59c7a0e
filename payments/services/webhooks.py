"""Signed events: stored once before they are answered, worked on afterwards by reading the object anew.

Order means nothing and duplicates are harmless: what an event says is never believed, only what Stripe shows now.
Source: https://docs.stripe.com/webhooks
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from payments.clients.base import PaymentProvider, RemoteEvent
from payments.clients.stripe_values import Unreadable
from payments.clients.stripe_values import event as read_event
from payments.models import StripeConnection, WebhookEvent
from payments.services import charges, payouts
from payymo.shared.errors import BadInput, ProviderError, Refused
from tenants import sealing

TOLERANCE_SECONDS = 300
LARGEST_BODY = 256 * 1024
MOST_ATTEMPTS = 12
RUN_LIMIT = 500
_HEADER = re.compile(r"t=(\d{1,12})((?:,v\d+=[0-9a-f]+)+)")
ApiFor = Callable[[StripeConnection], PaymentProvider]


class BadSignature(BadInput):
    """The event is not signed by an account of this tenant, or too old, or from the future."""

    code = "bad_signature"


def _signatures(header: str) -> tuple[int, list[str]]:
    found = _HEADER.fullmatch(header.replace(" ", ""))
    if not found:
        raise BadSignature("The signature cannot be read.")
    return int(found[1]), re.findall(r",v1=([0-9a-f]+)", found[2])


def _verifies(secret: str, stamp: int, body: bytes, signatures: list[str]) -> bool:
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    # No early end: which of several signatures is right must not show in the time.
    return any([hmac.compare_digest(expected, each) for each in signatures])


def _signer(stamp: int, body: bytes, signatures: list[str]) -> StripeConnection | None:
    found = None
    for connection in StripeConnection.objects.filter(state=StripeConnection.State.ACTIVE).order_by("pk")[:50]:
        for column in ("webhook_secret_sealed", "webhook_secret_old_sealed"):
            secret = sealing.unseal(connection, column)
            if secret and _verifies(secret, stamp, body, signatures):
                found = connection
    return found


def receive_event(*, body: bytes, signature: str, now: datetime) -> WebhookEvent:
    """Verify an event over its raw bytes and store it once.

    Raises: BadSignature, or BadInput for a body that is no event; nothing is stored.
    """
    if len(body) > LARGEST_BODY:
        raise BadInput("The event is too large.")
    stamp, signatures = _signatures(signature)
    if abs(now.timestamp() - stamp) > TOLERANCE_SECONDS:
        raise BadSignature("The signature is too old, or from the future.")
    connection = _signer(stamp, body, signatures)
    if connection is None:
        raise BadSignature("The signature does not fit.")
    try:
        data = json.loads(body)
        event = read_event(data if isinstance(data, dict) else {})
    except (ValueError, UnicodeDecodeError, Unreadable) as error:
        raise BadInput("The event cannot be read.") from error
    if event.livemode != connection.livemode:
        raise BadInput("The event is of the other mode (test or live).")
    if event.account_id and event.account_id != connection.account_id:
        raise BadInput("The event is of another account.")
    return _store(connection, event, now=now)


@transaction.atomic(durable=True)
def _store(connection: StripeConnection, event: RemoteEvent, *, now: datetime) -> WebhookEvent:
    row = WebhookEvent(
        connection=connection,
        event_id=event.event_id,
        kind=event.kind,
        object_id=event.object_id,
        received_at=now,
        next_attempt_at=now,
    )
    row.payload_sealed = sealing.seal(row, "payload_sealed", event.raw)
    WebhookEvent.objects.bulk_create([row], ignore_conflicts=True)
    return WebhookEvent.objects.get(connection=connection, event_id=event.event_id)


def store_listed(connection: StripeConnection, events: Iterable[RemoteEvent], *, now: datetime) -> int:
    """Store the events that webhooks lost; return how many were missing."""
    missing = 0
    for chunk in charges.batches(event for event in events if event.livemode == connection.livemode):
        ids = [event.event_id for event in chunk]
        known = set(
            WebhookEvent.objects.filter(connection=connection, event_id__in=ids).values_list("event_id", flat=True)
        )
        for event in chunk:
            if event.event_id not in known:
                _store(connection, event, now=now)
                missing += 1
    return missing


def process_events(*, now: datetime, api_for: ApiFor, limit: int = RUN_LIMIT) -> int:
    """Work on stored events that are due; return how many are done. One that fails is tried again, later and later."""
    done = 0
    due = WebhookEvent.objects.filter(processed_at=None, next_attempt_at__lte=now).select_related("connection")
    for event in due.order_by("next_attempt_at", "pk")[:limit]:
        if event.connection.state != StripeConnection.State.ACTIVE:
            continue
        try:
            _apply(event, api_for(event.connection))
        except ProviderError as error:
            _postpone(event, error, now=now)
            continue
        WebhookEvent.objects.filter(pk=event.pk, processed_at=None).update(
            processed_at=now, next_attempt_at=None, last_error=""
        )
        done += 1
    return done


def _postpone(event: WebhookEvent, error: ProviderError, *, now: datetime) -> None:
    attempts = event.attempts + 1
    gives_up = attempts >= MOST_ATTEMPTS or (isinstance(error, Refused) and error.reason == "invalid_request")
    WebhookEvent.objects.filter(pk=event.pk).update(
        attempts=attempts,
        next_attempt_at=None if gives_up else now + timedelta(minutes=2 ** min(attempts, 9)),
        last_error=str(error)[:300],
    )


def _apply(event: WebhookEvent, api: PaymentProvider) -> None:
    """Read what the event is about and store its present state; kinds that concern nothing here change nothing."""
    connection, subject = event.connection, event.object_id
    if event.kind.startswith("charge.dispute."):
        dispute = api.dispute(subject)
        charges.store_charges(connection, [api.charge(dispute.charge_id)])
        charges.store_disputes([dispute])
    elif event.kind.startswith(("refund.", "charge.refund.")):
        refund = api.refund(subject)
        if refund.charge_id:
            charges.store_charges(connection, [api.charge(refund.charge_id)])
        charges.store_refunds([refund])
    elif event.kind.startswith("charge.") and subject.startswith(("ch_", "py_")):
        charges.store_charges(connection, [api.charge(subject)])
    elif event.kind.startswith("payout."):
        payouts.store_payouts(connection, [api.payout(subject)])
        payouts.fetch_items(connection, api)
    elif event.kind == "account.application.deauthorized":
        StripeConnection.objects.filter(pk=connection.pk).update(
            state=StripeConnection.State.BROKEN, last_error="Access was withdrawn in Stripe.", next_sync_at=None
        )
