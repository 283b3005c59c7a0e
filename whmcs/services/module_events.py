"""What the addon module reports: verified, stored once, and taken as a hint to read WHMCS again.

No report is believed: it marks rows to be read, and the mirror's own run reads them. So a report that is lost, doubled,
late or out of order changes nothing that the next sweep would not find.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from payymo.shared.errors import BadInput
from tenants import sealing
from tenants.breakers import needs_secret
from tenants.nudging import nudge
from whmcs.models import AddonModule, Client, Invoice, ModuleEvent, WhmcsInstance
from whmcs.services import signing
from whmcs.services.posting import OWN_PREFIX
from whmcs.services.signing import BadSignature

LARGEST_BODY = 256 * 1024
MOST_EVENTS = 100
KEPT = timedelta(days=30)
_KIND = re.compile(r"[A-Za-z]{1,40}")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ORDER = re.compile(r"[A-Za-z0-9-]{0,40}")
_LARGEST_NUMBER = 2**62


class UnreadableEvents(BadInput):
    """The message is signed, but it is none of ours."""

    code = "unreadable_events"


def receive_events(*, instance_id: str, headers: Mapping[str, str], body: bytes, now: datetime) -> int:
    """Verify a message of one to a hundred events, store each once and mark what it concerns; return how many are new.

    Raises: BadSignature, UnreadableEvents; SecretOff when the signing secret cannot be opened now. Nothing is stored.
    """
    module = AddonModule.objects.select_related("instance").filter(instance__public_id=instance_id).first()
    if module is None or module.instance.state == WhmcsInstance.State.REMOVED:
        raise BadSignature("No addon module is paired with this installation.")
    with needs_secret("whmcs"):
        secrets = [sealing.unseal(module, name) for name in ("webhook_secret_sealed", "webhook_secret_old_sealed")]
    signing.verify(headers=headers, body=body, secrets=secrets, now=now)
    events = _read(module.instance, body, now)
    with transaction.atomic(durable=True):
        ids = [event.event_id for event in events]
        stored = ModuleEvent.objects.filter(instance=module.instance, event_id__in=ids)
        known = set(stored.values_list("event_id", flat=True))
        fresh = [event for event in events if event.event_id not in known]
        ModuleEvent.objects.bulk_create(fresh, ignore_conflicts=True)
        ModuleEvent.objects.filter(instance=module.instance, received_at__lt=now - KEPT).delete()
        AddonModule.objects.filter(pk=module.pk).update(last_seen_at=now)
        _mark(module.instance, fresh, now=now)
    return len(fresh)


def _mark(instance: WhmcsInstance, events: Sequence[ModuleEvent], *, now: datetime) -> None:
    """Leave the rows that the events name to be read again; what Payymo booked itself is read back already."""
    foreign = [event for event in events if not event.transaction_id.startswith(OWN_PREFIX)]
    if not foreign:
        return
    invoices = {event.invoice_whmcs_id for event in foreign} - {0}
    clients = {event.client_whmcs_id for event in foreign} - {0}
    ours = Invoice.objects.filter(instance=instance, whmcs_id__in=invoices).order_by("pk")
    held = list(ours.select_for_update(of=("self",)).values_list("pk", flat=True))
    Invoice.objects.filter(pk__in=held).update(needs_reading=True)
    Client.objects.filter(instance=instance, whmcs_id__in=clients).update(bookings_read_at=None)
    WhmcsInstance.objects.filter(pk=instance.pk).update(next_sync_at=now)
    nudge("whmcs_events")


def _read(instance: WhmcsInstance, body: bytes, now: datetime) -> list[ModuleEvent]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableEvents("The message is no JSON.") from error
    rows = told.get("events") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_EVENTS:
        raise UnreadableEvents(f"A message holds one to {MOST_EVENTS} events.")
    found = [_event(instance, row, now) for row in rows]
    return list({event.event_id: event for event in found}.values())


def _event(instance: WhmcsInstance, row: Any, now: datetime) -> ModuleEvent:
    if not isinstance(row, dict) or not isinstance(row.get("data"), dict):
        raise UnreadableEvents("An event needs an id, a type, a time and its data.")
    event_id, kind, data = row.get("id"), row.get("type"), row["data"]
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise UnreadableEvents("An event's id is missing or too long.")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise UnreadableEvents("An event's type is missing or too long.")
    transaction_id = data.get("transaction_id", "")
    if not isinstance(transaction_id, str):
        raise UnreadableEvents("An event's transaction id is no text.")
    return ModuleEvent(
        instance=instance,
        event_id=event_id,
        kind=kind,
        invoice_whmcs_id=_number(data, "invoice_id"),
        client_whmcs_id=_number(data, "client_id"),
        transaction_id=transaction_id.replace("\x00", "")[:255],
        order_number=_order_number(data),
        occurred_at=datetime.fromtimestamp(min(_number(row, "at"), int(now.timestamp())), tz=UTC),
        received_at=now,
    )


def _order_number(data: Mapping[str, Any]) -> str:
    value = data.get("order_number", "")
    if not isinstance(value, str) or not _ORDER.fullmatch(value):
        raise UnreadableEvents("An event's order number is no number.")
    return value


def _number(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name, 0)
    if type(value) is not int or not 0 <= value < _LARGEST_NUMBER:
        raise UnreadableEvents(f"An event's {name} is no whole number.")
    return value
