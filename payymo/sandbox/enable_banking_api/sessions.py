"""Authorisations, the codes that come out of them, and sessions."""

import json
import secrets
import sqlite3
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from payymo.sandbox import world
from payymo.sandbox.enable_banking_api import banks
from payymo.sandbox.enable_banking_api.errors import Refusal, wrong
from payymo.sandbox.rows import body

CODE_SECONDS = 600
_CALLBACK_PATH = "/connections/bank/callback/"


def redirect_urls(slug: str, web_port: int) -> list[str]:
    """Return the addresses that the application lists: the host at the port of the product, over http."""
    return [f"http://{slug}.localhost{port}{_CALLBACK_PATH}" for port in ("", f":{web_port}")]


def _may_return(slug: str, url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname == f"{slug}.localhost" and parts.path == _CALLBACK_PATH


def authorise(connection: sqlite3.Connection, slug: str, given: dict[str, Any], base: str) -> dict[str, Any]:
    """Make an authorisation and return the page that its user opens.

    Raises: Refusal (422) per field.
    """
    access, bank = given.get("access"), given.get("aspsp")
    if not isinstance(access, dict) or not isinstance(bank, dict) or not given.get("state"):
        raise wrong("access, aspsp and state are required")
    found = banks.find(bank.get("name"), bank.get("country"))
    if found is None:
        raise Refusal(422, "WRONG_ASPSP_PROVIDED", "Wrong ASPSP name provided")
    if not _may_return(slug, str(given.get("redirect_url", ""))):
        raise Refusal(422, "REDIRECT_URI_NOT_ALLOWED", "Redirect URI not allowed")
    if given.get("psu_type") not in banks.shown(found, bank["country"])["psu_types"]:
        raise wrong("psu_type is not supported by the ASPSP")
    _check_until(str(access.get("valid_until", "")), int(found["max_access_valid_for_days"]))
    id = str(uuid.uuid4())
    made = {**given, "institution": found["id"], "ends": access["valid_until"]}
    connection.execute("INSERT INTO eb_auth VALUES (?, ?, '', 0, ?)", (id, slug, json.dumps(made)))
    return {"url": f"{base}/ais/start?sessionid={id}", "authorization_id": id, "psu_id_hash": secrets.token_hex(16)}


def _check_until(text: str, most_days: int) -> None:
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        raise wrong("valid_until must be an RFC 3339 date with a time zone") from None
    if until.tzinfo is None:
        raise wrong("valid_until must have a time zone")
    if not timedelta(0) < until - datetime.now(UTC) <= timedelta(days=most_days):
        raise wrong("valid_until is beyond the maximum consent validity of the ASPSP")


def pending(connection: sqlite3.Connection, id: str) -> tuple[str, dict[str, Any]] | None:
    """Return the host and body of an authorisation that nobody has decided."""
    row = connection.execute("SELECT * FROM eb_auth WHERE id = ? AND code = ''", (id,)).fetchone()
    return (row["slug"], body(row)) if row is not None else None


def decide(connection: sqlite3.Connection, id: str) -> str:
    """Return the code with which the user goes back."""
    code = str(uuid.uuid4())
    connection.execute("UPDATE eb_auth SET code = ?, code_at = ? WHERE id = ?", (code, time.time(), id))
    return code


def begin(connection: sqlite3.Connection, slug: str, code: str) -> dict[str, Any]:
    """Exchange a code, once, for a session whose account uids are new.

    Raises: Refusal (422) for a code that is wrong, over or used.
    """
    row = connection.execute(
        "SELECT * FROM eb_auth WHERE code = ? AND code <> '' AND slug = ?", (code, slug)
    ).fetchone()
    if row is None:
        raise Refusal(422, "WRONG_AUTHORIZATION_CODE", "Wrong authorization code provided")
    if connection.execute("SELECT 1 FROM eb_session WHERE auth = ?", (row["id"],)).fetchone():
        raise Refusal(422, "ALREADY_AUTHORIZED", "Session is already authorized")
    if row["code_at"] + CODE_SECONDS < time.time():
        raise Refusal(422, "EXPIRED_AUTHORIZATION_CODE", "Authorization code is expired")
    made, id = body(row), str(uuid.uuid4())
    connection.execute(
        "INSERT INTO eb_session VALUES (?, ?, ?, 'AUTHORIZED', ?, ?)",
        (id, slug, row["id"], made["ends"], json.dumps(made)),
    )
    own = connection.execute(
        "SELECT account FROM bank_account WHERE slug = ? AND institution = ? ORDER BY rowid",
        (slug, made["institution"]),
    ).fetchall()
    for each in own:
        uid = str(uuid.uuid5(uuid.UUID(id), each["account"]))
        connection.execute("INSERT INTO eb_account VALUES (?, ?, ?, ?)", (uid, slug, each["account"], id))
    return shown(connection, slug, id)


def find(connection: sqlite3.Connection, slug: str, id: str) -> sqlite3.Row:
    """Return a session of the host, ended in time.

    Raises: Refusal (404).
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM eb_session WHERE id = ? AND slug = ?", (id, slug)
    ).fetchone()
    if row is None:
        raise Refusal(404, "SESSION_DOES_NOT_EXIST", "No session found matching provided id")
    return row


def status_of(row: sqlite3.Row) -> str:
    """Return the session's status; one whose time is over has expired."""
    if row["status"] == "AUTHORIZED" and datetime.fromisoformat(row["ends"]) <= datetime.now(UTC):
        return "EXPIRED"
    return str(row["status"])


def check_alive(row: sqlite3.Row) -> None:
    """Pass if the session may be read from.

    Raises: Refusal (401).
    """
    status = status_of(row)
    if status != "AUTHORIZED":
        raise Refusal(401, f"{status}_SESSION", f"Session is {status.lower()}")


def shown(connection: sqlite3.Connection, slug: str, id: str) -> dict[str, Any]:
    """Return a session; its accounts are plain uids."""
    row = find(connection, slug, id)
    made = body(row)
    uids = [one["uid"] for one in connection.execute("SELECT uid FROM eb_account WHERE session = ?", (id,)).fetchall()]
    return {
        "session_id": id, "status": status_of(row), "accounts": uids, "aspsp": made["aspsp"],
        "psu_type": made["psu_type"], "access": {**made["access"], "valid_until": row["ends"]},
        "accounts_data": [{"uid": uid, "identification_hash": _hash(slug, uid)} for uid in uids],
    }  # fmt: skip


def _hash(slug: str, uid: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{slug}:{uid}").hex


def end(connection: sqlite3.Connection, slug: str, id: str, status: str = "CLOSED") -> None:
    """End a session.

    Raises: Refusal (404, 401).
    """
    check_alive(find(connection, slug, id))
    connection.execute("UPDATE eb_session SET status = ? WHERE id = ?", (status, id))


def has_accounts(slug: str, institution: str) -> bool:
    """Return whether the host is a customer of the bank."""
    return institution in world.GOCARDLESS[slug].institution_ids
