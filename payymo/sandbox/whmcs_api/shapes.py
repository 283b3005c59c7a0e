"""Shapes that several actions share: pages, wrapped lists, rows of the books."""

import sqlite3
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.whmcs_api import values
from payymo.sandbox.whmcs_api.values import WhmcsError, money

Params = dict[str, str]


def wrapped(outer: str, inner: str, rows: list[Any]) -> dict[str, Any]:
    """Return a list in its two levels, or the empty string that stands for none."""
    return {outer: {inner: rows} if rows else ""}


def page(params: Params) -> tuple[int, int]:
    """Return offset and size of the page; the size is 25 unless asked otherwise."""
    start = max(0, values.whole(params.get("limitstart", "0")))
    number = values.whole(params.get("limitnum", "25"))
    return start, number if number > 0 else 25


def invoice_row(connection: sqlite3.Connection, slug: str, id: int) -> sqlite3.Row:
    """Return an invoice.

    Raises: WhmcsError.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM whmcs_invoice WHERE slug = ? AND id = ?", (slug, id)
    ).fetchone()
    if row is None:
        raise WhmcsError("Invoice ID Not Found")
    return row


def client_row(connection: sqlite3.Connection, slug: str, id: int, message: str = "Client ID Not Found") -> sqlite3.Row:
    """Return a client.

    Raises: WhmcsError.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM whmcs_client WHERE slug = ? AND id = ?", (slug, id)
    ).fetchone()
    if row is None:
        raise WhmcsError(message)
    return row


def balance(connection: sqlite3.Connection, slug: str, invoice: sqlite3.Row) -> int:
    """Return what is left to pay, never below zero: an excess is the client's credit."""
    paid = connection.execute(
        "SELECT COALESCE(SUM(amountin - amountout), 0) FROM whmcs_transaction WHERE slug = ? AND invoiceid = ?",
        (slug, invoice["id"]),
    ).fetchone()[0]
    return max(0, int(invoice["total"] - paid))


def amounts(row: sqlite3.Row) -> dict[str, str]:
    """Return the sums of an invoice as strings."""
    return {
        "subtotal": money(row["subtotal"]), "credit": money(row["credit"]), "tax": money(row["tax"]), "tax2": "0.00",
        "total": money(row["total"]), "taxrate": f"{row['taxrate']}.000", "taxrate2": "0.000",
    }  # fmt: skip


def transaction(row: sqlite3.Row) -> dict[str, str]:
    """Return a transaction row: every id and amount is a string here."""
    return {
        "id": str(row["id"]), "userid": str(row["userid"]), "currency": str(row["currency"]), "gateway": row["gateway"],
        "date": row["date"], "description": row["description"], "amountin": money(row["amountin"]),
        "fees": money(row["fees"]),
        "amountout": money(row["amountout"]), "rate": row["rate"], "transid": row["transid"],
        "invoiceid": str(row["invoiceid"]), "refundid": str(row["refundid"]),
    }  # fmt: skip


def version(slug: str) -> dict[str, str]:
    """Return the two forms of the site's version."""
    number = world.WHMCS[slug].version
    return {"version": number, "canonicalversion": f"{number}-release.1"}
