"""`/_control/gocardless-payments`: what tests and demos let happen at GoCardless."""

import random
import sqlite3
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from payymo.sandbox import world
from payymo.sandbox.gocardless_payments_api import happenings, webhooks
from payymo.sandbox.gocardless_payments_api.answers import GoCardlessRefusal, not_found
from payymo.sandbox.rows import body
from payymo.sandbox.store import Store
from payymo.sandbox.stripe_api.webhooks import Endpoint, ForbiddenTarget

Happening = Callable[[sqlite3.Connection, str, dict[str, Any]], dict[str, Any]]


class Routes:
    """Binds the control addresses to the state."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def _let(self, slug: str, happening: Happening) -> tuple[Response, int]:
        if slug not in world.COMPANIES:
            raise not_found()
        with self.store.writing() as connection:
            return jsonify(happening(connection, slug, request.get_json(silent=True, force=True) or {})), 201

    def collect(self, slug: str) -> tuple[Response, int]:
        """Make a payment."""
        return self._let(slug, happenings.collect)

    def act(self, slug: str, id: str, name: str) -> tuple[Response, int]:
        """Let a payment be submitted, confirmed, cancelled, fail, be charged back or not any more."""
        return self._let(slug, lambda connection, host, _order: happenings.act(connection, host, id, name))

    def refund(self, slug: str) -> tuple[Response, int]:
        """Give money back."""
        return self._let(slug, happenings.refund)

    def pay_out(self, slug: str) -> tuple[Response, int]:
        """Pay out what was confirmed."""
        return self._let(slug, happenings.pay_out)

    def deliver(self, slug: str) -> Response:
        """Post every event, in no order, to an address on this machine and show what came back."""
        order = request.get_json(force=True)
        keys = world.GOCARDLESS_PAYMENTS[slug]
        with self.store.reading() as connection:
            asked = "SELECT body FROM gcp_object WHERE slug = ? AND kind = 'events' ORDER BY seq"
            events = [body(row) for row in connection.execute(asked, (slug,)).fetchall()]
        random.Random(len(events)).shuffle(events)
        endpoint = Endpoint.parse(str(order.get("url", "")))
        return jsonify(webhooks.deliver(endpoint, events, str(order.get("secret") or keys.webhook_secret)))


def blueprint(store: Store) -> Blueprint:
    """Return the control addresses."""
    pages = Blueprint("gocardless_payments_control", __name__, url_prefix="/_control/gocardless-payments/<slug>")
    routes = Routes(store)

    @pages.errorhandler(GoCardlessRefusal)
    @pages.errorhandler(ForbiddenTarget)
    def wrong(error: Exception) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 400

    pages.add_url_rule("/payments", view_func=routes.collect, methods=["POST"])
    pages.add_url_rule("/payments/<id>/<name>", view_func=routes.act, methods=["POST"])
    pages.add_url_rule("/refunds", view_func=routes.refund, methods=["POST"])
    pages.add_url_rule("/payouts", view_func=routes.pay_out, methods=["POST"])
    pages.add_url_rule("/deliver", view_func=routes.deliver, methods=["POST"])
    return pages
