"""`Idempotency-Key` on every POST that moves money: its repetition answers the same and does nothing.

The record of the answer is written in the transaction of the effect, so it exists exactly when the effect does. A
request that fails leaves neither. The app that owns the records registers them with `use`, since this package knows no
tenant and no model.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import NotAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from payymo.shared.errors import BadInput, Conflict, DomainError

KEPT = timedelta(days=7)
HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_LONGEST_ROUTE = 300

Handler = Callable[..., Response]


class KeyMissing(BadInput):
    """The header is missing, empty, longer than 255 characters or not printable ASCII."""

    code = "idempotency_key_missing"


class KeyInUse(Conflict):
    """The first request with this key is still being worked on; ask again in a moment."""

    code = "idempotency_key_in_use"


class KeyReused(DomainError):
    """The key belongs to a request with another body."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True)
class Scope:
    """What makes a key the same key: who calls, method and path, and the key. The tenant is the one of the schema."""

    caller: str
    route: str
    key: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer given before. `answer` is JSON, or empty when the answer had no body."""

    body_sha256: str
    status: int
    answer: str


class Records(Protocol):
    """Where answers are kept. Every call happens inside the transaction of the effect."""

    def claim(self, scope: Scope) -> bool:
        """Return False when another transaction holds this scope now; never wait."""

    def find(self, scope: Scope, *, now: datetime) -> Kept | None:
        """Return the answer kept for this scope, unless it is too old."""

    def keep(self, scope: Scope, kept: Kept, *, now: datetime, until: datetime) -> None:
        """Keep the answer."""


_registered: list[Records] = []


def use(records: Records) -> None:
    """Keep answers there; called once, while the application starts."""
    _registered[:] = [records]


def idempotent(handler: Handler) -> Handler:
    """Decorate the POST method of an API view whose effect must happen once per `Idempotency-Key`.

    The method runs inside one transaction together with its record; services below it use `transaction.atomic()`
    without `durable`. Answers of 400 and above are not kept, and whatever was written before them is rolled back.
    Raises: KeyMissing (400), KeyInUse (409), KeyReused (422).
    """

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        scope, body_sha256 = _scope_of(request), _hash_of(request)
        [records] = _registered
        now = timezone.now()
        with transaction.atomic():
            if not records.claim(scope):
                raise KeyInUse("A request with this Idempotency-Key is still being worked on.")
            if kept := records.find(scope, now=now):
                return _replayed(kept, body_sha256)
            response = handler(view, request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            else:
                kept = Kept(body_sha256, response.status_code, _written(response))
                records.keep(scope, kept, now=now, until=now + KEPT)
        return response

    once.is_idempotent = True  # type: ignore[attr-defined]  # the API's description reads it
    return once


def _scope_of(request: Request) -> Scope:
    """Read who calls what.

    Raises: KeyMissing, NotAuthenticated.
    """
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key) or not key.strip():
        raise KeyMissing(f"Send {HEADER} with 1 to 255 printable ASCII characters, a new one for each act.")
    caller = getattr(request.auth, "caller", "")
    if not caller:
        raise NotAuthenticated
    route = f"{request.method} {request.path}"
    if len(route) > _LONGEST_ROUTE:
        route = f"{request.method} {hashlib.sha256(request.path.encode()).hexdigest()}"
    return Scope(caller=caller, route=route, key=key)


def _hash_of(request: Request) -> str:
    """Hash the body as it was sent, and the query with it, before anybody parses it."""
    query = request.META.get("QUERY_STRING", "")
    return hashlib.sha256(request._request.body + (b"?" + query.encode() if query else b"")).hexdigest()


def _written(response: Response) -> str:
    return "" if response.data is None else JSONRenderer().render(response.data).decode()


def _replayed(kept: Kept, body_sha256: str) -> Response:
    """Answer as before.

    Raises: KeyReused.
    """
    if kept.body_sha256 != body_sha256:
        raise KeyReused("This Idempotency-Key was used with another body; nothing was done.")
    data = json.loads(kept.answer) if kept.answer else None
    return Response(data, status=kept.status, headers={"Idempotency-Replayed": "true"})
