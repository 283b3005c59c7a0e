"""End-user agreements and requisitions."""

import json
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.gocardless_api import institutions
from payymo.sandbox.gocardless_api.errors import Refusal, field, not_found, refusal, required
from payymo.sandbox.rows import body
from payymo.sandbox.seeding import now_text

SCOPES = ["balances", "details", "transactions"]
AGREEMENT_FIELDS = {"institution_id", "max_historical_days", "access_valid_for_days", "access_scope", "reconfirmation"}
REQUISITION_FIELDS = {
    "redirect", "institution_id", "agreement", "reference", "user_language", "ssn", "account_selection",
    "redirect_immediate",
}  # fmt: skip


def known_fields(given: dict[str, Any], allowed: set[str]) -> None:
    """Refuse what is not documented.

    Raises: Refusal (400).
    """
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise refusal(400, "Unknown fields", f"Unknown fields {unknown} in request")


def _bank(given: dict[str, Any]) -> dict[str, Any]:
    if not given.get("institution_id"):
        raise required("institution_id")
    bank = institutions.BY_ID.get(given["institution_id"])
    if bank is None:
        detail = f"Get Institution IDs from /institutions/?country={{$COUNTRY_CODE}}: {given['institution_id']}"
        raise field("institution_id", f"Unknown Institution ID {given['institution_id']}", detail)
    return bank


def _days(given: dict[str, Any], name: str, bank: dict[str, Any], limit_name: str) -> int:
    value = given.get(name, 90)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal(400, {name: ["A valid integer is required."], "status_code": 400})
    if not 0 < value <= int(bank[limit_name]):
        detail = f"{name} must be > 0 and <= {bank['name']} {limit_name} ({bank[limit_name]})"
        raise field(name, f"Incorrect {name}", detail)
    return value


def create_agreement(connection: sqlite3.Connection, slug: str, given: dict[str, Any]) -> dict[str, Any]:
    """Make an agreement within what the bank allows.

    Raises: Refusal (400) per field; nothing is made.
    """
    known_fields(given, AGREEMENT_FIELDS)
    bank = _bank(given)
    scope = given.get("access_scope", SCOPES)
    if not isinstance(scope, list) or not scope or set(scope) - set(SCOPES):
        raise field("access_scope", "Unknown value in access_scope", f"access_scope must be a subset of {SCOPES}")
    if given.get("reconfirmation") and "GB" not in bank["countries"]:
        raise field(
            "reconfirmation", "Reconfirmation not supported", "Reconfirmation is available for GB institutions only"
        )
    made = {
        "id": str(uuid.uuid4()),
        "created": now_text(),
        "institution_id": bank["id"],
        "max_historical_days": _days(given, "max_historical_days", bank, "transaction_total_days"),
        "access_valid_for_days": _days(given, "access_valid_for_days", bank, "max_access_valid_for_days"),
        "access_scope": scope,
        "accepted": None,
        "reconfirmation": bool(given.get("reconfirmation", False)),
    }
    _keep_agreement(connection, slug, made)
    return made


def _keep_agreement(connection: sqlite3.Connection, slug: str, made: dict[str, Any]) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO gc_agreement VALUES (?, ?, ?, ?)", (made["id"], slug, made["created"], json.dumps(made))
    )


def agreement(connection: sqlite3.Connection, slug: str, id: str) -> dict[str, Any]:
    """Return an agreement of the company.

    Raises: Refusal (404).
    """
    row = connection.execute("SELECT body FROM gc_agreement WHERE id = ? AND slug = ?", (id, slug)).fetchone()
    if row is None:
        raise not_found()
    return body(row)


def accept(connection: sqlite3.Connection, slug: str, made: dict[str, Any], at: datetime | None = None) -> None:
    """Record that the user accepted the agreement."""
    stamp = now_text() if at is None else at.isoformat().replace("+00:00", "Z")
    _keep_agreement(connection, slug, {**made, "accepted": stamp})


def ends_at(made: dict[str, Any]) -> datetime | None:
    """Return when access under the agreement ends; None while nobody has accepted it."""
    if not made["accepted"]:
        return None
    return datetime.fromisoformat(made["accepted"]) + timedelta(days=made["access_valid_for_days"])


def expired(made: dict[str, Any]) -> bool:
    """Return whether the time of the agreement is over."""
    end = ends_at(made)
    return end is not None and end <= datetime.now(UTC)


def _reference(connection: sqlite3.Connection, slug: str, given: dict[str, Any], id: str) -> str:
    reference = str(given.get("reference") or id)
    if len(reference) > 256:
        raise Refusal(400, {"reference": ["Ensure this field has no more than 256 characters."], "status_code": 400})
    taken = connection.execute(
        "SELECT 1 FROM gc_requisition WHERE slug = ? AND reference = ?", (slug, reference)
    ).fetchone()
    if taken:
        raise field(
            "reference", "Client reference must be unique", f"Requisition with reference {reference} already exists"
        )
    return reference


def create_requisition(connection: sqlite3.Connection, slug: str, given: dict[str, Any], base: str) -> dict[str, Any]:
    """Make a requisition with its link; without an agreement the default one is made for it.

    Raises: Refusal (400) per field; nothing is made.
    """
    known_fields(given, REQUISITION_FIELDS)
    missing = [name for name in ("redirect", "institution_id") if not given.get(name)]
    if missing:
        raise required(*missing)
    bank = _bank(given)
    if not str(given["redirect"]).startswith(("http://", "https://")) or len(str(given["redirect"])) > 1024:
        raise Refusal(400, {"redirect": ["Enter a valid URL."], "status_code": 400})
    if given.get("account_selection") and not bank["_flags"].get("account_selection_supported"):
        raise field(
            "account_selection", "Account selection not supported", f"Account selection not supported for {bank['id']}"
        )
    chosen = _agreed(connection, slug, given, bank)
    id = str(uuid.uuid4())
    made = {
        "id": id, "created": now_text(), "redirect": given["redirect"], "status": "CR", "institution_id": bank["id"],
        "agreement": chosen["id"], "reference": _reference(connection, slug, given, id), "accounts": [],
        "user_language": given.get("user_language"), "link": f"{base}/psd2/start/{id}/{bank['id']}",
        "ssn": given.get("ssn"), "account_selection": bool(given.get("account_selection", False)),
        "redirect_immediate": bool(given.get("redirect_immediate", False)),
    }  # fmt: skip
    connection.execute(
        "INSERT INTO gc_requisition VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, slug, made["reference"], "CR", chosen["id"], made["created"], json.dumps(made)),
    )
    return made


def _agreed(connection: sqlite3.Connection, slug: str, given: dict[str, Any], bank: dict[str, Any]) -> dict[str, Any]:
    if not given.get("agreement"):
        return create_agreement(connection, slug, {"institution_id": bank["id"]})
    row = connection.execute(
        "SELECT body FROM gc_agreement WHERE id = ? AND slug = ?", (str(given["agreement"]), slug)
    ).fetchone()
    if row is None:
        raise field("agreement", "Invalid ID", f"{given['agreement']} is not a valid EndUserAgreement UUID.")
    chosen = body(row)
    if chosen["institution_id"] != bank["id"]:
        detail = "Provided Institution ID for requisition does not match EUA Institution ID."
        raise field("institution_id", "Incorrect Institution ID", detail)
    used = connection.execute("SELECT 1 FROM gc_requisition WHERE agreement = ?", (chosen["id"],)).fetchone()
    if used:
        raise field("agreement", "EUA already used", f"EUA {chosen['id']} is already linked to a requisition.")
    return chosen


def requisition(connection: sqlite3.Connection, slug: str | None, id: str) -> dict[str, Any]:
    """Return a requisition with its present status and accounts; any company's when `slug` is None.

    Raises: Refusal (404).
    """
    row = connection.execute(
        "SELECT * FROM gc_requisition WHERE id = ? AND (? IS NULL OR slug = ?)", (id, slug, slug)
    ).fetchone()
    if row is None:
        raise not_found()
    accounts = connection.execute("SELECT id FROM gc_account WHERE requisition = ? ORDER BY rowid", (id,)).fetchall()
    linked = row["status"] in ("LN", "EX")
    return {**body(row), "status": row["status"], "accounts": [one["id"] for one in accounts] if linked else []}


def owner_of(connection: sqlite3.Connection, id: str) -> str:
    """Return the company of a requisition."""
    row = connection.execute("SELECT slug FROM gc_requisition WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise not_found()
    return str(row["slug"])


def set_status(connection: sqlite3.Connection, id: str, status: str) -> None:
    """Move a requisition on."""
    connection.execute("UPDATE gc_requisition SET status = ? WHERE id = ?", (status, id))


def link(connection: sqlite3.Connection, slug: str, made: dict[str, Any]) -> None:
    """Grant access: accept the agreement and give each account of the bank an id that is new with this consent."""
    accept(connection, slug, agreement(connection, slug, made["agreement"]))
    own = connection.execute(
        "SELECT account FROM bank_account WHERE slug = ? AND institution = ? ORDER BY rowid",
        (slug, made["institution_id"]),
    ).fetchall()
    for row in own:
        id = str(uuid.uuid5(uuid.UUID(made["id"]), row["account"]))
        connection.execute(
            "INSERT OR IGNORE INTO gc_account (id, slug, account, requisition, status, created) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (id, slug, row["account"], made["id"], "DISCOVERED", now_text()),
        )
    set_status(connection, made["id"], "LN")


def delete_requisition(connection: sqlite3.Connection, slug: str, id: str) -> dict[str, Any]:
    """Remove a requisition with its agreement and its account ids.

    Raises: Refusal (404).
    """
    made = requisition(connection, slug, id)
    connection.execute("DELETE FROM gc_account WHERE requisition = ?", (id,))
    connection.execute("DELETE FROM gc_agreement WHERE id = ?", (made["agreement"],))
    connection.execute("DELETE FROM gc_requisition WHERE id = ?", (id,))
    return {"summary": "Requisition deleted", "detail": f"Requisition '{id}' deleted with all its End User Agreements"}


def has_accounts(slug: str, institution: str) -> bool:
    """Return whether the company has accounts at the bank."""
    return institution in world.GOCARDLESS[slug].institution_ids


def page_of(connection: sqlite3.Connection, slug: str, table: str, limit: int, offset: int) -> tuple[int, list[str]]:
    """Return the count and one page of ids, newest first."""
    count = connection.execute(f"SELECT COUNT(*) FROM {table} WHERE slug = ?", (slug,)).fetchone()[0]
    rows = connection.execute(
        f"SELECT id FROM {table} WHERE slug = ? ORDER BY created DESC, id LIMIT ? OFFSET ?", (slug, limit, offset)
    ).fetchall()
    return count, [row["id"] for row in rows]
