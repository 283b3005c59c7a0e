"""What every stand-in does with rows of the state, whatever is kept in them."""

import json
import sqlite3
from typing import Any


def body(row: sqlite3.Row) -> dict[str, Any]:
    """Return the JSON object kept in the row's `body`."""
    loaded: dict[str, Any] = json.loads(row["body"])
    return loaded


def next_id(connection: sqlite3.Connection, table: str, slug: str) -> int:
    """Return the id after the highest of a WHMCS table of one site."""
    found = connection.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table} WHERE slug = ?", (slug,)).fetchone()
    return int(found[0])
