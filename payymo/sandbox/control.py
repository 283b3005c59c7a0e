"""`/_control`: what tests and demos need to see or change behind the providers' backs."""

import json
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from payymo.sandbox import changes, faults, simplefin_api, world
from payymo.sandbox.changes import BadOrder
from payymo.sandbox.enable_banking_api import access
from payymo.sandbox.rows import body
from payymo.sandbox.store import Store
from payymo.sandbox.stripe_api import happenings, webhooks
from payymo.sandbox.stripe_api.errors import StripeRefusal
from payymo.sandbox.whmcs_api import reading, shapes
from payymo.sandbox.whmcs_api.values import WhmcsError

MAX_EVENTS = 1000
Announce = Callable[[str, list[dict[str, Any]]], None]


def _slug(slug: str) -> str:
    if slug not in world.COMPANIES:
        raise BadOrder(f"There is no host {slug!r}; known are {', '.join(world.COMPANIES)}.")
    return slug


def _order() -> dict[str, Any]:
    given = request.get_json(silent=True, force=True)
    if not isinstance(given, dict):
        raise BadOrder("The body must be a JSON object.")
    return given


class Routes:
    """Binds the control addresses to the state."""

    def __init__(self, store: Store, today: Callable[[], date], announce: Announce) -> None:
        self.store, self.today, self.announce = store, today, announce

    def health(self) -> Response:
        """Tell that the server answers and which day the world ends on."""
        return jsonify({"status": "ok", "until": self.today().isoformat(), "hosts": list(world.COMPANIES)})

    def faults(self) -> tuple[Response, int] | Response:
        """List, add or clear faults."""
        if request.method == "POST":
            return jsonify({"id": faults.add(self.store, _order())}), 201
        if request.method == "DELETE":
            faults.clear(self.store)
        return jsonify(faults.listed(self.store))

    def book(self, slug: str) -> Response:
        """Show every transaction of a WHMCS site and what each invoice still owes, in minor units."""
        _slug(slug)
        with self.store.reading() as connection:
            rows = connection.execute("SELECT * FROM whmcs_transaction WHERE slug = ? ORDER BY id", (slug,)).fetchall()
            invoices = connection.execute("SELECT * FROM whmcs_invoice WHERE slug = ? ORDER BY id", (slug,)).fetchall()
            balances = {
                str(one["id"]): {
                    "status": one["status"], "invoicenum": one["invoicenum"], "total": one["total"],
                    "balance": shapes.balance(connection, slug, one),
                }
                for one in invoices
            }  # fmt: skip
            credits = connection.execute(
                "SELECT id, credit FROM whmcs_client WHERE slug = ? AND credit != 0", (slug,)
            ).fetchall()
        return jsonify(
            {
                "transactions": [{key: row[key] for key in row.keys() if key != "slug"} for row in rows],  # noqa: SIM118
                "invoices": balances,
                "credits": {str(row["id"]): row["credit"] for row in credits},
            }
        )

    def truth(self, slug: str) -> Response:
        """Show which entry and which charge settles which invoices; for tests only."""
        _slug(slug)
        with self.store.reading() as connection:
            rows = connection.execute("SELECT * FROM truth WHERE slug = ? ORDER BY rowid", (slug,)).fetchall()
        return jsonify([body(row) for row in rows])

    def reset(self) -> Response:
        """Begin the same world anew."""
        current_app.config["WEB_PORT"] = current_app.config["WEB_PORT_AT_START"]
        return jsonify({"until": self.store.renew().isoformat()})

    def served(self) -> Response:
        """Learn at which port the product is served, for the addresses that providers let people come back to."""
        port = _order().get("port")
        if not isinstance(port, int) or not 0 < port < 65_536:
            raise BadOrder("port must be a whole number from 1 to 65535.")
        current_app.config["WEB_PORT"] = port
        return jsonify({"port": port})

    def deliver(self, slug: str) -> Response:
        """Post signed events, oldest first, to an address on this machine and show what came back."""
        order = _order()
        endpoint = webhooks.Endpoint.parse(str(order.get("url", "")))
        keys = world.STRIPE[_slug(slug)]
        events = self._events(keys.account_id, order)
        # The platform's endpoint gets the events of all accounts and is told whose they are.
        connect = bool(order.get("connect"))
        if connect:
            events = [{**event, "account": keys.account_id} for event in events]
        secret = order.get("secret") or (world.STRIPE_PLATFORM.webhook_secret if connect else keys.webhook_secret)
        return jsonify([webhooks.deliver(endpoint, event, str(secret)) for event in events])

    def _events(self, account: str, order: dict[str, Any]) -> list[dict[str, Any]]:
        limit = order.get("limit", MAX_EVENTS)
        if not isinstance(limit, int) or not 0 < limit <= MAX_EVENTS:
            raise BadOrder(f"limit must be a whole number from 1 to {MAX_EVENTS}.")
        types, ids = order.get("types"), order.get("ids")
        with self.store.reading() as connection:
            rows = connection.execute(
                "SELECT body FROM stripe_object WHERE account = ? AND kind = 'event' "
                "AND (? IS NULL OR json_extract(body, '$.type') IN (SELECT value FROM json_each(?))) "
                "AND (? IS NULL OR id IN (SELECT value FROM json_each(?))) ORDER BY created DESC, seq DESC LIMIT ?",
                (account, *[json.dumps(one) if one else None for one in (types, types, ids, ids)], limit),
            ).fetchall()
        return [body(row) for row in rows][::-1]

    def charge(self, slug: str) -> tuple[Response, int]:
        """Let a card be charged now; the events of it go to the host's webhook address, if there is one."""
        with self.store.writing() as connection:
            made, events = happenings.charge(connection, _slug(slug), _order())
        self.announce(slug, events)
        return jsonify(made), 201

    def fail_payout(self, slug: str, id: str) -> Response:
        """Let a payout come back from the bank."""
        with self.store.writing() as connection:
            payout, events = happenings.fail_payout(connection, _slug(slug), id)
        self.announce(slug, events)
        return jsonify(payout)

    def bank(self, slug: str) -> Response:
        """Show a host's bank: entries in minor units, consents with their references, counts of token calls."""
        _slug(slug)
        with self.store.reading() as connection:
            entries = connection.execute(
                "SELECT account, key, status, booked_on, amount, counts, body FROM bank_entry "
                "WHERE slug = ? ORDER BY seq",
                (slug,),
            ).fetchall()
            consents = connection.execute(
                "SELECT id, reference, status FROM gc_requisition WHERE slug = ? ORDER BY created, id", (slug,)
            ).fetchall()
            calls = connection.execute(
                "SELECT scope, COUNT(*) AS count FROM gc_call WHERE slug = ? AND scope LIKE 'token%' GROUP BY scope",
                (slug,),
            ).fetchall()
        return jsonify(
            {
                "entries": [{**dict(row), "body": body(row)} for row in entries],
                "requisitions": [dict(row) for row in consents],
                "token_calls": {row["scope"]: row["count"] for row in calls},
            }
        )

    def drop_tokens(self, slug: str) -> Response:
        """Forget the access tokens of a host, as the provider may at any time."""
        with self.store.writing() as connection:
            dropped = connection.execute("DELETE FROM gc_token WHERE slug = ? AND kind = 'access'", (_slug(slug),))
        return jsonify({"dropped": dropped.rowcount})

    def application(self, slug: str) -> Response:
        """Register the host's application at Enable Banking, as its control panel does; hands over the private key."""
        with self.store.writing() as connection:
            return jsonify(access.register(connection, _slug(slug)))

    def setup_token(self, slug: str) -> Response:
        """Make a SimpleFIN setup token for the host."""
        with self.store.writing() as connection:
            return jsonify({"token": simplefin_api.make_token(connection, _slug(slug), request.host_url)})

    def add_entry(self, slug: str) -> tuple[Response, int]:
        """Add one entry to a bank account."""
        with self.store.writing() as connection:
            return jsonify(changes.add_entry(connection, _slug(slug), _order(), self.today())), 201

    def book_pending(self, slug: str) -> Response:
        """Book everything that is pending at the bank."""
        with self.store.writing() as connection:
            return jsonify({"booked": changes.book_pending(connection, _slug(slug))})

    def expire(self, slug: str) -> Response:
        """Let the time of every consent of the host run out; the bank says so at the next access."""
        with self.store.writing() as connection:
            return jsonify({"requisitions": changes.expire_consents(connection, _slug(slug))})

    def invoice(self, slug: str) -> Response:
        """Add an invoice, or change one that is there."""
        with self.store.writing() as connection:
            id = changes.save_invoice(connection, _slug(slug), _order(), self.today())
            return jsonify(reading.get_invoice(connection, slug, {"invoiceid": str(id)}))

    def delete_invoice(self, slug: str, id: int) -> Response:
        """Delete an invoice."""
        with self.store.writing() as connection:
            changes.delete_invoice(connection, _slug(slug), id)
        return jsonify({"deleted": id})

    def shrink(self, slug: str) -> Response:
        """Make a WHMCS site small, for tests that read all of it."""
        with self.store.writing() as connection:
            return jsonify({"invoices": changes.shrink(connection, _slug(slug), _order())})


def blueprint(store: Store, today: Callable[[], date], announce: Announce) -> Blueprint:
    """Return the control addresses."""
    pages = Blueprint("control", __name__, url_prefix="/_control")
    routes = Routes(store, today, announce)

    @pages.errorhandler(BadOrder)
    @pages.errorhandler(faults.UnknownFault)
    @pages.errorhandler(webhooks.ForbiddenTarget)
    @pages.errorhandler(WhmcsError)
    @pages.errorhandler(StripeRefusal)
    @pages.errorhandler(sqlite3.IntegrityError)
    def wrong(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 400

    def add(rule: str, view: Callable[..., Any], *methods: str) -> None:
        pages.add_url_rule(rule, view_func=view, methods=list(methods))

    add("/health", routes.health, "GET")
    add("/faults", routes.faults, "GET", "POST", "DELETE")
    add("/book/<slug>", routes.book, "GET")
    add("/truth/<slug>", routes.truth, "GET")
    add("/reset", routes.reset, "POST")
    add("/served", routes.served, "POST")
    add("/stripe/<slug>/deliver", routes.deliver, "POST")
    add("/stripe/<slug>/charge", routes.charge, "POST")
    add("/stripe/<slug>/payouts/<id>/fail", routes.fail_payout, "POST")
    add("/bank/<slug>", routes.bank, "GET")
    add("/bank/<slug>/drop-tokens", routes.drop_tokens, "POST")
    add("/enable-banking/<slug>/application", routes.application, "POST")
    add("/simplefin/<slug>/token", routes.setup_token, "POST")
    add("/bank/<slug>/add", routes.add_entry, "POST")
    add("/bank/<slug>/book-pending", routes.book_pending, "POST")
    add("/bank/<slug>/expire", routes.expire, "POST")
    add("/whmcs/<slug>/invoice", routes.invoice, "POST")
    add("/whmcs/<slug>/invoice/<int:id>", routes.delete_invoice, "DELETE")
    add("/whmcs/<slug>/shrink", routes.shrink, "POST")
    return pages
