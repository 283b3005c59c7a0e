"""What is sent to an endpoint: signed JSON for programs, a sentence for Slack. Source: the Standard Webhooks
specification 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`); Slack's incoming webhooks.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext

from payymo.notices import words
from payymo.notices.models import Delivery, Endpoint
from payymo.shared.languages import speaking
from tenants.links import address_of
from tenants.models import Tenant
from whmcs.services.signing import signed_headers

TEST = "payymo.test"


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes and headers of one call."""

    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def of_delivery(delivery: Delivery, *, tenant: Tenant, secrets: Sequence[str], now: datetime) -> Message:
    """Write the message of a delivery; one of the same event has the same id, however often it is sent."""
    headers = {"Content-Type": "application/json"}
    if delivery.endpoint.form == Endpoint.Form.SLACK:
        return Message(json.dumps({"text": _slack(delivery, tenant)}).encode(), headers)
    body = json.dumps(_payload(delivery, tenant), separators=(",", ":"), sort_keys=True).encode()
    return Message(body, headers | signature(secrets=secrets, message_id=id_of(delivery), body=body, now=now))


def id_of(delivery: Delivery) -> str:
    """Return the id by which a receiver knows a message that it has."""
    return f"msg_{(delivery.event.public_id if delivery.event else delivery.public_id).hex}"


def signature(*, secrets: Sequence[str], message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the three headers, with a signature by each secret.

    Shape: the first secret is the newest; a receiver needs one of the signatures to fit.
    """
    signed = [signed_headers(secret=secret, message_id=message_id, body=body, now=now) for secret in secrets]
    return signed[0] | {"webhook-signature": " ".join(each["webhook-signature"] for each in signed)}


def _payload(delivery: Delivery, tenant: Tenant) -> dict[str, Any]:
    event = delivery.event
    if event is None:
        return {"type": TEST, "timestamp": _written(delivery.created_at), "tenant": str(tenant.public_id), "data": {}}
    return {
        "type": event.kind,
        "timestamp": _written(event.happened_at),
        "tenant": str(tenant.public_id),
        "data": {"id": str(event.about), **event.details},
    }


def _slack(delivery: Delivery, tenant: Tenant) -> str:
    """Say it in the company's language: a channel has many readers."""
    with speaking(tenant.language):
        if delivery.event is None:
            return gettext("This is a test message of Payymo.")
        link = address_of(tenant, words.path_of(delivery.event))
        return f"{words.text_of(delivery.event)} <{link}|Payymo>"


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
