"""Signatures between Payymo and the addon module, in both directions, over the raw bytes.

Source: the Standard Webhooks specification (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64>`).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from payymo.shared.errors import BadInput

TOLERANCE_SECONDS = 300
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_STAMP = re.compile(r"[0-9]{1,12}")
_MOST_SIGNATURES = 5


class BadSignature(BadInput):
    """The message is not signed by this installation's module, or too old, or from the future."""

    code = "bad_signature"


def signed_headers(*, secret: str, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the three headers of a message that is sent now."""
    stamp = str(int(now.timestamp()))
    signature = base64.b64encode(_digest(secret, message_id, stamp, body)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def verify(*, headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> str:
    """Return the id of a message that one of the secrets signed within the last five minutes.

    Raises: BadSignature.
    """
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id) or not _STAMP.fullmatch(stamp):
        raise BadSignature("The signature cannot be read.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature("The signature is too old, or from the future.")
    given = [
        part.removeprefix("v1,").encode()
        for part in headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
        if part.startswith("v1,") and part.isascii()
    ]
    wanted = [base64.b64encode(_digest(secret, message_id, stamp, body)) for secret in secrets if secret]
    # No early end: which of several signatures is right must not show in the time.
    if not any([hmac.compare_digest(one, other) for one in given for other in wanted]):
        raise BadSignature("The signature does not fit.")
    return message_id


def _digest(secret: str, message_id: str, stamp: str, body: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
