"""The actions that write, with the semantics of facts rather than wishes: a payment sent twice is booked twice."""

import sqlite3
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.rows import next_id
from payymo.sandbox.whmcs_api import shapes, values
from payymo.sandbox.whmcs_api.shapes import Params
from payymo.sandbox.whmcs_api.values import ZERO_TIME, WhmcsError, money

STATUSES = ("Draft", "Unpaid", "Paid", "Cancelled", "Refunded", "Collections", "Payment Pending")


def _touch(connection: sqlite3.Connection, slug: str, id: int, **changes: Any) -> None:
    changes["updated_at"] = values.stamp(values.local_now(slug))
    columns = ", ".join(f"{name} = ?" for name in changes)
    connection.execute(f"UPDATE whmcs_invoice SET {columns} WHERE slug = ? AND id = ?", [*changes.values(), slug, id])


def add_row(connection: sqlite3.Connection, slug: str, **row: Any) -> int:
    """Insert a transaction row and return its id."""
    full = {
        "currency": 0, "description": "", "amountin": 0, "fees": 0, "amountout": 0, "rate": "1.00000", "transid": "",
        "invoiceid": 0, "refundid": 0, **row,
    }  # fmt: skip
    id = next_id(connection, "whmcs_transaction", slug)
    columns = ", ".join(full)
    connection.execute(
        f"INSERT INTO whmcs_transaction (slug, id, {columns}) VALUES (?, ?{', ?' * len(full)})",
        [slug, id, *full.values()],
    )
    return id


def add_to_credit(
    connection: sqlite3.Connection, slug: str, client: int, amount: int, description: str, day: str
) -> None:
    """Change a client's credit and write the line for it."""
    connection.execute("UPDATE whmcs_client SET credit = credit + ? WHERE slug = ? AND id = ?", (amount, slug, client))
    id = next_id(connection, "whmcs_credit", slug)
    connection.execute(
        "INSERT INTO whmcs_credit VALUES (?, ?, ?, ?, ?, ?, 0)", (slug, id, client, day, description, amount)
    )


def _paid_number(connection: sqlite3.Connection, slug: str, invoice: sqlite3.Row) -> str:
    """Return the number after payment: on a site with sequential paid numbering it is given only now."""
    pattern = {"globex": "GBX/{year}/{seq:04d}"}.get(slug, "")
    if invoice["invoicenum"] or not pattern:
        return str(invoice["invoicenum"])
    last = connection.execute(
        "SELECT MAX(CAST(substr(invoicenum, 10) AS INTEGER)) FROM whmcs_invoice WHERE slug = ? AND invoicenum != ''",
        (slug,),
    ).fetchone()[0]
    return pattern.format(year=invoice["date"][:4], seq=(last or 411) + 1)


def mark_paid(connection: sqlite3.Connection, slug: str, invoice: sqlite3.Row, when: str) -> None:
    """Close an invoice and do what its lines ask for: add funds, settle the invoices it combines."""
    _touch(
        connection,
        slug,
        invoice["id"],
        status="Paid",
        datepaid=when,
        invoicenum=_paid_number(connection, slug, invoice),
    )
    items = connection.execute(
        "SELECT * FROM whmcs_item WHERE slug = ? AND invoiceid = ? AND type IN ('AddFunds', 'Invoice')",
        (slug, invoice["id"]),
    ).fetchall()
    for item in items:
        if item["type"] == "AddFunds":
            add_to_credit(
                connection, slug, invoice["userid"], item["amount"], f"Add Funds Invoice #{invoice['id']}", when[:10]
            )
        else:
            _settle_part(connection, slug, item["relid"], when)


def _settle_part(connection: sqlite3.Connection, slug: str, id: int, when: str) -> None:
    part = shapes.invoice_row(connection, slug, id)
    owed = shapes.balance(connection, slug, part)
    if part["status"] != "Unpaid" or not owed:
        return
    add_to_credit(connection, slug, part["userid"], owed, f"Mass Invoice Payment Credit for Invoice #{id}", when[:10])
    _use_credit(connection, slug, part, owed, when)


def _use_credit(connection: sqlite3.Connection, slug: str, invoice: sqlite3.Row, amount: int, when: str) -> bool:
    """Take credit for an invoice and return whether that paid it."""
    add_to_credit(
        connection, slug, invoice["userid"], -amount, f"Credit Applied to Invoice #{invoice['id']}", when[:10]
    )
    _touch(connection, slug, invoice["id"], credit=invoice["credit"] + amount, total=invoice["total"] - amount)
    changed = shapes.invoice_row(connection, slug, invoice["id"])
    paid = shapes.balance(connection, slug, changed) == 0
    if paid:
        mark_paid(connection, slug, changed, when)
    return paid


def add_invoice_payment(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Book a payment on an invoice.

    Nothing compares `transid` with what is booked already. Left out, empty or zero, the amount is the whole balance.
    What exceeds the balance becomes the client's credit, and on a paid invoice that is all of it.
    Raises: WhmcsError for an unknown or a cancelled invoice.
    """
    invoice = shapes.invoice_row(connection, slug, values.whole(params.get("invoiceid")))
    if invoice["status"] == "Cancelled":
        raise WhmcsError("It is not possible to add a payment to an invoice that is Cancelled")
    when = values.iso_moment(params.get("date"), slug)
    owed = shapes.balance(connection, slug, invoice) if invoice["status"] != "Paid" else 0
    amount = values.minor(params.get("amount")) or owed
    if not amount:
        return {}
    add_row(
        connection, slug, userid=invoice["userid"], gateway=params.get("gateway", ""), date=when,
        description="Invoice Payment", amountin=amount, fees=values.minor(params.get("fees")),
        transid=params.get("transid", ""), invoiceid=invoice["id"],
    )  # fmt: skip
    if invoice["status"] != "Paid" and amount >= owed:
        mark_paid(connection, slug, invoice, when)
    else:
        _touch(connection, slug, invoice["id"])
    if amount > owed:
        note = f"Overpayment of Invoice #{invoice['id']}"
        add_to_credit(connection, slug, invoice["userid"], amount - owed, note, when[:10])
    return {}


def add_transaction(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Write a row of the ledger; it pays no invoice, but may add to a client's credit.

    Raises: WhmcsError.
    """
    if not params.get("paymentmethod"):
        raise WhmcsError("Payment Method is required")
    client = shapes.client_row(connection, slug, values.whole(params["userid"])) if params.get("userid") else None
    invoice = (
        shapes.invoice_row(connection, slug, values.whole(params["invoiceid"])) if params.get("invoiceid") else None
    )
    if client and invoice and invoice["userid"] != client["id"]:
        raise WhmcsError("User ID does not own the given Invoice ID")
    currency = _currency(slug, client, params)
    transid = params.get("transid", "")
    if transid and not values.truthy(params.get("allowduplicatetransid")):
        known = connection.execute(
            "SELECT 1 FROM whmcs_transaction WHERE slug = ? AND transid = ?", (slug, transid)
        ).fetchone()
        if known:
            raise WhmcsError("Transaction ID must be Unique")
    when, amount = values.site_moment(params.get("date"), slug), values.minor(params.get("amountin"))
    credit = values.truthy(params.get("credit")) and client is not None
    add_row(
        connection, slug, userid=client["id"] if client else 0, currency=currency, gateway=params["paymentmethod"],
        date=when,
        description=params.get("description", ""), amountin=amount, fees=values.minor(params.get("fees")),
        amountout=values.minor(params.get("amountout")), rate=params.get("rate") or "1.00000", transid=transid,
        invoiceid=invoice["id"] if invoice and not credit else 0,
    )  # fmt: skip
    if credit and client:
        note = params.get("description") or f"Transaction {transid}"
        add_to_credit(connection, slug, client["id"], amount - values.minor(params.get("amountout")), note, when[:10])
    return {}


def _currency(slug: str, client: sqlite3.Row | None, params: Params) -> int:
    """Return the currency id of a row: zero when it follows from the client."""
    asked = values.whole(params.get("currencyid"))
    if asked and not 1 <= asked <= len(world.WHMCS[slug].currencies):
        raise WhmcsError("Currency ID Not Found")
    if client is None:
        if not asked:
            raise WhmcsError("A Currency ID is required for non-customer related transactions")
        return asked
    if asked and asked != values.currency_id(slug, client["currency"]):
        raise WhmcsError("Currency ID does not match Client currency")
    return 0


def add_credit(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Add or remove credit; no transaction row is written.

    Raises: WhmcsError.
    """
    kind = params.get("type") or "add"
    if kind not in ("add", "remove"):
        raise WhmcsError("Type can only be add or remove")
    client = shapes.client_row(connection, slug, values.whole(params.get("clientid")))
    text = params.get("amount", "")
    if not text:
        raise WhmcsError("No Amount Provided")
    whole, dot, cents = text.partition(".")
    if not whole.isdigit() or (dot and (not cents.isdigit() or len(cents) != 2)):
        raise WhmcsError("Amount must be in decimal format: ### or ###.##")
    amount = values.minor(text) * (1 if kind == "add" else -1)
    day = values.iso_moment(params.get("date"), slug)[:10]
    add_to_credit(connection, slug, client["id"], amount, params.get("description", ""), day)
    return {"newbalance": money(client["credit"] + amount)}


def apply_credit(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Pay an invoice out of the client's credit.

    Raises: WhmcsError.
    """
    invoice = shapes.invoice_row(connection, slug, values.whole(params.get("invoiceid")))
    if invoice["status"] != "Unpaid":
        raise WhmcsError("Invoice Not in Unpaid Status")
    client = shapes.client_row(connection, slug, invoice["userid"])
    owed = shapes.balance(connection, slug, invoice)
    amount = values.minor(params["amount"]) if params.get("amount") else min(owed, client["credit"])
    if amount <= 0:
        raise WhmcsError("Credit Amount to apply must be greater than zero")
    if amount > client["credit"]:
        raise WhmcsError("Amount exceeds customer credit balance")
    if amount > owed:
        raise WhmcsError("Amount Exceeds Invoice Balance")
    paid = _use_credit(connection, slug, invoice, amount, values.stamp(values.local_now(slug)))
    return {"invoiceid": str(invoice["id"]), "amount": money(amount), "invoicepaid": "true" if paid else "false"}


def update_invoice(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Change what the invoice says about itself; `status=Paid` closes it without any money.

    Raises: WhmcsError.
    """
    invoice = shapes.invoice_row(connection, slug, values.whole(params.get("invoiceid")))
    status = params.get("status")
    if status and status not in STATUSES:
        raise WhmcsError(f"Invalid status {status}")
    now = values.stamp(values.local_now(slug))
    if values.truthy(params.get("publish")) or values.truthy(params.get("publishandsendemail")):
        if invoice["status"] != "Draft":
            raise WhmcsError("Invoice must be in Draft status to be published")
        status = "Unpaid"
    changes: dict[str, Any] = {
        name: params[name] for name in ("paymentmethod", "date", "duedate", "datepaid", "notes") if params.get(name)
    }
    if status:
        changes["status"] = status
        if status == "Paid" and invoice["datepaid"] == ZERO_TIME:
            changes["datepaid"] = now
        if status == "Cancelled":
            changes["date_cancelled"] = now
    _touch(connection, slug, invoice["id"], **changes)
    return {"invoiceid": str(invoice["id"])}


def log_activity(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Write a line of the activity log.

    Raises: WhmcsError.
    """
    if not params.get("description"):
        raise WhmcsError("Description is Required")
    id = next_id(connection, "whmcs_activity", slug)
    connection.execute(
        "INSERT INTO whmcs_activity VALUES (?, ?, ?, ?, ?)",
        (slug, id, values.stamp(values.local_now(slug)), values.whole(params.get("clientid")), params["description"]),
    )
    return {}
