"""Writes generated worlds into the state file."""

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from pathlib import Path
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.generator import wire
from payymo.sandbox.generator.model import Client, Invoice, Transfer, World
from payymo.sandbox.gocardless_payments_api import happenings as gocardless_payments

ZERO = "0000-00-00 00:00:00"


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables that are not there yet, within the caller's transaction."""
    text = Path(__file__).with_name("schema.sql").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    for statement in "\n".join(lines).split(";"):
        connection.execute(statement)


def encoded(text: str) -> str:
    """Return text as WHMCS stores what came in through a form: with HTML entities."""
    return escape(text).replace("&#x27;", "&#039;")


def fill(connection: sqlite3.Connection, seed: int, until: date) -> None:
    """Write the worlds of all hosts; the caller commits."""
    meta = {"seed": str(seed), "until": until.isoformat()}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    for slug in world.COMPANIES:
        made = world.build(slug, seed, until)
        _bank(connection, made, until)
        _stripe(connection, made)
        gocardless_payments.begin(connection, slug, f"{until - timedelta(days=400)}T09:00:00.000Z")
        _whmcs(connection, made)
        _truth(connection, made)


def _bank(connection: sqlite3.Connection, made: World, until: date) -> None:
    company, keys = world.COMPANIES[made.slug], world.GOCARDLESS[made.slug]
    main, second = keys.institution_ids
    accounts = [
        ("main", company.main_iban, "Business current account", main, made.opening["main"]),
        ("reserve", company.reserve_iban, "Reserve account", main, made.opening["reserve"]),
        # Nobody has connected this one yet: it is there to be connected.
        ("savings", company.savings_iban, "Savings account", second, 4_000_000),
    ]
    connection.executemany(
        "INSERT INTO bank_account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                made.slug,
                account,
                number,
                company.currency,
                company.name,
                name,
                bank,
                opening,
            )
            for account, number, name, bank, opening in accounts
        ],
    )
    booked = [(one, made.entries[one.key]) for one in made.transfers]
    connection.executemany(
        "INSERT INTO bank_entry (slug, account, key, seq, status, booked_on, amount, counts, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                made.slug, one.account, one.key, index, one.status, one.booked_on.isoformat(), one.amount,
                0 if one.repeats else 1, json.dumps(entry),
            )
            for index, (one, entry) in enumerate([*booked, *_savings(made.slug, until)])
        ],
    )  # fmt: skip


def _savings(slug: str, until: date) -> Iterator[tuple[Transfer, dict[str, Any]]]:
    """Give three months of interest and fees, and one transfer from the host's other account."""
    company, bank = world.COMPANIES[slug], "Sandbox Finance"
    for days, amount, name, text in (
        (80, 5137, bank, "Interest"),
        (66, -490, bank, "Account fee"),
        (47, 5204, bank, "Interest"),
        (36, -490, bank, "Account fee"),
        (24, 50000, company.name, "To savings"),
        (17, 5288, bank, "Interest"),
        (5, -490, bank, "Account fee"),
    ):
        transfer = Transfer(
            key=f"s{days:06d}", account="savings", booked_on=until - timedelta(days=days), amount=amount,
            currency=company.currency, name=name, iban="", text=text, kind="savings",
        )  # fmt: skip
        yield transfer, wire.entry(random.Random(f"{slug}:{transfer.key}"), transfer)


def _stripe(connection: sqlite3.Connection, made: World) -> None:
    account = world.STRIPE[made.slug].account_id
    payout_of = {row: payout for payout, rows in made.payout_items.items() for row in rows}
    connection.executemany(
        "INSERT INTO stripe_object VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (account, one["id"], one["object"], one["created"], index, payout_of.get(one["id"], ""), json.dumps(one))
            for index, one in enumerate(made.stripe)
        ],
    )
    connection.execute("INSERT INTO stripe_grant VALUES (?, 'read_write')", (account,))


def _whmcs(connection: sqlite3.Connection, made: World) -> None:
    slug = made.slug
    connection.executemany(
        "INSERT INTO whmcs_client VALUES (?, ?, ?, ?, ?)",
        [(slug, one.id, one.credit, one.currency, json.dumps(_client(one))) for one in made.clients],
    )
    connection.executemany(
        f"INSERT INTO whmcs_invoice VALUES ({','.join('?' * 19)})", [_invoice(slug, one) for one in made.invoices]
    )
    connection.executemany("INSERT INTO whmcs_item VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(_items(slug, made.invoices)))
    connection.executemany(
        f"INSERT INTO whmcs_transaction VALUES ({','.join('?' * 14)})",
        [
            (
                slug, row.id, row.client_id, 0, row.gateway, f"{row.at:%Y-%m-%d %H:%M:%S}", row.description,
                row.amount_in,
                row.fees, row.amount_out, "1.00000", row.transid, row.invoice_id, row.refund_id,
            )
            for row in made.ledger
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO whmcs_credit VALUES (?, ?, ?, ?, ?, ?, 0)",
        [(slug, one.id, one.client_id, one.on.isoformat(), one.description, one.amount) for one in made.credits],
    )
    # A client's first invoice was made by an order.
    connection.execute(
        "INSERT INTO whmcs_order SELECT slug, row_number() OVER (ORDER BY id), 2618230000 + id * 7, userid, "
        "date || ' 09:12:00', total, paymentmethod, id, 'Active' FROM whmcs_invoice WHERE slug = ? "
        "AND id IN (SELECT min(id) FROM whmcs_invoice WHERE slug = ? GROUP BY userid)",
        (slug, slug),
    )


def _client(one: Client) -> dict[str, Any]:
    return {
        "firstname": encoded(one.first_name), "lastname": encoded(one.last_name),
        "companyname": encoded(one.company_name),
        "email": one.email, "address1": encoded(one.street), "city": one.city, "postcode": one.postcode,
        "countrycode": one.country, "datecreated": one.created.isoformat(), "gateway": one.gateway,
        "domain": one.domain, "taxexempt": one.tax_rate == 0,
    }  # fmt: skip


def _invoice(slug: str, one: Invoice) -> tuple[Any, ...]:
    issued = f"{one.issued} 04:{one.id % 60:02d}:11"
    changed = one.paid_at or datetime.combine(one.issued, time(4, one.id % 60, 11))
    paid = f"{one.paid_at:%Y-%m-%d %H:%M:%S}" if one.paid_at else ZERO
    refunded = paid if one.status == "Refunded" else ZERO
    cancelled = issued if one.status == "Cancelled" else ZERO
    rate = one.client.tax_rate if one.tax else 0
    # In 8.x the total is what is left after applied credit, and a payment does not change it.
    total = one.total - one.credit
    return (
        slug, one.id, one.client.id, one.number, one.issued.isoformat(), one.due.isoformat(), paid, one.subtotal,
        one.credit,
        one.tax, total, rate, one.status, one.method, one.notes, refunded, cancelled, issued,
        f"{changed:%Y-%m-%d %H:%M:%S}",
    )  # fmt: skip


def _items(slug: str, invoices: list[Invoice]) -> Iterator[tuple[Any, ...]]:
    number = invoices[0].id * 2
    for one in invoices:
        for line in one.lines:
            number += 1
            relates = line.relates_to.id if line.relates_to else number % 700 if line.kind == "Hosting" else 0
            taxed = 1 if one.tax else 0
            yield (slug, number, one.id, line.kind, relates, encoded(line.description), line.amount, taxed)


def _truth(connection: sqlite3.Connection, made: World) -> None:
    rows = []
    for one in made.transfers:
        body = {
            "id": one.key, "source": "bank", "account": one.account, "kind": one.kind, "tags": one.tags,
            "booking_date": one.booked_on.isoformat(), "amount": one.amount, "currency": one.currency,
            "status": one.status,
            "allocations": [list(pair) for pair in one.allocations], "payout": one.payout or None,
            "entry": made.entries[one.key],
        }  # fmt: skip
        rows.append((made.slug, "bank", one.key, json.dumps(body)))
    for charge, allocations in made.charges.items():
        body = {"id": charge, "source": "stripe_charge", "allocations": [list(pair) for pair in allocations]}
        rows.append((made.slug, "stripe_charge", charge, json.dumps(body)))
    connection.executemany("INSERT INTO truth VALUES (?, ?, ?, ?)", rows)


def now_text() -> str:
    """Return the present moment as GoCardless writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
