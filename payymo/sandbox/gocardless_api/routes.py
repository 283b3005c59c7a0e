"""The routes of `/gocardless/api/v2`."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, request

from payymo.sandbox import faults
from payymo.sandbox.gocardless_api import accounts, consents, institutions, limits, tokens
from payymo.sandbox.gocardless_api.errors import Refusal, field, not_found, refusal
from payymo.sandbox.store import Store

READERS: dict[str, Callable[..., dict[str, Any]]] = {"details": accounts.details, "balances": accounts.balances}


def _answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers.update({**getattr(g, "limit_headers", {}), **(headers or {})})
    return response


def _json() -> dict[str, Any]:
    given = request.get_json(silent=True, force=True)
    if not isinstance(given, dict):
        raise refusal(400, "JSON parse error", "The request body is not a JSON object.")
    return given


def _paging() -> tuple[int, int]:
    consents.known_fields(request.args, {"limit", "offset"})
    limit, offset = request.args.get("limit", "100"), request.args.get("offset", "0")
    if not limit.isdigit() or not offset.isdigit() or int(limit) < 1:
        raise field("limit", "Invalid paging", "limit and offset must be whole numbers")
    return min(int(limit), 100), int(offset)


class Routes:
    """Binds the endpoints to the state."""

    def __init__(self, store: Store, today: Callable[[], date]) -> None:
        self.store, self.today = store, today

    # Tokens ----------------------------------------------------------------------------------------------------------

    def token(self, kind: str) -> Response:
        """Give a token pair, or a fresh access token."""
        if kind not in ("new", "refresh"):
            raise not_found()
        with self.store.writing() as connection:
            body, headers = {"new": tokens.new, "refresh": tokens.refresh}[kind](connection, _json())
        return _answer(body, 200, headers)

    def authorise(self, resource: str, name: str) -> str:
        """Return the company that calls, after the faults and the company's limit.

        Raises: Refusal (401, 403, 429).
        """
        header = request.headers.get("Authorization", "")
        if not header.startswith("Bearer "):
            raise refusal(
                401, "Authentication credentials were not provided.", "Authentication credentials were not provided."
            )
        with self.store.reading() as connection:
            slug = tokens.owner(connection, header.removeprefix("Bearer ").strip(), "access")
        self._general_fault(slug, name)
        with self.store.writing() as connection:
            g.limit_headers = limits.company_call(connection, slug, resource)
        return slug

    def _general_fault(self, slug: str, name: str) -> None:
        fault = faults.take(self.store, "gocardless", slug, ("slow", "html", "forbidden_ip"), name)
        if fault is None:
            return
        if fault.name == "slow":
            faults.hold(fault)
        elif fault.name == "forbidden_ip":
            raise refusal(
                403,
                "IP address access denied",
                f"Your IP {request.remote_addr} isn't whitelisted to perform this action",
            )
        else:
            raise _Html(fault)

    # Institutions ----------------------------------------------------------------------------------------------------

    def institutions(self) -> Response:
        """List the banks of a country."""
        self.authorise("institutions", "institutions")
        consents.known_fields(request.args, institutions.FILTERS | {"country"})
        country = request.args.get("country")
        if country is not None and (len(country) != 2 or not country.isalpha()):
            raise field("country", "Invalid country choice.", f"{country} is not a valid choice.")
        flags = {name: value.lower() == "true" for name, value in request.args.items() if name != "country"}
        found = institutions.matching(country, flags)
        return _answer([institutions.shown(one) for one in found])

    def institution(self, id: str) -> Response:
        """Show one bank."""
        self.authorise("institutions", "institutions")
        if id not in institutions.BY_ID:
            raise not_found()
        return _answer(institutions.detailed(institutions.BY_ID[id]))

    # Agreements and requisitions -------------------------------------------------------------------------------------

    def agreements(self) -> Response:
        """Make an agreement, or list them."""
        if request.method == "POST":
            slug = self.authorise("create", "agreements")
            with self.store.writing() as connection:
                return _answer(consents.create_agreement(connection, slug, _json()), 201)
        slug = self.authorise("read", "agreements")
        return self._page(slug, "gc_agreement", consents.agreement)

    def agreement(self, id: str) -> Response:
        """Show or remove one agreement."""
        slug = self.authorise("delete" if request.method == "DELETE" else "read", "agreements")
        with self.store.writing() as connection:
            made = consents.agreement(connection, slug, _uuid(id))
            if request.method == "DELETE":
                connection.execute("DELETE FROM gc_agreement WHERE id = ?", (id,))
                return _answer({"summary": "End User Agreement deleted", "detail": f"End User Agreement {id} deleted"})
        return _answer(made)

    def accept(self, id: str) -> Response:
        """Refuse: accepting for the user needs a permission that nobody here has."""
        self.authorise("create", "agreements")
        raise refusal(403, "", "You do not have permission to perform this action.")

    def requisitions(self) -> Response:
        """Make a requisition, or list them."""
        if request.method == "POST":
            slug = self.authorise("create", "requisitions")
            with self.store.writing() as connection:
                made = consents.create_requisition(connection, slug, _json(), f"{request.host_url}gocardless")
            return _answer(made, 201)
        slug = self.authorise("read", "requisitions")
        return self._page(slug, "gc_requisition", consents.requisition)

    def requisition(self, id: str) -> Response:
        """Show or remove one requisition."""
        slug = self.authorise("delete" if request.method == "DELETE" else "read", "requisitions")
        with self.store.writing() as connection:
            if request.method == "DELETE":
                return _answer(consents.delete_requisition(connection, slug, _uuid(id)))
            return _answer(consents.requisition(connection, slug, _uuid(id)))

    def _page(self, slug: str, table: str, read: Callable[..., dict[str, Any]]) -> Response:
        limit, offset = _paging()
        with self.store.reading() as connection:
            count, ids = consents.page_of(connection, slug, table, limit, offset)
            results = [read(connection, slug, id) for id in ids]
        after = f"{request.base_url}?limit={limit}&offset={offset + limit}" if offset + limit < count else None
        before = f"{request.base_url}?limit={limit}&offset={max(0, offset - limit)}" if offset else None
        return _answer({"count": count, "next": after, "previous": before, "results": results})

    # Accounts --------------------------------------------------------------------------------------------------------

    def account(self, id: str) -> Response:
        """Show what GoCardless knows about an account."""
        slug = self.authorise("accounts", "accounts")
        with self.store.writing() as connection:
            return _answer(accounts.metadata(connection, slug, id))

    def account_data(self, id: str, scope: str) -> Response:
        """Read details, balances or transactions at the bank."""
        if scope not in consents.SCOPES:
            raise not_found()
        slug = self.authorise("accounts", scope)
        first, last = self._range(scope)
        with self.store.reading() as connection:
            accounts.find(connection, slug, id)
        self._bank_fault(slug, id, scope)
        refused: Refusal | None = None
        with self.store.writing() as connection:
            row = accounts.find(connection, slug, id)
            refused = accounts.check_access(connection, slug, row, scope)
            left, headers = limits.account_left(connection, slug, id, scope, accounts.quota(slug))
            if refused is None and left <= 0:
                refused = limits.exceeded(
                    accounts.quota(slug), limits.DAY, int(headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_RESET"]), headers
                )
            if refused is None:
                return self._read(connection, row, scope, first, last)
        # What the refusal marked (an ended consent) is kept: it is raised after the commit.
        raise refused

    def _read(self, connection: Any, row: Any, scope: str, first: str | None, last: str | None) -> Response:
        if scope == "transactions":
            body = accounts.transactions(connection, row, self.today(), first, last)
        elif scope == "balances":
            body = accounts.balances(connection, row, self.today())
        else:
            body = accounts.details(connection, row)
        return _answer(body, 200, accounts.counted(connection, row, scope))

    def _range(self, scope: str) -> tuple[str | None, str | None]:
        consents.known_fields(request.args, {"date_from", "date_to"} if scope == "transactions" else set())
        for name in ("date_from", "date_to"):
            if request.args.get(name):
                _date(name, request.args[name])
        first, last = request.args.get("date_from") or None, request.args.get("date_to") or None
        if first and last and first > last:
            raise refusal(400, "Incorrect date range", "date_from can not be later than date_to")
        return first, last

    def _bank_fault(self, slug: str, id: str, scope: str) -> None:
        names = ("rate_limited", "consent_expired", "server_error", "suspended", "processing")
        fault = faults.take(self.store, "gocardless", slug, names, scope)
        if fault is None:
            return
        with self.store.writing() as connection:
            row = accounts.find(connection, slug, id)
            refused = self._struck(connection, fault, slug, row, scope)
        if refused is not None:
            raise refused

    def _struck(self, connection: Any, fault: faults.Fault, slug: str, row: Any, scope: str) -> Refusal | None:
        limit, reset = accounts.quota(slug), int(fault.params.get("reset", 3600))
        headers = limits.headers("ACCOUNT_SUCCESS_", limit, 0, reset)
        match fault.name:
            case "rate_limited":
                if fault.params.get("form") == "bank":
                    return limits.bank_exceeded(scope, headers)
                return limits.exceeded(limit, limits.DAY, reset, headers)
            case "consent_expired":
                if fault.params.get("form") != "revoked":
                    accounts.expire(connection, slug, row["requisition"])
                    return None
                accounts.failed(connection, row["id"])
                detail = "Access has expired or it has been revoked. To restore access reconnect the account."
                return refusal(401, f"Couldn't update account {scope}", detail, "AccessExpiredError")
            case "suspended":
                connection.execute("UPDATE gc_account SET status = 'SUSPENDED' WHERE id = ?", (row["id"],))
                return None
            case "processing":
                body = accounts.metadata(connection, slug, row["id"])
                return Refusal(409, {**body, "status": "PROCESSING"})
            case _:
                accounts.failed(connection, row["id"])
                return refusal(
                    500,
                    f"Couldn't update account {scope}",
                    "Request to Institution returned an error",
                    "UnknownRequestError",
                )


class _Html(Exception):
    def __init__(self, fault: faults.Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise refusal(400, "Invalid ID", f"{text} is not a valid UUID.") from None


def _date(name: str, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Refusal(
            400, {name: ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."], "status_code": 400}
        ) from None


def blueprint(store: Store, today: Callable[[], date]) -> Blueprint:
    """Return the API's routes; paths end in a slash, and one without it is redirected as the real server does."""
    api = Blueprint("gocardless", __name__, url_prefix="/gocardless/api/v2")
    routes = Routes(store, today)

    @api.before_app_request
    def slash() -> Any:
        if request.path.startswith("/gocardless/api/") and not request.path.endswith("/"):
            query = f"?{request.query_string.decode()}" if request.query_string else ""
            return redirect(f"{request.path}/{query}", code=301)
        return None

    @api.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return _answer(error.body, error.status, error.headers)

    @api.errorhandler(_Html)
    def page(error: _Html) -> Response:
        return faults.html(error.fault, 502)

    def add(rule: str, view: Callable[..., Response], *methods: str) -> None:
        api.add_url_rule(rule, view_func=view, methods=list(methods))

    add("/token/<kind>/", routes.token, "POST")
    add("/institutions/", routes.institutions, "GET")
    add("/institutions/<id>/", routes.institution, "GET")
    add("/agreements/enduser/", routes.agreements, "GET", "POST")
    add("/agreements/enduser/<id>/", routes.agreement, "GET", "DELETE")
    add("/agreements/enduser/<id>/accept/", routes.accept, "PUT")
    add("/requisitions/", routes.requisitions, "GET", "POST")
    add("/requisitions/<id>/", routes.requisition, "GET", "DELETE")
    add("/accounts/<id>/", routes.account, "GET")
    add("/accounts/<id>/<scope>/", routes.account_data, "GET")
    return api
