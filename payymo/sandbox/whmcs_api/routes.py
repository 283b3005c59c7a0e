"""`/whmcs/<slug>/includes/api.php`: one address, the action decides."""

import hmac
import sqlite3
import threading
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from flask import Blueprint, Response, jsonify, request

from payymo.sandbox import faults, world
from payymo.sandbox.store import Store
from payymo.sandbox.whmcs_api import booking, reading
from payymo.sandbox.whmcs_api.page import invoice_page
from payymo.sandbox.whmcs_api.values import WhmcsError

Action = Callable[[sqlite3.Connection, str, dict[str, str]], dict[str, Any]]
READS: dict[str, Action] = {
    "getinvoices": reading.get_invoices, "getinvoice": reading.get_invoice, "gettransactions": reading.get_transactions,
    "getclients": reading.get_clients, "getclientsdetails": reading.get_clients_details,
    "getcredits": reading.get_credits,
    "getorders": reading.get_orders,
    "getpaymentmethods": reading.get_payment_methods, "getcurrencies": reading.get_currencies,
    "whmcsdetails": reading.whmcs_details, "getadmindetails": reading.get_admin_details,
    "getconfigurationvalue": reading.get_configuration_value,
    "getautomationlog": reading.get_automation_log, "getactivitylog": reading.get_activity_log,
}  # fmt: skip
WRITES: dict[str, Action] = {
    "addinvoicepayment": booking.add_invoice_payment, "addtransaction": booking.add_transaction,
    "addcredit": booking.add_credit, "applycredit": booking.apply_credit, "updateinvoice": booking.update_invoice,
    "logactivity": booking.log_activity,
}  # fmt: skip
BOOKINGS = {"addinvoicepayment", "addtransaction"}
BEFORE = ("html", "slow", "forbidden_ip", "auth_failed", "not_allowed", "server_error", "cut")
INSTEAD = ("success_without_booking", "booked_late")
AFTER = ("error_after_booking", "timeout_after_booking")


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    if request.values.get("responsetype", "").lower() == "json":
        response = jsonify(body)
    else:
        # Whoever forgets `responsetype` does not get JSON.
        response = Response(ElementTree.tostring(_xml("whmcsapi", body), encoding="utf-8"), mimetype="text/xml")
    response.status_code = status
    return response


def _xml(name: str, value: Any) -> ElementTree.Element:
    element = ElementTree.Element(name)
    if isinstance(value, dict):
        for key, one in value.items():
            for item in one if isinstance(one, list) else [one]:
                element.append(_xml(key, item))
    elif value is not None:
        element.text = str(value)
    return element


def _error(message: str, status: int = 200) -> Response:
    return _answer({"result": "error", "message": message}, status)


def _known(slug: str) -> bool | None:
    """Return whether the credentials are right; None when there are none."""
    given = [
        request.values.get(name) or request.values.get(old)
        for name, old in (("identifier", "username"), ("secret", "password"))
    ]
    if not all(given):
        return None
    keys = world.WHMCS[slug]
    pairs = zip(given, (keys.identifier, keys.secret), strict=True)
    return all(hmac.compare_digest(str(text).encode(), right.encode()) for text, right in pairs)


class Routes:
    """Binds the site's addresses to the state."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def call(self, slug: str) -> Response:
        """Authenticate, strike with a fault if one is due, run the action."""
        if slug not in world.WHMCS:
            return Response("<h1>404 Not Found</h1>", status=404, mimetype="text/html")
        name = request.values.get("action", "")
        struck = self._before(slug, name)
        if struck is not None:
            return struck
        known = _known(slug)
        if not known:
            return _error("Invalid or missing credentials" if known is None else "Authentication Failed", 403)
        if not name:
            return _error("Empty action request", 400)
        action = READS.get(name.lower()) or WRITES.get(name.lower())
        if action is None:
            return _error("API Function Not Found")
        instead = self._instead(action, slug, name) if name.lower() in BOOKINGS else None
        if instead is not None:
            return instead
        try:
            body = self._run(action, slug, name.lower() in WRITES)
        except WhmcsError as error:
            return _error(str(error))
        spoiled = self._after(slug, name) if name.lower() in BOOKINGS else None
        return spoiled or _answer({"result": "success", **body})

    def _run(self, action: Action, slug: str, writes: bool) -> dict[str, Any]:
        params = request.values.to_dict()
        with self.store.writing() if writes else self.store.reading() as connection:
            return action(connection, slug, params)

    def _before(self, slug: str, name: str) -> Response | None:
        fault = faults.take(self.store, "whmcs", slug, BEFORE, name)
        if fault is None:
            return None
        match fault.name:
            case "slow":
                faults.hold(fault)
                return None
            case "html":
                return faults.html(fault, 200)
            case "forbidden_ip":
                return _error(f"Invalid IP {request.remote_addr}", int(fault.params.get("status", 403)))
            case "auth_failed":
                return _error("Authentication Failed", 403)
            case "not_allowed":
                return _error(f'Invalid Permissions: API action "{name.lower()}" is not allowed', 403)
            case "server_error":
                return faults.html(fault, 500)
            case _:
                return faults.cut_connection()

    def _instead(self, action: Action, slug: str, name: str) -> Response | None:
        """Claim a booking that is not made, or make it long after the caller has been left alone."""
        fault = faults.take(self.store, "whmcs", slug, INSTEAD, name)
        if fault is None:
            return None
        if fault.name == "success_without_booking":
            return _answer({"result": "success"})
        params = request.values.to_dict()

        def book() -> None:
            with self.store.writing() as connection:
                action(connection, slug, params)

        late = threading.Timer(fault.seconds, book)
        late.daemon = True
        late.start()
        return faults.cut_connection()

    def _after(self, slug: str, name: str) -> Response | None:
        """Spoil the answer of a booking that is already kept."""
        fault = faults.take(self.store, "whmcs", slug, AFTER, name)
        if fault is None:
            return None
        if fault.name == "error_after_booking":
            return faults.html(fault, 500)
        faults.hold(fault)
        return faults.cut_connection()

    def page(self, slug: str) -> Response:
        """Show an invoice with its transactions to a person."""
        with self.store.reading() as connection:
            try:
                return invoice_page(connection, slug, request.args)
            except WhmcsError as error:
                return Response(str(error), status=404, mimetype="text/plain")


def blueprint(store: Store) -> Blueprint:
    """Return the routes of every site."""
    sites = Blueprint("whmcs", __name__, url_prefix="/whmcs")
    routes = Routes(store)
    sites.add_url_rule("/<slug>/includes/api.php", view_func=routes.call, methods=["GET", "POST"])
    sites.add_url_rule("/<slug>/admin/invoices.php", view_func=routes.page, methods=["GET"])
    return sites
