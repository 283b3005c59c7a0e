"""Accounts: metadata, details, balances and transactions, each behind consent, scope, suspension and quota."""

import hashlib
import json
import sqlite3
import uuid
from datetime import date, datetime, timedelta
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.generator.wire import money
from payymo.sandbox.gocardless_api import consents, institutions, limits
from payymo.sandbox.gocardless_api.errors import Refusal, refusal
from payymo.sandbox.rows import body
from payymo.sandbox.seeding import now_text

FAILURES_UNTIL_SUSPENDED = 10
# An entry is booked after it was shown as pending twice.
PENDING_SHOWN = 2


def find(connection: sqlite3.Connection, slug: str, id: str) -> sqlite3.Row:
    """Return the account id's row.

    Raises: Refusal (400, 404).
    """
    try:
        uuid.UUID(id)
    except ValueError:
        raise refusal(400, "Invalid Account ID", f"{id} is not a valid Account UUID.") from None
    row: sqlite3.Row | None = connection.execute(
        "SELECT gc_account.*, iban, currency, owner, name, institution, opening FROM gc_account "
        "JOIN bank_account USING (slug, account) WHERE id = ? AND slug = ?",
        (id, slug),
    ).fetchone()
    if row is None:
        raise refusal(404, f"Account ID {id} not found", "Please check whether you specified a valid Account ID")
    return row


def metadata(connection: sqlite3.Connection, slug: str, id: str) -> dict[str, Any]:
    """Return GoCardless's own record of the account; it costs no call at the bank."""
    row = find(connection, slug, id)
    status = row["status"]
    if status == "DISCOVERED":
        # Read a first time it is still being filled; ask again and it is ready.
        status = "PROCESSING"
    elif status == "PROCESSING":
        status = "READY"
    connection.execute("UPDATE gc_account SET status = ? WHERE id = ?", (status, id))
    return {
        "id": id, "created": row["created"], "last_accessed": row["last_accessed"], "iban": row["iban"], "bban": None,
        "status": status, "institution_id": row["institution"], "owner_name": row["owner"], "name": row["name"],
    }  # fmt: skip


def expire(connection: sqlite3.Connection, slug: str, requisition: str) -> None:
    """Move the acceptance of a consent so far back that it is over; its status follows at the next access."""
    made = consents.agreement(connection, slug, consents.requisition(connection, slug, requisition)["agreement"])
    past = datetime.fromisoformat(now_text()) - timedelta(days=made["access_valid_for_days"], minutes=1)
    consents.accept(connection, slug, made, at=past)


def check_access(connection: sqlite3.Connection, slug: str, row: sqlite3.Row, scope: str) -> Refusal | None:
    """Return why the account may not be read now, or None. An ended consent is marked here, and only here."""
    made = consents.requisition(connection, slug, row["requisition"])
    agreed = consents.agreement(connection, slug, made["agreement"])
    if consents.expired(agreed):
        consents.set_status(connection, made["id"], "EX")
        connection.execute("UPDATE gc_account SET status = 'EXPIRED' WHERE requisition = ?", (made["id"],))
        end = consents.ends_at(agreed)
        detail = (
            f"EUA was valid for {agreed['access_valid_for_days']} days and it expired at {end}. "
            "The end user must connect the account once more with new EUA and Requisition"
        )
        return refusal(401, f"End User Agreement (EUA) {agreed['id']} has expired", detail)
    if row["status"] == "SUSPENDED":
        detail = "This account was suspended due to numerous errors that occurred while accessing it."
        return refusal(409, "Account suspended", detail)
    if scope not in agreed["access_scope"]:
        detail = f"The access scope of this EUA does not include {scope}: {agreed['access_scope']}"
        return refusal(403, "End User Agreement (EUA) access scope error", detail)
    return None


def failed(connection: sqlite3.Connection, id: str) -> None:
    """Count a failure at the bank; the tenth in a row suspends the account for good."""
    connection.execute("UPDATE gc_account SET failures = failures + 1, status = 'ERROR' WHERE id = ?", (id,))
    connection.execute(
        "UPDATE gc_account SET status = 'SUSPENDED' WHERE id = ? AND failures >= ?", (id, FAILURES_UNTIL_SUSPENDED)
    )


def succeeded(connection: sqlite3.Connection, id: str) -> None:
    """Record a good answer."""
    connection.execute(
        "UPDATE gc_account SET failures = 0, status = 'READY', last_accessed = ? WHERE id = ?", (now_text(), id)
    )


def details(connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    """Return the account as the bank describes it."""
    bank = institutions.BY_ID[row["institution"]]
    made = {
        "resourceId": hashlib.sha256(row["id"].encode()).hexdigest()[:24], "iban": row["iban"],
        "currency": row["currency"],
        "ownerName": row["owner"], "name": row["name"], "product": row["name"], "cashAccountType": "CACC",
        "status": "enabled", "bic": bank["bic"], "usage": "ORGA",
    }  # fmt: skip
    if row["iban"].startswith("GB"):
        made["scan"] = row["iban"][8:]
    return {"account": made}


def _sum(connection: sqlite3.Connection, row: sqlite3.Row, pending: bool) -> int:
    total = connection.execute(
        "SELECT COALESCE(SUM(amount), 0) FROM bank_entry "
        "WHERE slug = ? AND account = ? AND counts = 1 AND (? OR status = 'booked')",
        (row["slug"], row["account"], pending),
    ).fetchone()[0]
    return int(row["opening"] + total)


def balances(connection: sqlite3.Connection, row: sqlite3.Row, today: date) -> dict[str, Any]:
    """Return the booked balance and the one that counts what is pending."""
    return {
        "balances": [
            {
                "balanceAmount": {"amount": money(_sum(connection, row, pending)), "currency": row["currency"]},
                "balanceType": kind,
                "referenceDate": today.isoformat(),
            }
            for kind, pending in (("interimAvailable", True), ("interimBooked", False))
        ]
    }


def _book_shown(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Book what has been pending for long enough: it gets the ids that pending entries lack."""
    due = connection.execute(
        "SELECT * FROM bank_entry WHERE slug = ? AND account = ? AND status = 'pending' AND shown >= ?",
        (row["slug"], row["account"], PENDING_SHOWN),
    ).fetchall()
    for one in due:
        book(connection, one)


def book(connection: sqlite3.Connection, entry: sqlite3.Row) -> None:
    """Turn one pending entry into a booked one."""
    made = body(entry)
    made["transactionId"] = (
        f"{entry['booked_on'].replace('-', '')}{int(hashlib.sha256(entry['key'].encode()).hexdigest()[:8], 16)}"
    )
    made.setdefault("valueDate", entry["booked_on"])
    made["bankTransactionCode"] = made.get("bankTransactionCode", "PMNT-RCDT-ESCT")
    connection.execute(
        "UPDATE bank_entry SET status = 'booked', body = ? WHERE slug = ? AND key = ?",
        (json.dumps(made), entry["slug"], entry["key"]),
    )


def transactions(
    connection: sqlite3.Connection, row: sqlite3.Row, today: date, first: str | None, last: str | None
) -> dict[str, Any]:
    """Return booked and pending entries within the history that the consent gives; more is silently left out."""
    _book_shown(connection, row)
    made = consents.requisition(connection, row["slug"], row["requisition"])
    days = consents.agreement(connection, row["slug"], made["agreement"])["max_historical_days"]
    earliest = max(first or "", (today - timedelta(days=days)).isoformat())
    found = connection.execute(
        "SELECT * FROM bank_entry WHERE slug = ? AND account = ? AND booked_on >= ? AND booked_on <= ? "
        "ORDER BY seq DESC",
        (row["slug"], row["account"], earliest, last or "9999-12-31"),
    ).fetchall()
    connection.execute(
        "UPDATE bank_entry SET shown = shown + 1 "
        "WHERE slug = ? AND account = ? AND status = 'pending' AND booked_on <= ?",
        (row["slug"], row["account"], last or "9999-12-31"),
    )
    booked = [
        {**body(one), "internalTransactionId": internal_id(row["id"], one["key"])}
        for one in found
        if one["status"] == "booked"
    ]
    pending = [body(one) for one in found if one["status"] == "pending"]
    return {"transactions": {"booked": booked, "pending": pending}, "last_updated": now_text()}


def internal_id(account_id: str, key: str) -> str:
    """Return GoCardless's id of an entry: unique within one account id, so it does not survive a new consent."""
    return hashlib.md5(f"{account_id}:{key}".encode(), usedforsecurity=False).hexdigest()


def quota(slug: str) -> int:
    """Return how many calls a day the company's bank allows for each account and scope."""
    return world.GOCARDLESS[slug].daily_limit


def counted(connection: sqlite3.Connection, row: sqlite3.Row, scope: str) -> dict[str, str]:
    """Count a good answer against the day's quota and return the headers."""
    succeeded(connection, row["id"])
    return limits.account_call(connection, row["slug"], row["id"], scope, quota(row["slug"]))
