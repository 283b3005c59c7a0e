"""The actions that read: their names, strings, zero dates and empty lists."""

import sqlite3
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.rows import body
from payymo.sandbox.whmcs_api import shapes, values
from payymo.sandbox.whmcs_api.shapes import Params
from payymo.sandbox.whmcs_api.values import ZERO_TIME, WhmcsError, money

GATEWAYS = {
    "acme": [("banktransfer", "Banküberweisung"), ("stripe", "Kreditkarte (Stripe)"), ("paypalcheckout", "PayPal")],
    "globex": [("banktransfer", "Bank Transfer"), ("stripe", "Credit/Debit Card")],
}
INVOICE_ORDER = {
    "id": "id", "invoicenumber": "invoicenum", "date": "date", "duedate": "duedate", "total": "total",
    "status": "status",
}  # fmt: skip
CLIENT_ORDER = {
    "id": "id", "firstname": "json_extract(body, '$.firstname')", "lastname": "json_extract(body, '$.lastname')",
    "companyname": "json_extract(body, '$.companyname')", "email": "json_extract(body, '$.email')", "datecreated": "id",
    "groupid": "id", "status": "id",
}  # fmt: skip


def _invoice(slug: str, row: sqlite3.Row) -> dict[str, Any]:
    client = body(row)
    money_of = values.currency_row(slug, values.currency_id(slug, row["currency"]) - 1)
    return {
        "id": row["id"], "userid": row["userid"], "firstname": client["firstname"], "lastname": client["lastname"],
        "companyname": client["companyname"], "invoicenum": row["invoicenum"], "date": row["date"],
        "duedate": row["duedate"],
        "datepaid": row["datepaid"], "last_capture_attempt": ZERO_TIME, "date_refunded": row["date_refunded"],
        "date_cancelled": row["date_cancelled"], **shapes.amounts(row), "status": row["status"],
        "paymentmethod": row["paymentmethod"], "paymethodid": None, "notes": row["notes"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"], "snapshot_id": None, "currencycode": money_of["code"],
        "currencyprefix": money_of["prefix"], "currencysuffix": money_of["suffix"],
    }  # fmt: skip


def get_invoices(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List invoices: no balance, no lines, no payments. `Overdue` is a filter and not a status."""
    clauses, bound = ["whmcs_invoice.slug = ?"], [slug]
    if params.get("userid"):
        clauses.append("userid = ?")
        bound.append(str(values.whole(params["userid"])))
    if params.get("status") == "Overdue":
        clauses.append("status = 'Unpaid' AND duedate < ?")
        bound.append(f"{values.local_now(slug):%Y-%m-%d}")
    elif params.get("status"):
        clauses.append("status = ?")
        bound.append(params["status"])
    where = " AND ".join(clauses)
    order = INVOICE_ORDER.get(params.get("orderby", ""), "duedate")
    direction = "DESC" if params.get("order", "").lower() == "desc" else "ASC"
    start, number = shapes.page(params)
    total = connection.execute(f"SELECT COUNT(*) FROM whmcs_invoice WHERE {where}", bound).fetchone()[0]
    rows = connection.execute(
        "SELECT whmcs_invoice.*, whmcs_client.body, whmcs_client.currency FROM whmcs_invoice JOIN whmcs_client "
        "ON whmcs_client.slug = whmcs_invoice.slug AND whmcs_client.id = userid "
        f"WHERE {where} ORDER BY whmcs_invoice.{order} {direction}, whmcs_invoice.id LIMIT ? OFFSET ?",
        [*bound, number, start],
    ).fetchall()
    found = [_invoice(slug, row) for row in rows]
    counts = {"totalresults": total, "startnumber": start, "numreturned": len(found)}
    return {**counts, **shapes.wrapped("invoices", "invoice", found)}


def get_invoice(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Show one invoice with balance, lines and payments, and without a currency.

    Raises: WhmcsError.
    """
    row = shapes.invoice_row(connection, slug, values.whole(params.get("invoiceid")))
    items = connection.execute(
        "SELECT * FROM whmcs_item WHERE slug = ? AND invoiceid = ? ORDER BY id", (slug, row["id"])
    )
    paid = connection.execute(
        "SELECT * FROM whmcs_transaction WHERE slug = ? AND invoiceid = ? ORDER BY id", (slug, row["id"])
    ).fetchall()
    lines = [
        {
            "id": item["id"], "type": item["type"], "relid": item["relid"], "description": item["description"],
            "amount": money(item["amount"]), "taxed": item["taxed"],
        }
        for item in items
    ]  # fmt: skip
    return {
        "invoiceid": row["id"], "invoicenum": row["invoicenum"], "userid": row["userid"], "date": row["date"],
        "duedate": row["duedate"], "datepaid": row["datepaid"], "lastcaptureattempt": ZERO_TIME, **shapes.amounts(row),
        "balance": money(shapes.balance(connection, slug, row)), "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "notes": row["notes"], "ccgateway": row["paymentmethod"] == "stripe", "items": {"item": lines},
        **shapes.wrapped("transactions", "transaction", [shapes.transaction(one) for one in paid]),
    }  # fmt: skip


def get_transactions(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List all transactions that fit, in one answer without pages."""
    clauses, bound = ["slug = ?"], [slug]
    for name, column in (("invoiceid", "invoiceid"), ("clientid", "userid")):
        if params.get(name):
            clauses.append(f"{column} = ?")
            bound.append(str(values.whole(params[name])))
    if params.get("transid"):
        clauses.append("transid = ? COLLATE NOCASE")
        bound.append(params["transid"])
    rows = connection.execute(
        f"SELECT * FROM whmcs_transaction WHERE {' AND '.join(clauses)} ORDER BY id", bound
    ).fetchall()
    found = [shapes.transaction(row) for row in rows]
    counts = {"totalresults": len(found), "startnumber": 0, "numreturned": len(found)}
    return {**counts, **shapes.wrapped("transactions", "transaction", found)}


def get_clients(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List clients in short; `search` compares the start of names and addresses."""
    clauses, bound = ["slug = ?"], [slug]
    if params.get("status") and params["status"] != "Active":
        clauses.append("0")
    if params.get("search"):
        names = ("firstname", "lastname", "companyname", "email")
        starts = " OR ".join(f"json_extract(body, '$.{name}') LIKE ? || '%'" for name in names)
        clauses.append(f"({starts})")
        bound += [params["search"]] * len(names)
    where, (start, number) = " AND ".join(clauses), shapes.page(params)
    order = CLIENT_ORDER.get(params.get("orderby", ""), CLIENT_ORDER["lastname"])
    direction = "DESC" if params.get("sorting", "").upper() == "DESC" else "ASC"
    total = connection.execute(f"SELECT COUNT(*) FROM whmcs_client WHERE {where}", bound).fetchone()[0]
    rows = connection.execute(
        f"SELECT * FROM whmcs_client WHERE {where} ORDER BY {order} {direction}, id LIMIT ? OFFSET ?",
        [*bound, number, start],
    ).fetchall()
    found = []
    for row in rows:
        client = body(row)
        named = {name: client[name] for name in ("firstname", "lastname", "companyname", "email", "datecreated")}
        found.append({"id": row["id"], **named, "groupid": 0, "status": "Active"})
    counts = {"totalresults": total, "startnumber": start, "numreturned": len(found)}
    return {**counts, **shapes.wrapped("clients", "client", found)}


def get_clients_details(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Show one client under `client` and, as older versions did, at the top as well.

    Raises: WhmcsError.
    """
    if not params.get("clientid") and not params.get("email"):
        raise WhmcsError("Either clientid Or email Is Required")
    id = values.whole(params.get("clientid"))
    if not params.get("clientid"):
        row = connection.execute(
            "SELECT id FROM whmcs_client WHERE slug = ? AND json_extract(body, '$.email') = ?", (slug, params["email"])
        ).fetchone()
        id = row["id"] if row else 0
    client = _details(slug, shapes.client_row(connection, slug, id, "Client Not Found"))
    return {**client, "client": client}


def _details(slug: str, row: sqlite3.Row) -> dict[str, Any]:
    client = body(row)
    full = f"{client['firstname']} {client['lastname']}"
    return {
        "userid": row["id"], "client_id": row["id"], "id": row["id"], "owner_user_id": row["id"] + 40,
        "uuid": f"00000000-0000-4000-8000-{row['id']:012d}", "firstname": client["firstname"],
        "lastname": client["lastname"],
        "fullname": full, "companyname": client["companyname"], "email": client["email"],
        "address1": client["address1"],
        "address2": "", "city": client["city"], "fullstate": "", "state": "", "postcode": client["postcode"],
        "countrycode": client["countrycode"], "country": client["countrycode"], "phonenumber": "", "tax_id": "",
        "currency": values.currency_id(slug, row["currency"]), "currency_code": row["currency"],
        "defaultgateway": client["gateway"], "groupid": 0, "status": "Active", "credit": money(row["credit"]),
        "taxexempt": client["taxexempt"], "latefeeoveride": False, "overideduenotices": False,
        "separateinvoices": False,
        "billingcid": 0, "language": "", "notes": "", "customfields": [{"id": "1", "value": ""}], "customfields1": "",
        "users": {"user": [{"id": row["id"] + 40, "name": full, "email": client["email"], "is_owner": True}]},
        "lastlogin": "Date: 01/01/2026 10:00<br>IP Address: 192.0.2.7<br>Host: host.example",
    }  # fmt: skip


def get_credits(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List a client's credit movements, signed.

    Raises: WhmcsError.
    """
    client = shapes.client_row(connection, slug, values.whole(params.get("clientid")))
    rows = connection.execute(
        "SELECT * FROM whmcs_credit WHERE slug = ? AND clientid = ? ORDER BY id", (slug, client["id"])
    )
    found = [
        {
            "id": str(row["id"]), "date": row["date"], "description": row["description"],
            "amount": money(row["amount"]),
            "relid": str(row["relid"]),
        }
        for row in rows
    ]  # fmt: skip
    return {
        "totalresults": str(len(found)),
        "clientid": str(client["id"]),
        **shapes.wrapped("credits", "credit", found),
    }


def get_orders(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List orders, the newest first; the number is a number here, and an order without an invoice names zero."""
    clauses, bound = ["whmcs_order.slug = ?"], [slug]
    for name, column in (("id", "whmcs_order.id"), ("userid", "userid")):
        if params.get(name):
            clauses.append(f"{column} = ?")
            bound.append(str(values.whole(params[name])))
    where, (start, number) = " AND ".join(clauses), shapes.page(params)
    total = connection.execute(f"SELECT COUNT(*) FROM whmcs_order WHERE {where}", bound).fetchone()[0]
    rows = connection.execute(
        f"SELECT whmcs_order.*, whmcs_client.body FROM whmcs_order JOIN whmcs_client ON whmcs_client.slug = "
        f"whmcs_order.slug AND whmcs_client.id = userid WHERE {where} ORDER BY whmcs_order.id DESC LIMIT ? OFFSET ?",
        [*bound, number, start],
    ).fetchall()
    found = []
    for row in rows:
        client = body(row)
        found.append(
            {
                "id": row["id"], "ordernum": row["ordernum"], "userid": row["userid"], "contactid": 0,
                "requestor_id": 0, "admin_requestor_id": 0, "date": row["date"], "nameservers": "",
                "amount": money(row["amount"]), "paymentmethod": row["paymentmethod"],
                "invoiceid": row["invoiceid"], "status": row["status"], "ipaddress": "192.0.2.7", "notes": "",
                "paymentmethodname": dict(GATEWAYS[slug]).get(row["paymentmethod"], ""), "paymentstatus": "Paid",
                "name": f"{client['firstname']} {client['lastname']}", "lineitems": {"lineitem": []},
            }
        )  # fmt: skip
    counts = {"totalresults": total, "startnumber": start, "numreturned": len(found)}
    return {**counts, **shapes.wrapped("orders", "order", found)}


def get_payment_methods(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List the active gateways."""
    found = [{"module": module, "displayname": name} for module, name in GATEWAYS[slug]]
    return {"totalresults": len(found), **shapes.wrapped("paymentmethods", "paymentmethod", found)}


def get_currencies(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List the currencies; nothing marks the default one."""
    found = [values.currency_row(slug, index) for index in range(len(world.WHMCS[slug].currencies))]
    return {"totalresults": len(found), **shapes.wrapped("currencies", "currency", found)}


def whmcs_details(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Show the version."""
    return {"whmcs": shapes.version(slug)}


def get_admin_details(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Show who the credential belongs to, and the time on the server."""
    return {
        "adminid": 3, "name": "Payymo API", "notes": "", "signature": "",
        "allowedpermissions": "API Access,Add Transaction,Manage Credits,List Invoices,List Transactions",
        "departments": ",1,", "requesttime": values.stamp(values.local_now(slug)),
        "whmcs": shapes.version(slug),
    }  # fmt: skip


def get_configuration_value(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Show one system setting.

    Raises: WhmcsError.
    """
    if not params.get("setting"):
        raise WhmcsError("Parameter setting is required")
    # What WHMCS is installed with: a service is stopped five days after its due date.
    known = {"DateFormat": world.WHMCS[slug].date_format, "AutoSuspension": "on", "AutoSuspensionDays": "5"}
    if params["setting"] not in known:
        raise WhmcsError("Invalid name for parameter setting")
    return {"setting": params["setting"], "value": known[params["setting"]]}


def get_automation_log(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """Show when the daily run was, and the time on the server."""
    now = values.local_now(slug)
    return {
        "currentDatetime": values.stamp(now),
        "lastDailyCronInvocationTime": f"{now:%Y-%m-%d} 04:00:00",
        "statistics": "",
    }


def get_activity_log(connection: sqlite3.Connection, slug: str, params: Params) -> dict[str, Any]:
    """List what was logged, newest first."""
    start, number = shapes.page(params)
    total = connection.execute("SELECT COUNT(*) FROM whmcs_activity WHERE slug = ?", (slug,)).fetchone()[0]
    rows = connection.execute(
        "SELECT * FROM whmcs_activity WHERE slug = ? ORDER BY id DESC LIMIT ? OFFSET ?", (slug, number, start)
    )
    found = [
        {
            "id": row["id"], "clientId": row["clientid"], "userId": 0, "adminId": 3, "date": row["date"],
            "description": row["description"], "username": "Payymo API", "ipaddress": "127.0.0.1",
            "userid": row["clientid"],
        }
        for row in rows
    ]  # fmt: skip
    return {"totalresults": total, "startnumber": start, **shapes.wrapped("activity", "entry", found)}
