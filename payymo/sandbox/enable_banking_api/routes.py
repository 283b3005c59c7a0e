"""The routes of `/enable-banking`: the API, and the page on which the user decides."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from payymo.sandbox import faults
from payymo.sandbox.enable_banking_api import access, accounts, banks, sessions
from payymo.sandbox.enable_banking_api.errors import Refusal, wrong
from payymo.sandbox.gocardless_api.consent_page import CHOICE, PAGE
from payymo.sandbox.store import Store

STRUCK = {
    "rate_limited": (429, "ASPSP_RATE_LIMIT_EXCEEDED"),
    "server_error": (400, "ASPSP_ERROR"),
    "bank_timeout": (408, "ASPSP_TIMEOUT"),
    "user_action": (400, "ASPSP_PSU_ACTION_REQUIRED"),
    "no_access": (400, "ASPSP_ACCOUNT_NOT_ACCESSIBLE"),
    "short_history": (422, "WRONG_TRANSACTIONS_PERIOD"),
    "forbidden_ip": (403, "UNAUTHORIZED_IP"),
    "down": (503, "SERVICE_UNAVAILABLE"),
}


class _Html(Exception):
    def __init__(self, fault: faults.Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class Routes:
    """Binds the endpoints to the state."""

    def __init__(self, store: Store, today: Callable[[], date]) -> None:
        self.store, self.today = store, today

    def caller(self, where: str) -> str:
        """Return the host that calls, after the faults.

        Raises: Refusal.
        """
        with self.store.reading() as connection:
            slug = access.owner(connection, request.headers.get("Authorization", ""))
        fault = faults.take(self.store, "enable_banking", slug, (*STRUCK, "slow", "html", "ended"), where)
        if fault is None:
            return slug
        if fault.name == "slow":
            faults.hold(fault)
        elif fault.name == "html":
            raise _Html(fault)
        elif fault.name == "ended":
            status = str(fault.params.get("status", "REVOKED"))
            with self.store.writing() as connection:
                connection.execute("UPDATE eb_session SET status = ? WHERE slug = ?", (status, slug))
        else:
            status_code, error = STRUCK[fault.name]
            wait = {"Retry-After": str(fault.params["reset"])} if "reset" in fault.params else None
            raise Refusal(status_code, error, "The bank or the service refused.", wait)
        return slug

    def application(self) -> Response:
        """Tell what is registered."""
        slug = self.caller("application")
        return jsonify(
            {
                "name": f"Payymo of {slug}", "environment": "SANDBOX", "active": True, "services": ["AIS"],
                "redirect_urls": sessions.redirect_urls(slug, current_app.config["WEB_PORT"]),
                "countries": sorted({one["country"] for one in banks.of_country("")}),
            }
        )  # fmt: skip

    def aspsps(self) -> Response:
        """List the banks."""
        self.caller("aspsps")
        return jsonify({"aspsps": banks.of_country(request.args.get("country", ""))})

    def auth(self) -> Response:
        """Begin an authorisation."""
        slug = self.caller("auth")
        with self.store.writing() as connection:
            return jsonify(sessions.authorise(connection, slug, _json(), f"{request.host_url}enable-banking"))

    def begin(self) -> Response:
        """Exchange the code."""
        slug = self.caller("sessions")
        with self.store.writing() as connection:
            return jsonify(sessions.begin(connection, slug, str(_json().get("code") or "")))

    def session(self, id: str) -> Response:
        """Show or end a session."""
        slug = self.caller("sessions")
        with self.store.writing() as connection:
            if request.method == "DELETE":
                sessions.end(connection, slug, id)
                return jsonify({"message": "OK"})
            return jsonify(sessions.shown(connection, slug, id))

    def account(self, uid: str, scope: str) -> Response:
        """Read details, balances or one page of entries."""
        if scope not in ("details", "balances", "transactions"):
            raise Refusal(404, "NOT_FOUND", "Not found")
        slug = self.caller(scope)
        with self.store.writing() as connection:
            row = accounts.find(connection, slug, uid)
            sessions.check_alive(sessions.find(connection, slug, row["session"]))
            if not request.args.get("continuation_key"):
                accounts.count_call(connection, row, scope)
            if scope == "details":
                return jsonify(accounts.details(row))
            if scope == "balances":
                return jsonify(accounts.balances(connection, row, self.today()))
            return jsonify(accounts.transactions(connection, row, self.today(), request.args.to_dict()))

    # The user's pages ------------------------------------------------------------------------------------------------

    def page(self) -> Answer:
        """Show what is asked for, and take the decision."""
        with self.store.writing() as connection:
            found = sessions.pending(connection, request.args.get("sessionid", ""))
            if found is None:
                return Response(
                    PAGE.format(title="This link is not valid", content=Markup("")), 404, mimetype="text/html"
                )
            slug, made = found
            if request.method == "GET":
                content = CHOICE.format(who="Payymo", bank=made["aspsp"]["name"], days=90)
                return Response(
                    PAGE.format(title=f"Connect {made['aspsp']['name']}", content=content), mimetype="text/html"
                )
            told = {"state": made["state"]}
            if request.form.get("action") != "approve":
                told |= {"error": "access_denied", "error_description": "User cancelled"}
            elif not sessions.has_accounts(slug, made["institution"]):
                told |= {"error": "server_error", "error_description": "The bank does not know this customer"}
            else:
                told["code"] = sessions.decide(connection, request.args["sessionid"])
        joint = "&" if "?" in made["redirect_url"] else "?"
        return redirect(f"{made['redirect_url']}{joint}{urlencode(told)}", code=302)


def _shown(title: str, content: Markup, status: int = 200) -> Response:
    return Response(PAGE.format(title=title, content=content), status, mimetype="text/html")


def _json() -> dict[str, Any]:
    given = request.get_json(silent=True, force=True)
    if not isinstance(given, dict):
        raise wrong("The request body is not a JSON object.")
    return given


def blueprint(store: Store, today: Callable[[], date]) -> Blueprint:
    """Return the routes."""
    api = Blueprint("enable_banking", __name__, url_prefix="/enable-banking")
    routes = Routes(store, today)

    @api.errorhandler(Refusal)
    def refused(error: Refusal) -> tuple[Response, int, dict[str, str]]:
        return jsonify(error.body), error.status, error.headers

    @api.errorhandler(_Html)
    def page(error: _Html) -> Response:
        return faults.html(error.fault, 502)

    def add(rule: str, view: Callable[..., Any], *methods: str) -> None:
        api.add_url_rule(rule, view_func=view, methods=list(methods))

    add("/application", routes.application, "GET")
    add("/aspsps", routes.aspsps, "GET")
    add("/auth", routes.auth, "POST")
    add("/sessions", routes.begin, "POST")
    add("/sessions/<id>", routes.session, "GET", "DELETE")
    add("/accounts/<uid>/<scope>", routes.account, "GET")
    add("/ais/start", routes.page, "GET", "POST")
    return api
