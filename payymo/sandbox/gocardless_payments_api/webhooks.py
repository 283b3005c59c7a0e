"""Signed delivery of events, many in one call, to an endpoint on this machine."""

import hashlib
import hmac
import http.client
import json
import secrets
from typing import Any

from payymo.sandbox.stripe_api.webhooks import SHOWN, TIMEOUT, Endpoint

MOST_EVENTS = 250
ORIGIN = "https://api-sandbox.gocardless.com"


def signature(payload: bytes, secret: str) -> str:
    """Return the `Webhook-Signature` header."""
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


def deliver(endpoint: Endpoint, events: list[dict[str, Any]], secret: str) -> list[dict[str, Any]]:
    """Post the events, up to 250 a call, and return what came back; an endpoint that cannot be reached is status 0."""
    return [_post(endpoint, events[at : at + MOST_EVENTS], secret) for at in range(0, len(events), MOST_EVENTS)]


def _post(endpoint: Endpoint, events: list[dict[str, Any]], secret: str) -> dict[str, Any]:
    payload = json.dumps({"events": events, "meta": {"webhook_id": f"WB{secrets.token_hex(8).upper()}"}}).encode()
    headers = {
        "Host": endpoint.host,
        "Content-Type": "application/json",
        "User-Agent": "gocardless-webhook-service/1.1",
        "Origin": ORIGIN,
        "Webhook-Signature": signature(payload, secret),
    }
    # Names under .localhost are not known to every resolver: the address is given, the name goes into Host.
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=TIMEOUT)
    try:
        connection.request("POST", endpoint.path, payload, headers)
        answer = connection.getresponse()
        return {"events": len(events), "status": answer.status, "body": answer.read(SHOWN).decode("utf-8", "replace")}
    except OSError as error:
        return {"events": len(events), "status": 0, "body": str(error)}
    finally:
        connection.close()
