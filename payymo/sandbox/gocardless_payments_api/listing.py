"""Reading objects of one company: one by id, or a list newest first, with filters and cursors."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from payymo.sandbox.gocardless_payments_api.answers import GoCardlessRefusal, invalid, not_found
from payymo.sandbox.rows import body

# Resource -> filters that compare a field or a link.
RESOURCES: dict[str, Mapping[str, str]] = {
    "creditors": {},
    "payments": {"status": "$.status", "currency": "$.currency", "mandate": "$.links.mandate"},
    "refunds": {"payment": "$.links.payment", "mandate": "$.links.mandate"},
    "payouts": {"status": "$.status", "currency": "$.currency", "reference": "$.reference"},
    "events": {"resource_type": "$.resource_type", "action": "$.action", "payment": "$.links.payment"},
}
COMPARE = {"created_at[gt]": ">", "created_at[gte]": ">=", "created_at[lt]": "<", "created_at[lte]": "<="}
PAGING = {"limit", "after", "before"}
ITEMS_KEPT = timedelta(days=183)


def save(connection: sqlite3.Connection, slug: str, kind: str, made: dict[str, Any], payout: str = "") -> None:
    """Write an object, or write over the one with its id."""
    connection.execute(
        "INSERT INTO gcp_object (slug, id, kind, created, payout, body) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (slug, id) DO UPDATE SET body = excluded.body, payout = excluded.payout",
        (slug, made["id"], kind, made["created_at"], payout, json.dumps(made)),
    )


def one(connection: sqlite3.Connection, slug: str, kind: str, id: str) -> dict[str, Any]:
    """Return one object.

    Raises: GoCardlessRefusal (404).
    """
    row = connection.execute(
        "SELECT body FROM gcp_object WHERE slug = ? AND id = ? AND kind = ?", (slug, id, kind)
    ).fetchone()
    if row is None:
        raise not_found()
    return body(row)


def _limit(asked: Mapping[str, str]) -> int:
    text = asked.get("limit", "50")
    if not text.isdigit() or not 1 <= int(text) <= 500:
        raise invalid("limit", "must be between 1 and 500")
    return int(text)


def page(connection: sqlite3.Connection, slug: str, resource: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of a list.

    Raises: GoCardlessRefusal for an unknown parameter or cursor.
    """
    known = RESOURCES[resource]
    unknown = set(asked) - set(known) - set(COMPARE) - PAGING
    if unknown:
        raise invalid(sorted(unknown)[0], "is not a known parameter")
    clauses, values = ["slug = ?", "kind = ?"], [slug, resource]
    for name, value in asked.items():
        if name in COMPARE:
            clauses.append(f"created {COMPARE[name]} ?")
            values.append(value)
        elif name in known:
            clauses.append(f"json_extract(body, '{known[name]}') = ?")
            values.append(value)
    return _cut(connection, resource, clauses, values, asked)


def items(connection: sqlite3.Connection, slug: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of what a payout holds; items have no ids to be seen.

    Raises: GoCardlessRefusal: 410 for a payout older than six months.
    """
    payout = one(connection, slug, "payouts", asked.get("payout", ""))
    if datetime.fromisoformat(payout["created_at"]) < datetime.now(UTC) - ITEMS_KEPT:
        raise GoCardlessRefusal(
            410, "invalid_api_usage", "The items of this payout are gone", "payout_items_data_archived"
        )
    found = _cut(
        connection, "payout_items", ["slug = ?", "kind = ?", "payout = ?"], [slug, "payout_items", payout["id"]], asked
    )
    shown = [
        {key: value for key, value in one.items() if key not in ("id", "created_at")} for one in found["payout_items"]
    ]
    return {**found, "payout_items": shown}


def _cut(
    connection: sqlite3.Connection, resource: str, clauses: list[str], values: list[str], asked: Mapping[str, str]
) -> dict[str, Any]:
    limit = _limit(asked)
    if "after" in asked:
        clauses.append("seq < ?")
        values.append(_place(asked["after"]))
    if "before" in asked:
        clauses.append("seq > ?")
        values.append(_place(asked["before"]))
    rows = connection.execute(
        f"SELECT seq, body FROM gcp_object WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?",
        [*values, limit + 1],
    ).fetchall()
    shown = rows[:limit]
    after = f"CU{shown[-1]['seq']}" if len(rows) > limit else None
    before = f"CU{shown[0]['seq']}" if shown and "after" in asked else None
    return {
        resource: [body(row) for row in shown],
        "meta": {"cursors": {"before": before, "after": after}, "limit": limit},
    }


def _place(cursor: str) -> str:
    if not cursor.startswith("CU") or not cursor[2:].isdigit():
        raise invalid("after", "is not a cursor")
    return cursor[2:]
