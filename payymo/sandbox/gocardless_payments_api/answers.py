"""Who calls GoCardless, and the error bodies that it gives."""

import secrets
from dataclasses import dataclass
from typing import Any

from flask import request

from payymo.sandbox import world

DOCUMENTS = "https://developer.gocardless.com/api-reference/"
VERSION = "2015-07-06"


class GoCardlessRefusal(Exception):
    """Ends a request with an error answer."""

    def __init__(self, status: int, kind: str, message: str, reason: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.error: dict[str, Any] = {
            "message": message, "documentation_url": DOCUMENTS, "type": kind, "code": status,
            "request_id": secrets.token_hex(8), "errors": [{"reason": reason, "message": message}],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """The host whose token is used, and whether the token may write."""

    slug: str
    writes: bool


def unauthorised() -> GoCardlessRefusal:
    """Return the 401 for no token, a wrong one, or one that was revoked."""
    return GoCardlessRefusal(
        401, "invalid_api_usage", "The access token you've used is not valid", "access_token_not_found"
    )


def no_permission() -> GoCardlessRefusal:
    """Return the 403 for a token whose scope is too narrow."""
    message = "Your access token doesn't have the appropriate permissions to perform this action"
    return GoCardlessRefusal(403, "invalid_api_usage", message, "insufficient_permissions")


def not_found() -> GoCardlessRefusal:
    """Return the 404 for an object that is not there, or is another company's."""
    return GoCardlessRefusal(404, "invalid_api_usage", "Resource not found", "resource_not_found")


def invalid(field: str, message: str) -> GoCardlessRefusal:
    """Return the 422 for a parameter that cannot be."""
    found = GoCardlessRefusal(422, "validation_failed", "Validation failed", "invalid")
    found.error["errors"] = [{"field": field, "message": message, "request_pointer": f"/{field}"}]
    return found


def caller() -> Caller:
    """Return who calls.

    Raises: GoCardlessRefusal (400, 401).
    """
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if request.headers.get("GoCardless-Version") != VERSION:
        raise GoCardlessRefusal(400, "invalid_api_usage", "Version not found", "version_not_found")
    if scheme == "Bearer":
        for slug, keys in world.GOCARDLESS_PAYMENTS.items():
            if token in (keys.access_token, keys.full_token):
                return Caller(slug, writes=token == keys.full_token)
    raise unauthorised()
