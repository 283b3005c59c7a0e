"""The plain page of one invoice with its transactions."""

import sqlite3
from collections.abc import Mapping

from flask import Response
from markupsafe import Markup

from payymo.sandbox import world
from payymo.sandbox.rows import body
from payymo.sandbox.whmcs_api import reading, shapes, values
from payymo.sandbox.whmcs_api.values import WhmcsError

PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Invoice {id}</title><style>'
    "body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto}}table{{width:100%}}"
    "td,th{{border-bottom:1px solid #ccc;padding:.35rem .5rem;text-align:left}}</style></head><body>"
    "<p>{company}</p><h1>Invoice #{number}</h1><p>{client} &middot; issued {date} &middot; due {due} &middot; "
    '<b id="status">{status}</b></p><p>Total {total}, balance <b id="balance">{balance}</b></p>'
    "<h2>Items</h2><table>{items}</table><h2>Transactions</h2><table>"
    "<tr><th>Date</th><th>Gateway</th><th>Transaction ID</th>"
    "<th>In</th><th>Fees</th><th>Out</th></tr>{transactions}</table></body></html>"
)
ITEM = Markup("<tr><td>{description}</td><td>{amount}</td></tr>")
ROW = Markup(
    "<tr><td>{date}</td><td>{gateway}</td><td>{transid}</td><td>{amountin}</td><td>{fees}</td><td>{amountout}</td></tr>"
)


def invoice_page(connection: sqlite3.Connection, slug: str, args: Mapping[str, str]) -> Response:
    """Return the page.

    Raises: WhmcsError when there is no such site or invoice.
    """
    if slug not in world.COMPANIES:
        raise WhmcsError("Unknown site")
    invoice = reading.get_invoice(connection, slug, {"invoiceid": args.get("id", "")})
    client = body(shapes.client_row(connection, slug, values.whole(str(invoice["userid"]))))
    named = client["companyname"] or f"{client['firstname']} {client['lastname']}"
    rows = invoice["transactions"]["transaction"] if invoice["transactions"] else []
    # Names and descriptions are kept with entities, so they are markup already.
    items = [
        ITEM.format(description=Markup(one["description"]), amount=one["amount"]) for one in invoice["items"]["item"]
    ]
    return Response(
        PAGE.format(
            id=invoice["invoiceid"], number=invoice["invoicenum"] or invoice["invoiceid"],
            company=world.COMPANIES[slug].name, client=Markup(named), date=invoice["date"], due=invoice["duedate"],
            status=invoice["status"], total=invoice["total"], balance=invoice["balance"], items=Markup("").join(items),
            transactions=Markup("").join(ROW.format(**one) for one in rows),
        ),
        mimetype="text/html",
    )  # fmt: skip
