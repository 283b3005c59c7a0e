"""Changes to the world that a test or a demo orders: a bank entry, an invoice, time that runs out."""

import json
import random
import sqlite3
from datetime import date, timedelta
from typing import Any

from payymo.sandbox.generator import wire
from payymo.sandbox.generator.model import Transfer
from payymo.sandbox.gocardless_api import accounts
from payymo.sandbox.rows import next_id
from payymo.sandbox.seeding import encoded
from payymo.sandbox.whmcs_api import booking, shapes, values
from payymo.sandbox.whmcs_api.values import ZERO_TIME


class BadOrder(ValueError):
    """The order makes no sense; nothing was changed."""


def _minor(text: object, name: str) -> int:
    """Return an amount given as a decimal string.

    Raises: BadOrder.
    """
    whole, dot, cents = str(text).removeprefix("-").partition(".")
    if not whole.isdigit() or (dot and (not cents.isdigit() or len(cents) != 2)):
        raise BadOrder(f"{name} must be a decimal string such as 119.00, not {text!r}.")
    return (-1 if str(text).startswith("-") else 1) * (int(whole) * 100 + int(cents or 0))


def _day(text: object, default: date) -> date:
    if not text:
        return default
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise BadOrder(f"{text!r} is not a day such as 2026-01-31.") from None


def add_entry(connection: sqlite3.Connection, slug: str, order: dict[str, Any], today: date) -> dict[str, Any]:
    """Add a bank entry and return its key with the entry; `entry` overrides single wire fields.

    Raises: BadOrder.
    """
    account = order.get("account", "main")
    row = connection.execute("SELECT * FROM bank_account WHERE slug = ? AND account = ?", (slug, account)).fetchone()
    if row is None:
        raise BadOrder(f"There is no bank account {account!r}.")
    status = order.get("status", "booked")
    if status not in ("booked", "pending"):
        raise BadOrder("status must be booked or pending.")
    seq = connection.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM bank_entry WHERE slug = ?", (slug,)).fetchone()[0]
    amount, day = _minor(order.get("amount"), "amount"), _day(order.get("booking_date"), today)
    transfer = Transfer(
        key=f"x{seq:06d}", account=account, booked_on=day, amount=amount,
        currency=order.get("currency", row["currency"]),
        name=str(order.get("name", "")), iban=str(order.get("iban", "")), text="", kind="added", status=status,
        structured=str(order.get("structured_reference", "")), end_to_end_id=str(order.get("end_to_end_id", "")),
        code="PMNT-RCDT-ESCT" if amount > 0 else "PMNT-ICDT-ESCT",
    )  # fmt: skip
    made = wire.entry(random.Random(f"{slug}:{transfer.key}"), transfer)
    if order.get("text"):
        made["remittanceInformationUnstructured"] = str(order["text"])
    made |= order.get("entry") or {}
    connection.execute(
        "INSERT INTO bank_entry (slug, account, key, seq, status, booked_on, amount, counts, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (slug, account, transfer.key, seq, status, day.isoformat(), amount, json.dumps(made)),
    )
    return {"key": transfer.key, "entry": made}


def book_pending(connection: sqlite3.Connection, slug: str) -> int:
    """Book every pending entry of the host and return how many there were."""
    due = connection.execute("SELECT * FROM bank_entry WHERE slug = ? AND status = 'pending'", (slug,)).fetchall()
    for entry in due:
        accounts.book(connection, entry)
    return len(due)


def expire_consents(connection: sqlite3.Connection, slug: str) -> list[str]:
    """Let every linked consent of the host run out and return the requisitions."""
    rows = connection.execute("SELECT id FROM gc_requisition WHERE slug = ? AND status = 'LN'", (slug,)).fetchall()
    for row in rows:
        accounts.expire(connection, slug, row["id"])
    return [row["id"] for row in rows]


def save_invoice(connection: sqlite3.Connection, slug: str, order: dict[str, Any], today: date) -> int:
    """Change the invoice named by `id`, or add one for `userid` with one line of `total` and `type`; return its id.

    Raises: BadOrder, WhmcsError.
    """
    if order.get("id"):
        invoice = shapes.invoice_row(connection, slug, int(order["id"]))
        allowed = {"status", "duedate", "date", "notes", "paymentmethod", "invoicenum"}
        unknown = set(order) - allowed - {"id"}
        if unknown:
            raise BadOrder(f"An invoice has no {sorted(unknown)} that could be changed; known are {sorted(allowed)}.")
        if "invoicenum" in order:
            connection.execute(
                "UPDATE whmcs_invoice SET invoicenum = ? WHERE slug = ? AND id = ?",
                (order["invoicenum"], slug, invoice["id"]),
            )
        texts = {key: str(value) for key, value in order.items() if key not in ("id", "invoicenum")}
        booking.update_invoice(connection, slug, {**texts, "invoiceid": str(invoice["id"])})
        return int(invoice["id"])
    return _add_invoice(connection, slug, order, today)


def _add_invoice(connection: sqlite3.Connection, slug: str, order: dict[str, Any], today: date) -> int:
    client = shapes.client_row(connection, slug, int(order.get("userid") or 0))
    total, day = _minor(order.get("total"), "total"), _day(order.get("date"), today)
    due = _day(order.get("duedate"), day + timedelta(days=14))
    status = order.get("status", "Unpaid")
    if status not in booking.STATUSES:
        raise BadOrder(f"{status!r} is no status; known are {', '.join(booking.STATUSES)}.")
    id, now = next_id(connection, "whmcs_invoice", slug), values.stamp(values.local_now(slug))
    connection.execute(
        f"INSERT INTO whmcs_invoice VALUES ({','.join('?' * 19)})",
        (
            slug, id, client["id"], str(order.get("invoicenum", "")), day.isoformat(), due.isoformat(), ZERO_TIME,
            total, 0, 0,
            total, 0, status, order.get("paymentmethod", "banktransfer"), str(order.get("notes", "")), ZERO_TIME,
            ZERO_TIME,
            now, now,
        ),
    )  # fmt: skip
    line = encoded(str(order.get("description", "Web Hosting")))
    connection.execute(
        "INSERT INTO whmcs_item VALUES (?, ?, ?, ?, 0, ?, ?, 0)",
        (slug, next_id(connection, "whmcs_item", slug), id, str(order.get("type", "Hosting")), line, total),
    )
    if order.get("ordernum"):
        connection.execute(
            "INSERT INTO whmcs_order VALUES (?, ?, ?, ?, ?, ?, 'banktransfer', ?, 'Pending')",
            (slug, next_id(connection, "whmcs_order", slug), int(order["ordernum"]), client["id"], now, total, id),
        )
    return id


def shrink(connection: sqlite3.Connection, slug: str, order: dict[str, Any]) -> int:
    """Forget all but the newest `invoices` of a site and the clients they are for; return how many invoices are left.

    Raises: BadOrder.
    """
    kept = order.get("invoices")
    if not isinstance(kept, int) or kept < 1:
        raise BadOrder("invoices must be a whole number above zero.")
    first = connection.execute(
        "SELECT MIN(id) FROM (SELECT id FROM whmcs_invoice WHERE slug = ? ORDER BY id DESC LIMIT ?)", (slug, kept)
    ).fetchone()[0]
    connection.execute("DELETE FROM whmcs_invoice WHERE slug = ? AND id < ?", (slug, first))
    connection.execute("DELETE FROM whmcs_order WHERE slug = ? AND invoiceid < ?", (slug, first))
    # Bookings without an invoice, such as credit, stay with their clients.
    connection.execute(
        "DELETE FROM whmcs_client WHERE slug = ?1 "
        "AND id NOT IN (SELECT userid FROM whmcs_invoice WHERE whmcs_invoice.slug = ?1)",
        (slug,),
    )
    connection.execute("DELETE FROM whmcs_item WHERE slug = ? AND invoiceid < ?", (slug, first))
    connection.execute(
        "DELETE FROM whmcs_transaction WHERE slug = ?1 AND (invoiceid BETWEEN 1 AND ?2 - 1 "
        "OR userid NOT IN (SELECT id FROM whmcs_client WHERE whmcs_client.slug = ?1))",
        (slug, first),
    )
    left = connection.execute("SELECT COUNT(*) FROM whmcs_invoice WHERE slug = ?", (slug,)).fetchone()[0]
    return int(left)


def delete_invoice(connection: sqlite3.Connection, slug: str, id: int) -> None:
    """Delete an invoice as an administrator may, with its lines; its bookings stay.

    Raises: WhmcsError.
    """
    shapes.invoice_row(connection, slug, id)
    connection.execute("DELETE FROM whmcs_invoice WHERE slug = ? AND id = ?", (slug, id))
    connection.execute("DELETE FROM whmcs_item WHERE slug = ? AND invoiceid = ?", (slug, id))
