"""Tokens: a pair for the company's keys, and a fresh access token for a refresh token."""

import secrets
import sqlite3
import time

from payymo.sandbox import world
from payymo.sandbox.gocardless_api import limits
from payymo.sandbox.gocardless_api.errors import refusal, required

ACCESS_SECONDS, REFRESH_SECONDS = 86400, 2_592_000


def _issue(connection: sqlite3.Connection, slug: str, kind: str, seconds: int) -> str:
    # Three parts with dots, as a JWT has; nobody but the sandbox reads it.
    token = ".".join(secrets.token_urlsafe(size) for size in (27, 48, 32))
    connection.execute("INSERT INTO gc_token VALUES (?, ?, ?, ?)", (token, slug, kind, time.time() + seconds))
    return token


def new(connection: sqlite3.Connection, body: dict[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """Exchange the keys for a token pair.

    Raises: Refusal for missing fields, wrong keys, or the hundred-and-first call within an hour.
    """
    missing = [name for name in ("secret_id", "secret_key") if not body.get(name)]
    if missing:
        raise required(*missing)
    for slug, keys in world.GOCARDLESS.items():
        if (keys.secret_id, keys.secret_key) == (body["secret_id"], body["secret_key"]):
            headers = limits.company_call(connection, slug, "token_new")
            pair: dict[str, object] = {
                "access": _issue(connection, slug, "access", ACCESS_SECONDS),
                "access_expires": ACCESS_SECONDS,
                "refresh": _issue(connection, slug, "refresh", REFRESH_SECONDS),
                "refresh_expires": REFRESH_SECONDS,
            }
            return pair, headers
    raise refusal(401, "Authentication failed", "No active account found with the given credentials")


def refresh(connection: sqlite3.Connection, body: dict[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """Exchange a refresh token for a new access token; there is no new refresh token.

    Raises: Refusal for a missing, dead or wrong token.
    """
    if not body.get("refresh"):
        raise required("refresh")
    slug = owner(connection, str(body["refresh"]), "refresh")
    headers = limits.company_call(connection, slug, "token_refresh")
    return {"access": _issue(connection, slug, "access", ACCESS_SECONDS), "access_expires": ACCESS_SECONDS}, headers


def owner(connection: sqlite3.Connection, token: str, kind: str) -> str:
    """Return the company of a living token.

    Raises: Refusal (401) for any other.
    """
    row = connection.execute(
        "SELECT slug FROM gc_token WHERE token = ? AND kind = ? AND expires_at > ?", (token, kind, time.time())
    ).fetchone()
    if row is None:
        raise refusal(401, "Invalid token", "Token is invalid or expired")
    return str(row["slug"])
