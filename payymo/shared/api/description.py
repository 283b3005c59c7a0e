"""The API's description (OpenAPI 3.1): what every operation has in common, and who may read it."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from payymo.shared.api.idempotency import HEADER
from payymo.shared.api.queries import PagedQuery

_PROBLEM = {
    "type": "object",
    "description": "What went wrong, for programs and people (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people: what happened and what to do."},
        "code": {"type": "string", "description": "Stable; programs may compare it."},
        "request_id": {"type": "string", "description": "Names the request in our logs."},
        "errors": {"type": "object", "additionalProperties": True, "description": "By field, where fields are wrong."},
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
}
_PROBLEM_ANSWER = {
    "description": "The request was refused; nothing was written.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# Received outside the API's own views: the signature is checked over the raw bytes, before anything is parsed.
_WEBHOOKS = {
    "/api/v1/webhooks/stripe/": (
        "stripe_webhook",
        "Stripe reports events here. Verified by `Stripe-Signature` over the raw body; stored once, worked on later.",
        ("Stripe-Signature",),
    ),
    "/api/v1/webhooks/gocardless/": (
        "gocardless_webhook",
        "GoCardless reports up to 250 events a call here. Verified by `Webhook-Signature` over the raw body; each is "
        "stored once, worked on later. A wrong signature is answered 498.",
        ("Webhook-Signature",),
    ),
    "/api/v1/webhooks/whmcs/{public_id}/": (
        "whmcs_webhook",
        "The addon module of an installation reports events here, one to a hundred a message: "
        '`{"events": [{"id", "type", "at", "data": {"invoice_id", "client_id", "transaction_id"}}]}`. '
        "`webhook-signature` is `v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body`, at most 300 seconds old. "
        "Each event is stored once, by its id, and what it names is read again from WHMCS.",
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
    ),
}
_ANSWERS_WITHOUT_BODY = {
    "200": {"description": "Stored, now or before."},
    "400": {"description": "The signature is wrong; nothing was stored."},
    "413": {"description": "The body is too large; nothing was stored."},
}
_ANSWERS_AS_GOCARDLESS_ASKS = _ANSWERS_WITHOUT_BODY | {
    "400": {"description": "The body holds no events, or too many; nothing was stored."},
    "498": {"description": "The signature is wrong; nothing was stored."},
}
_INSTALLATION = {"in": "path", "name": "public_id", "required": True, "schema": {"type": "string", "format": "uuid"}}


class DescribedSchema(AutoSchema):
    """Adds the filters a view names in `query_class`, and the key that a money-moving method asks for."""

    def get_override_parameters(self) -> list[Any]:
        """Return what the method's own code does not show."""
        found: list[Any] = []
        if self.method == "GET" and self._is_list_view() and getattr(self.view, "pagination_class", None):
            found.append(getattr(self.view, "query_class", PagedQuery))
        handler = getattr(self.view, self.method.lower(), None)
        if getattr(handler, "is_idempotent", False):
            found.append(
                OpenApiParameter(
                    HEADER,
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
                    location=OpenApiParameter.HEADER,
                    required=True,
                    description="1 to 255 printable ASCII characters, new for each act. The same key and body answer "
                    "the same again and do nothing.",
                )
            )
        return found


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say for each operation how it refuses, and describe the webhooks; a hook of drf-spectacular."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"]["default"] = _PROBLEM_ANSWER
    for path, (name, text, headers) in _WEBHOOKS.items():
        named = [{"in": "header", "name": each, "required": True, "schema": {"type": "string"}} for each in headers]
        result["paths"][path] = {
            "post": {
                "operationId": name,
                "description": text,
                "tags": ["webhooks"],
                "security": [{}],
                "parameters": ([_INSTALLATION] if "{" in path else []) + named,
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
                # What is no id at all is no address of ours.
                "responses": (_ANSWERS_AS_GOCARDLESS_ASKS if name == "gocardless_webhook" else _ANSWERS_WITHOUT_BODY)
                | ({"404": _PROBLEM_ANSWER} if "{" in path else {}),
            }
        }
    result["paths"] = dict(sorted(result["paths"].items()))
    return result
