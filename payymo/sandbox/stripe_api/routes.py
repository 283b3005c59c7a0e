"""The routes of `/stripe/v1`."""

import json
import secrets
import sqlite3
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from payymo.sandbox import faults, world
from payymo.sandbox.store import Store
from payymo.sandbox.stripe_api import access, errors, forms, listing, objects, refunds
from payymo.sandbox.stripe_api.errors import StripeRefusal

FAULTS = ("rate_limited", "slow", "server_error", "html", "unauthorized", "lacks_right")
# What a restricted key that only reads payments may not even read.
BEYOND_PAYMENTS = ("customers", "invoices", "subscriptions")


def _answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers.update(
        {"Stripe-Version": request.headers.get("Stripe-Version", objects.API_VERSION), **(headers or {})}
    )
    return response


class Routes:
    """Binds the endpoints to the state."""

    def __init__(self, store: Store, announce: Callable[[str, list[dict[str, Any]]], None]) -> None:
        self.store, self.announce = store, announce

    def _enter(self, connection: sqlite3.Connection, resource: str) -> access.Caller:
        """Return the caller once no fault stops him.

        Raises: StripeRefusal, _Html.
        """
        caller = access.caller(connection)
        fault = faults.take(self.store, "stripe", caller.slug, FAULTS, resource)
        if fault is None:
            return caller
        match fault.name:
            case "slow":
                faults.hold(fault)
                return caller
            case "rate_limited":
                raise errors.rate_limited()
            case "unauthorized":
                raise errors.unauthenticated(caller.key)
            case "server_error":
                raise errors.broken()
            case "lacks_right":
                raise errors.no_permission(caller.key, caller.account, f"rak_{resource}_read")
            case _:
                raise _Html(fault)

    def list(self, resource: str) -> Response:
        """List objects of one kind."""
        if resource in BEYOND_PAYMENTS:
            return self._beyond(resource)
        if resource not in listing.RESOURCES:
            raise self._unknown()
        with self.store.reading() as connection:
            caller = self._enter(connection, resource)
            params = forms.nested(request.args.items(multi=True))
            return _answer(listing.page(connection, caller.account, resource, params))

    def show(self, resource: str, id: str) -> Response:
        """Show one object."""
        if resource not in listing.RESOURCES:
            raise self._unknown()
        with self.store.reading() as connection:
            caller = self._enter(connection, resource)
            params = forms.nested(request.args.items(multi=True))
            return _answer(listing.single(connection, caller.account, listing.RESOURCES[resource][0], id, params))

    def _beyond(self, resource: str) -> Response:
        """List nothing of a kind that this world does not hold, for a key with a right too many."""
        with self.store.reading() as connection:
            caller = self._enter(connection, resource)
        if not caller.writes and not self._has_excess(caller, resource):
            raise errors.no_permission(caller.key, caller.account, f"rak_{resource}_read")
        return _answer({"object": "list", "data": [], "has_more": False, "url": f"/v1/{resource}"})

    def _has_excess(self, caller: access.Caller, right: str) -> bool:
        return faults.take(self.store, "stripe", caller.slug, ("excess_right",), right) is not None

    def update(self, resource: str, id: str) -> Response:
        """Show an object unchanged to a key that may write; the right is checked before the object is looked for."""
        with self.store.reading() as connection:
            caller = self._enter(connection, resource)
        if not caller.writes and not self._has_excess(caller, f"{resource}:write"):
            raise errors.no_permission(caller.key, caller.account, f"rak_{resource}_write")
        if resource not in listing.RESOURCES:
            raise errors.missing(resource.removesuffix("s"), id)
        with self.store.reading() as connection:
            return _answer(listing.one(connection, caller.account, listing.RESOURCES[resource][0], id))

    def refunds_of(self, id: str) -> Response:
        """List the refunds of a charge."""
        with self.store.reading() as connection:
            caller = self._enter(connection, "refunds")
            listing.one(connection, caller.account, "charge", id)
            params = {**forms.nested(request.args.items(multi=True)), "charge": id}
            page = listing.page(connection, caller.account, "refunds", params)
            return _answer({**page, "url": f"/v1/charges/{id}/refunds"})

    def account(self, id: str = "") -> Response:
        """Show the account that is acted for."""
        with self.store.reading() as connection:
            caller = self._enter(connection, "account")
        if id and id != caller.account:
            raise errors.no_access(caller.key, id)
        return _answer(_account(caller))

    def balance(self) -> Response:
        """Show what is available and what is still pending, per currency."""
        with self.store.reading() as connection:
            caller = self._enter(connection, "balance")
            rows = connection.execute(
                "SELECT json_extract(body, '$.currency') AS currency, json_extract(body, '$.status') AS status, "
                "SUM(json_extract(body, '$.net')) AS net FROM stripe_object "
                "WHERE account = ? AND kind = 'balance_transaction' GROUP BY 1, 2",
                (caller.account,),
            ).fetchall()
        sums = {(row["status"], row["currency"]): row["net"] for row in rows}
        currencies = sorted({currency for _status, currency in sums}) or ["eur"]
        parts = {
            status: [
                {
                    "amount": sums.get((status, one), 0),
                    "currency": one,
                    "source_types": {"card": sums.get((status, one), 0)},
                }
                for one in currencies
            ]
            for status in ("available", "pending")
        }
        return _answer({"object": "balance", "livemode": False, **parts})

    def create_refund(self) -> Response:
        """Make a refund; the same idempotency key gives the same answer again."""
        with self.store.reading() as connection:
            caller = self._enter(connection, "refunds")
        caller.must_write("rak_charge_write")
        params = forms.nested(request.form.items(multi=True))
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > 255:
            raise errors.invalid("Idempotency keys may be at most 255 characters.")
        events: list[dict[str, Any]] = []
        with self.store.writing() as connection:
            earlier = _earlier(connection, caller.account, key, params)
            if earlier is not None:
                return earlier
            made, events = refunds.create(connection, caller.account, params)
            if key:
                connection.execute(
                    "INSERT INTO stripe_idempotency VALUES (?, ?, ?, ?, 200, ?)",
                    (caller.account, key, request.path, json.dumps(params, sort_keys=True), json.dumps(made)),
                )
        self.announce(caller.slug, events)
        return _answer(made)

    def _unknown(self) -> StripeRefusal:
        with self.store.reading() as connection:
            access.caller(connection)
        return errors.invalid(
            f"Unrecognized request URL ({request.method}: {request.path.removeprefix('/stripe')}).", status=404
        )

    def unknown(self, path: str) -> Response:
        """Refuse every other address the way Stripe does."""
        raise self._unknown()


def _earlier(connection: sqlite3.Connection, account: str, key: str, params: dict[str, Any]) -> Response | None:
    row = connection.execute(
        "SELECT * FROM stripe_idempotency WHERE account = ? AND key = ?", (account, key)
    ).fetchone()
    if row is None:
        return None
    if (row["path"], row["params"]) != (request.path, json.dumps(params, sort_keys=True)):
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
        raise StripeRefusal(400, {"message": message, "type": "idempotency_error"})
    return _answer(json.loads(row["body"]), row["status"], {"Idempotent-Replayed": "true"})


def _account(caller: access.Caller) -> dict[str, Any]:
    company = world.COMPANIES.get(caller.slug)
    name = company.name if company else "Payymo platform"
    country, currency = (company.country, company.currency) if company else ("DE", "EUR")
    return {
        "id": caller.account, "object": "account", "business_profile": {"name": name, "url": f"https://{caller.slug}.example"},
        "business_type": "company", "capabilities": {"card_payments": "active"}, "charges_enabled": True,
        "country": country,
        "created": 1_600_000_000, "default_currency": currency.lower(), "details_submitted": True,
        "email": f"billing@{caller.slug or 'payymo'}.example", "metadata": {}, "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": name, "timezone": "Europe/Berlin"},
                     "payouts": {"schedule": {"delay_days": 2, "interval": "daily"}, "statement_descriptor": None}},
        "type": "standard",
    }  # fmt: skip


class _Html(Exception):
    def __init__(self, fault: faults.Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def blueprint(store: Store, announce: Callable[[str, list[dict[str, Any]]], None]) -> Blueprint:
    """Return the API's routes; `announce` sends new events to the host's webhook address, if there is one."""
    api = Blueprint("stripe", __name__, url_prefix="/stripe/v1")
    routes = Routes(store, announce)

    @api.before_request
    def number() -> None:
        g.request_id = f"req_{secrets.token_hex(7)}"

    @api.after_request
    def label(response: Response) -> Response:
        response.headers["Request-Id"] = g.request_id
        return response

    @api.errorhandler(StripeRefusal)
    def refused(error: StripeRefusal) -> Response:
        return _answer({"error": {**error.error, "request_log_url": f"https://dashboard.stripe.com/test/logs/{g.request_id}"}},
                       error.status, error.headers)  # fmt: skip

    @api.errorhandler(_Html)
    def page(error: _Html) -> Response:
        return faults.html(error.fault, 502)

    def add(rule: str, view: Callable[..., Response], *methods: str) -> None:
        api.add_url_rule(rule, view_func=view, methods=list(methods))

    add("/balance", routes.balance, "GET")
    add("/account", routes.account, "GET")
    add("/accounts/<id>", routes.account, "GET")
    add("/refunds", routes.create_refund, "POST")
    add("/charges/<id>/refunds", routes.refunds_of, "GET")
    add("/<resource>", routes.list, "GET")
    add("/<resource>/<id>", routes.show, "GET")
    add("/<resource>/<id>", routes.update, "POST")
    add("/<path:path>", routes.unknown, "GET", "POST", "DELETE")
    return api
