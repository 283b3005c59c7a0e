"""Stripe as a gateway: `Stripe-Signature` over the raw bytes, one event a call. Source: https://docs.stripe.com/webhooks"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from payments.clients.base import PaymentProvider, RemoteEvent
from payments.clients.gateway import Subject
from payments.clients.stripe_api import StripeApi
from payments.clients.stripe_values import event as read_event
from payymo.shared.http import Breaker

TOLERANCE_SECONDS = 300
_HEADER = re.compile(r"t=(\d{1,12})((?:,v\d+=[0-9a-f]+)+)")
_SUBJECTS = (
    ("charge.dispute.", Subject.DISPUTE),
    ("charge.refund.", Subject.REFUND),
    ("refund.", Subject.REFUND),
    ("payment_intent.", Subject.INTENT),
    ("payout.", Subject.PAYOUT),
)


class StripeGateway:
    """See `payments.clients.gateway.Gateway`."""

    title = "Stripe"
    largest_body = 256 * 1024
    signature_header = "Stripe-Signature"

    def api(self, *, key: str, account_id: str = "", breaker: Breaker | None, is_patient: bool) -> PaymentProvider:
        """Return what reads one account."""
        return StripeApi(key=key, account_id=account_id, breaker=breaker, is_patient=is_patient)

    def verifier(self, *, body: bytes, signature: str, now: datetime) -> Callable[[str], bool] | None:
        """Return what checks a secret; None for a header that cannot be read, is too old, or from the future."""
        found = _HEADER.fullmatch(signature.replace(" ", ""))
        if not found or abs(now.timestamp() - int(found[1])) > TOLERANCE_SECONDS:
            return None
        signed, given = f"{int(found[1])}.".encode() + body, re.findall(r",v1=([0-9a-f]+)", found[2])

        def verifies(secret: str) -> bool:
            expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            # No early end: which of several signatures is right must not show in the time.
            return any([hmac.compare_digest(expected, each) for each in given])

        return verifies

    def events_in(self, body: bytes, headers: Mapping[str, str]) -> tuple[RemoteEvent, ...]:
        """Read the one event of a call."""
        data = json.loads(body)
        return (read_event(data if isinstance(data, dict) else {}),)

    def subject_of(self, kind: str, object_id: str) -> Subject | None:
        """Say what an event is about."""
        if kind == "account.application.deauthorized":
            return Subject.ACCESS_ENDED
        for start, subject in _SUBJECTS:
            if kind.startswith(start):
                return subject
        return Subject.CHARGE if kind.startswith("charge.") and object_id.startswith(("ch_", "py_")) else None
