"""Faults that can be switched on: for one provider, perhaps one host, a number of times or with a chance."""

import json
import random
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from payymo.sandbox.store import Store

KNOWN = {
    "gocardless": {
        "rate_limited", "consent_expired", "slow", "html", "server_error", "suspended", "processing", "forbidden_ip",
    },
    "enable_banking": {
        "rate_limited", "server_error", "bank_timeout", "user_action", "no_access", "short_history", "forbidden_ip",
        "down", "slow", "html", "ended",
    },
    "simplefin": {"revoked", "unpaid", "rate_limited", "down", "html", "slow", "complains"},
    "gocardless_payments": {"rate_limited", "slow", "server_error", "html", "unauthorized", "lacks_right"},
    "stripe": {"rate_limited", "slow", "server_error", "html", "unauthorized", "lacks_right", "excess_right"},
    "whmcs": {
        "error_after_booking", "timeout_after_booking", "success_without_booking", "booked_late", "html", "slow",
        "forbidden_ip", "auth_failed", "not_allowed", "server_error", "cut",
    },
}  # fmt: skip
MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Down for maintenance</h1></body></html>"
)
MAX_SECONDS = 120.0
# Chance only decides whether a fault strikes; nothing that is kept depends on it.
_dice = random.SystemRandom()


class UnknownFault(ValueError):
    """The provider or the fault does not exist."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that strikes this request."""

    name: str
    params: dict[str, Any]

    @property
    def seconds(self) -> float:
        """Return how long the fault lasts, in seconds."""
        return min(float(self.params.get("seconds", 3)), MAX_SECONDS)


def add(store: Store, order: dict[str, Any]) -> int:
    """Switch a fault on and return its id.

    Raises: UnknownFault when the order makes no sense; nothing is switched on.
    """
    provider, name = order.get("provider"), order.get("fault")
    if provider not in KNOWN or name not in KNOWN[provider]:
        raise UnknownFault(
            f"There is no fault {name!r} of {provider!r}. Known: { {k: sorted(v) for k, v in KNOWN.items()} }"
        )
    times, probability = order.get("times"), order.get("probability", 1.0)
    if times is not None and (not isinstance(times, int) or times < 1):
        raise UnknownFault("times must be a whole number above zero.")
    if not isinstance(probability, int | float) or not 0 < probability <= 1:
        raise UnknownFault("probability must be above 0 and at most 1.")
    params = order.get("params") or {}
    if not isinstance(params, dict):
        raise UnknownFault("params must be an object.")
    with store.writing() as connection:
        cursor = connection.execute(
            "INSERT INTO fault (provider, slug, fault, remaining, probability, params) VALUES (?, ?, ?, ?, ?, ?)",
            (provider, order.get("slug") or "", name, times, float(probability), json.dumps(params)),
        )
        return int(cursor.lastrowid or 0)


def listed(store: Store) -> list[dict[str, Any]]:
    """Return every fault that was switched on, spent ones included."""
    with store.reading() as connection:
        return [{**dict(row), "params": json.loads(row["params"])} for row in connection.execute("SELECT * FROM fault")]


def clear(store: Store) -> None:
    """Switch every fault off."""
    with store.writing() as connection:
        connection.execute("DELETE FROM fault")


def take(store: Store, provider: str, slug: str, names: Iterable[str], where: str = "") -> Fault | None:
    """Return the fault among `names` that strikes now, and count it; `where` is compared with `params.only`."""
    wanted = set(names)
    with store.reading() as connection:
        candidates = [
            row for row in _active(connection, provider, slug) if row["fault"] in wanted and _here(row, where)
        ]
    for row in candidates:
        if _dice.random() >= row["probability"]:
            continue
        with store.writing() as connection:
            struck = connection.execute(
                "UPDATE fault SET remaining = remaining - 1, hits = hits + 1 "
                "WHERE id = ? AND (remaining IS NULL OR remaining > 0)",
                (row["id"],),
            ).rowcount
        if struck:
            return Fault(row["fault"], json.loads(row["params"]))
    return None


def _active(connection: sqlite3.Connection, provider: str, slug: str) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM fault WHERE provider = ? AND slug IN ('', ?) "
        "AND (remaining IS NULL OR remaining > 0) ORDER BY id",
        (provider, slug),
    ).fetchall()


def _here(row: sqlite3.Row, where: str) -> bool:
    only = json.loads(row["params"]).get("only")
    return only is None or where in (only if isinstance(only, list) else [only])


def hold(fault: Fault) -> None:
    """Let the caller wait."""
    time.sleep(fault.seconds)


def html(fault: Fault, status: int) -> Response:
    """Answer with the web server's page instead of the API's JSON."""
    return Response(MAINTENANCE, status=int(fault.params.get("status", status)), mimetype="text/html")


def cut_connection() -> Response:
    """Close the connection without an answer: the client sees it end."""
    socket = request.environ.get("werkzeug.socket")
    if socket is not None:
        socket.shutdown(2)
    raise ConnectionAbortedError("cut by a fault")
