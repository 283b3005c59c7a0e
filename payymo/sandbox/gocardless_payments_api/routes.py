"""The routes of GoCardless's payments: at the root, since its own library puts every path there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from payymo.sandbox import faults
from payymo.sandbox.gocardless_payments_api import answers, listing
from payymo.sandbox.gocardless_payments_api.answers import GoCardlessRefusal
from payymo.sandbox.store import Store

FAULTS = ("rate_limited", "slow", "server_error", "html", "unauthorized", "lacks_right")
LIMIT = 1000


class _Html(Exception):
    def __init__(self, fault: faults.Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class Routes:
    """Binds the endpoints to the state."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def _enter(self, resource: str) -> answers.Caller:
        """Return the caller once no fault stops him.

        Raises: GoCardlessRefusal, _Html.
        """
        caller = answers.caller()
        fault = faults.take(self.store, "gocardless_payments", caller.slug, FAULTS, resource)
        match fault.name if fault else "":
            case "slow":
                faults.hold(fault)  # type: ignore[arg-type]
            case "rate_limited":
                raise GoCardlessRefusal(429, "invalid_api_usage", "Rate limit exceeded", "rate_limit_exceeded")
            case "unauthorized":
                raise answers.unauthorised()
            case "server_error":
                raise GoCardlessRefusal(500, "gocardless", "Internal server error", "internal_server_error")
            case "lacks_right":
                raise answers.no_permission()
            case "html":
                raise _Html(fault)  # type: ignore[arg-type]
        return caller

    def list(self, resource: str) -> Response:
        """List objects of one kind."""
        caller = self._enter(resource)
        with self.store.reading() as connection:
            return jsonify(listing.page(connection, caller.slug, resource, request.args.to_dict()))

    def items(self) -> Response:
        """List what a payout holds."""
        caller = self._enter("payout_items")
        with self.store.reading() as connection:
            return jsonify(listing.items(connection, caller.slug, request.args.to_dict()))

    def show(self, resource: str, id: str) -> Response:
        """Show one object."""
        caller = self._enter(resource)
        with self.store.reading() as connection:
            return jsonify({resource: listing.one(connection, caller.slug, resource, id)})

    def update(self, resource: str, id: str) -> Response:
        """Show an object unchanged to a token that may write; the right is checked before the object is looked for."""
        caller = self._enter(resource)
        if not caller.writes:
            raise answers.no_permission()
        with self.store.reading() as connection:
            return jsonify({resource: listing.one(connection, caller.slug, resource, id)})


def blueprint(store: Store) -> Blueprint:
    """Return the API's routes."""
    api = Blueprint("gocardless_payments", __name__)
    routes = Routes(store)

    @api.after_request
    def limits(response: Response) -> Response:
        until = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        spent = response.status_code == 429
        response.headers["ratelimit-limit"] = str(LIMIT)
        response.headers["ratelimit-remaining"] = "0" if spent else str(LIMIT - 1)
        response.headers["ratelimit-reset"] = format_datetime(until, usegmt=True)
        return response

    @api.errorhandler(GoCardlessRefusal)
    def refused(error: GoCardlessRefusal) -> tuple[Response, int]:
        return jsonify({"error": error.error}), error.status

    @api.errorhandler(_Html)
    def page(error: _Html) -> Response:
        return faults.html(error.fault, 502)

    def add(rule: str, view: Callable[..., Response], name: str, method: str, **given: Any) -> None:
        api.add_url_rule(rule, endpoint=name, view_func=view, methods=[method], defaults=given)

    for resource in listing.RESOURCES:
        add(f"/{resource}", routes.list, f"list_{resource}", "GET", resource=resource)
        add(f"/{resource}/<id>", routes.show, f"show_{resource}", "GET", resource=resource)
        add(f"/{resource}/<id>", routes.update, f"update_{resource}", "PUT", resource=resource)
    add("/payout_items", routes.items, "payout_items", "GET")
    return api
