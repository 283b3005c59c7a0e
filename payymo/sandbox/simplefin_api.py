"""SimpleFIN as its protocol describes it: a token claimed once, an address with user and password, one answer."""

import base64
import secrets
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from payymo.sandbox import faults, world
from payymo.sandbox.generator.wire import money
from payymo.sandbox.gocardless_api import institutions, limits
from payymo.sandbox.rows import body
from payymo.sandbox.store import Store

DAILY, WINDOW = 24, timedelta(days=90)
STATUS = {"revoked": 403, "unpaid": 402, "rate_limited": 429, "down": 503}


def make_token(connection: sqlite3.Connection, slug: str, base: str) -> str:
    """Make a setup token, as the user does on SimpleFIN's page."""
    claim = secrets.token_hex(16)
    connection.execute("INSERT INTO sf_access VALUES (?, ?, '', '')", (claim, slug))
    return base64.b64encode(f"{base}simplefin/claim/{claim}".encode()).decode()


def _entry(row: sqlite3.Row) -> dict[str, Any]:
    told = body(row)
    posted = int(datetime.combine(date.fromisoformat(row["booked_on"]), datetime.min.time(), UTC).timestamp()) + 43_200
    texts = [told.get("debtorName"), told.get("creditorName"), told.get("remittanceInformationUnstructured")]
    texts += told.get("remittanceInformationUnstructuredArray", [])
    texts += [told.get("remittanceInformationStructured"), told.get("additionalInformation")]
    own = str(told.get("transactionId", "")).strip()
    booked = row["status"] == "booked"
    return {
        "id": f"TRN-{own if own not in ('', 'NOTPROVIDED') else row['key']}", "posted": posted if booked else 0,
        "amount": money(row["amount"]), "description": " ".join(text for text in texts if text),
        "transacted_at": posted, "pending": not booked,
    }  # fmt: skip


class Routes:
    """Binds the endpoints to the state."""

    def __init__(self, store: Store, today: Callable[[], date]) -> None:
        self.store, self.today = store, today

    def claim(self, claim: str) -> Response:
        """Hand out the access address, once."""
        user, password = secrets.token_hex(12), secrets.token_hex(24)
        with self.store.writing() as connection:
            taken = connection.execute(
                "UPDATE sf_access SET user = ?, password = ? WHERE claim = ? AND user = ''", (user, password, claim)
            ).rowcount
        if not taken:
            return Response("Forbidden", 403, mimetype="text/plain")
        host = urlsplit(request.host_url).netloc
        return Response(f"http://{user}:{password}@{host}/simplefin", mimetype="text/plain")

    def accounts(self) -> Response:
        """Tell everything about the accounts."""
        given = request.authorization
        with self.store.writing() as connection:
            row = connection.execute(
                "SELECT slug FROM sf_access WHERE user = ? AND password = ? AND user <> ''",
                (given.username if given else "", given.password if given else ""),
            ).fetchone()
            if row is None or given is None:
                return Response("Forbidden", 403, mimetype="text/plain")
            slug = str(row["slug"])
        fault = faults.take(self.store, "simplefin", slug, (*STATUS, "html", "slow", "complains"))
        if fault is not None and fault.name in STATUS:
            wait = {"Retry-After": str(fault.params["reset"])} if "reset" in fault.params else {}
            return Response("Refused", STATUS[fault.name], wait, mimetype="text/plain")
        if fault is not None and fault.name == "html":
            return faults.html(fault, 502)
        if fault is not None and fault.name == "slow":
            faults.hold(fault)
        errors = [str(fault.params["text"])] if fault is not None and fault.name == "complains" else []
        with self.store.writing() as connection:
            left, _ = limits.account_left(connection, slug, f"sf:{given.username}", "all", DAILY)
            if left <= 0:
                return Response("Too many requests", 429, mimetype="text/plain")
            limits.account_call(connection, slug, f"sf:{given.username}", "all", DAILY)
            return jsonify({"errors": errors, "accounts": self._accounts(connection, slug)})

    def _accounts(self, connection: sqlite3.Connection, slug: str) -> list[dict[str, Any]]:
        wanted = request.args.getlist("account")
        rows = connection.execute(
            "SELECT * FROM bank_account WHERE slug = ? AND institution = ? ORDER BY rowid",
            (slug, world.GOCARDLESS[slug].institution_ids[0]),
        ).fetchall()
        return [
            self._account(connection, row) for row in rows if not wanted or f"ACT-{slug}-{row['account']}" in wanted
        ]

    def _account(self, connection: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        bank = institutions.BY_ID[row["institution"]]
        entries = connection.execute(
            "SELECT * FROM bank_entry WHERE slug = ? AND account = ? ORDER BY seq DESC", (row["slug"], row["account"])
        ).fetchall()
        counted = sum(one["amount"] for one in entries if one["counts"] and one["status"] == "booked")
        now = int(datetime.now(UTC).timestamp())
        made = {
            "org": {"domain": "nordhaven.example", "name": bank["name"], "sfin-url": "https://nordhaven.example/sf"},
            "id": f"ACT-{row['slug']}-{row['account']}", "name": row["name"], "currency": row["currency"],
            "balance": money(row["opening"] + counted), "balance-date": now,
        }  # fmt: skip
        if not request.args.get("balances-only"):
            start = int(request.args.get("start-date", "0"))
            first = max(datetime.fromtimestamp(start, UTC).date(), self.today() - WINDOW).isoformat()
            shown = [one for one in entries if one["booked_on"] >= first]
            pending = request.args.get("pending") == "1"
            made["transactions"] = [_entry(one) for one in shown if pending or one["status"] == "booked"]
        return made


def blueprint(store: Store, today: Callable[[], date]) -> Blueprint:
    """Return the routes."""
    api = Blueprint("simplefin", __name__, url_prefix="/simplefin")
    routes = Routes(store, today)
    api.add_url_rule("/claim/<claim>", view_func=routes.claim, methods=["POST"])
    api.add_url_rule("/accounts", view_func=routes.accounts, methods=["GET"])
    return api
