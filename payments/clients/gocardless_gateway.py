"""GoCardless as a gateway: `Webhook-Signature` over the raw bytes, up to 250 unordered events a call.

The signature holds no time, so a call can be repeated for ever: an event is stored once, by its id.
Source: https://developer.gocardless.com/api-reference/#appendix-webhooks
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime

from payments.clients import gocardless_values as values
from payments.clients.base import PaymentProvider, RemoteEvent
from payments.clients.gateway import Subject
from payments.clients.gocardless_api import GoCardlessApi
from payymo.shared.http import Breaker

MOST_EVENTS = 250
_TAKEN_BACK = frozenset({"charged_back", "chargeback_cancelled", "chargeback_settled", "late_failure_settled"})


class GoCardlessGateway:
    """See `payments.clients.gateway.Gateway`."""

    title = "GoCardless"
    # 250 events of some 4 KiB; no event is cut off.
    largest_body = 2 * 1024 * 1024
    signature_header = "Webhook-Signature"

    def api(self, *, key: str, account_id: str = "", breaker: Breaker | None, is_patient: bool) -> PaymentProvider:
        """Return what reads the account that the token belongs to."""
        return GoCardlessApi(token=key, breaker=breaker, is_patient=is_patient)

    def verifier(self, *, body: bytes, signature: str, now: datetime) -> Callable[[str], bool] | None:
        """Return what checks a secret; None without a signature."""
        if len(signature) != hashlib.sha256().digest_size * 2 or not signature.isascii():
            return None
        return lambda secret: hmac.compare_digest(
            hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(), signature.lower()
        )

    def events_in(self, body: bytes, headers: Mapping[str, str]) -> tuple[RemoteEvent, ...]:
        """Read the events of a call; the `Origin` says of which environment they are."""
        data = json.loads(body)
        listed = data.get("events") if isinstance(data, dict) else None
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_EVENTS:
            raise values.Unreadable("it holds no events, or more than 250")
        if not all(isinstance(each, dict) for each in listed):
            raise values.Unreadable("an event is not an object")
        livemode = "sandbox" not in headers.get("Origin", "")
        return tuple(values.event(each, livemode=livemode) for each in listed)

    def subject_of(self, kind: str, object_id: str) -> Subject | None:
        """Say what an event is about; events of mandates and customers are kept, and concern nothing here."""
        resource, _, action = kind.partition(".")
        if not object_id:
            return None
        if resource == "payments":
            return Subject.DISPUTE if action in _TAKEN_BACK else Subject.INTENT
        return {"refunds": Subject.REFUND, "payouts": Subject.PAYOUT}.get(resource)
