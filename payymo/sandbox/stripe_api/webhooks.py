"""Signed delivery of events to an endpoint on this machine."""

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 20.0
SHOWN = 2000


class ForbiddenTarget(ValueError):
    """The address is not on this machine."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A parsed webhook address on loopback."""

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Return the endpoint of an address; events never leave the machine.

        Raises: ForbiddenTarget.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "http" or not (host in ("127.0.0.1", "localhost") or host.endswith(".localhost")):
            raise ForbiddenTarget(f"Events go to http addresses on this machine only, not to {url!r}.")
        path = parts.path or "/"
        return cls(parts.netloc, parts.port or 80, f"{path}?{parts.query}" if parts.query else path)


def signature(payload: bytes, secret: str, at: int) -> str:
    """Return the `Stripe-Signature` header."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def deliver(endpoint: Endpoint, event: dict[str, Any], secret: str) -> dict[str, Any]:
    """Post one event and return what came back; an endpoint that cannot be reached is status 0."""
    payload = json.dumps(event, indent=2).encode()
    headers = {
        "Host": endpoint.host,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(payload, secret, int(time.time())),
    }
    # Names under .localhost are not known to every resolver: the address is given, the name goes into Host.
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=TIMEOUT)
    try:
        connection.request("POST", endpoint.path, payload, headers)
        answer = connection.getresponse()
        text = answer.read(SHOWN).decode("utf-8", "replace")
        return {"id": event["id"], "type": event["type"], "status": answer.status, "body": text}
    except OSError as error:
        return {"id": event["id"], "type": event["type"], "status": 0, "body": str(error)}
    finally:
        connection.close()
