"""Stripe Connect: the page where an owner connects his account, and the token exchange."""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from payymo.sandbox import world
from payymo.sandbox.store import Store
from payymo.sandbox.stripe_api import access, listing, objects, refunds

CODE_SECONDS = 300
PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Connect with Stripe</title><style>'
    "body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto}}"
    "button{{font:inherit;padding:.6rem 1.2rem;margin:.3rem .4rem .3rem 0}}</style></head>"
    "<body><h1>Connect your account</h1><p>Payymo asks for the scope "
    "<b>{scope}</b>. This is a stand-in for Stripe's page.</p>"
    '<form method="post">{buttons}<button name="account" value="">Cancel</button></form></body></html>'
)
BUTTON = Markup('<button name="account" value="{account}">Connect {name}</button>')


def _refuse(error: str, description: str, status: int = 400) -> Response:
    response = jsonify({"error": error, "error_description": description})
    response.status_code = status
    return response


def _problem() -> Response | None:
    """Answer mistakes that Stripe shows itself and never sends back."""
    if request.args.get("client_id") != world.STRIPE_PLATFORM.client_id:
        return _refuse("invalid_request", "No application matches the supplied client identifier")
    if request.args.get("response_type") != "code":
        return _refuse("unsupported_response_type", "Only response_type 'code' is supported")
    if request.args.get("scope", "read_only") not in ("read_only", "read_write"):
        return _refuse("invalid_scope", "Invalid scope provided")
    if not request.args.get("redirect_uri", "").startswith(("http://", "https://")):
        return _refuse("invalid_redirect_uri", "Invalid redirect URI")
    return None


def _secret_ok() -> bool:
    return world.STRIPE_PLATFORM.secret_key in (request.form.get("client_secret"), access.key_of_request())


class Pages:
    """Binds the addresses of Connect to the state."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def authorize(self) -> Response:
        """Show the accounts that could be connected."""
        wrong = _problem()
        if wrong is not None:
            return wrong
        buttons = Markup("").join(
            BUTTON.format(account=keys.account_id, name=world.COMPANIES[slug].name)
            for slug, keys in world.STRIPE.items()
        )
        page = PAGE.format(scope=request.args.get("scope", "read_only"), buttons=buttons)
        return Response(page, mimetype="text/html")

    def decide(self) -> AnyResponse:
        """Send the owner back with a code, or with his refusal."""
        wrong = _problem()
        if wrong is not None:
            return wrong
        account, scope = request.form.get("account", ""), request.args.get("scope", "read_only")
        back: dict[str, str] = {"state": request.args["state"]} if "state" in request.args else {}
        if account not in {keys.account_id for keys in world.STRIPE.values()}:
            back |= {"error": "access_denied", "error_description": "The user denied your request"}
        else:
            code = f"ac_{secrets.token_urlsafe(24)}"
            with self.store.writing() as connection:
                connection.execute(
                    "INSERT INTO stripe_code VALUES (?, ?, ?, ?, 0)", (code, account, scope, time.time() + CODE_SECONDS)
                )
            back |= {"code": code, "scope": scope}
        joint = "&" if "?" in request.args["redirect_uri"] else "?"
        return redirect(f"{request.args['redirect_uri']}{joint}{urlencode(back)}", code=303)

    def token(self) -> Response:
        """Exchange a code, for the platform only."""
        if not _secret_ok():
            return _refuse("invalid_client", "No such API key", 401)
        if request.form.get("grant_type") != "authorization_code":
            return _refuse("unsupported_grant_type", "Only grant_type 'authorization_code' is supported")
        return _exchange(self.store, request.form.get("code", ""))

    def deauthorize(self) -> Response:
        """Disconnect an account."""
        if not _secret_ok() or request.form.get("client_id") != world.STRIPE_PLATFORM.client_id:
            return _refuse("invalid_client", "No application matches the supplied client identifier", 401)
        account = request.form.get("stripe_user_id", "")
        with self.store.writing() as connection:
            if not access.granted(connection, account):
                text = f"This application is not connected to stripe account {account}, or that account does not exist."
                return _refuse("invalid_client", text, 401)
            _revoke(connection, account)
        return jsonify({"stripe_user_id": account})


def blueprint(store: Store) -> Blueprint:
    """Return the routes of Connect."""
    routes = Blueprint("stripe_oauth", __name__, url_prefix="/stripe/oauth")
    pages = Pages(store)
    routes.add_url_rule("/authorize", view_func=pages.authorize, methods=["GET"])
    routes.add_url_rule("/authorize", view_func=pages.decide, methods=["POST"])
    routes.add_url_rule("/token", view_func=pages.token, methods=["POST"])
    routes.add_url_rule("/deauthorize", view_func=pages.deauthorize, methods=["POST"])
    return routes


def _revoke(connection: Any, account: str) -> None:
    connection.execute("DELETE FROM stripe_grant WHERE account = ?", (account,))
    application = {"id": world.STRIPE_PLATFORM.client_id, "object": "application", "name": "Payymo"}
    event = objects.event(
        id=refunds.new_id("evt"), kind="account.application.deauthorized", created=int(time.time()), data=application
    )
    listing.save(connection, account, event)


def _exchange(store: Store, code: str) -> Response:
    """Give the account for a code; a code that comes a second time takes the connection away again."""
    with store.writing() as connection:
        row = connection.execute("SELECT * FROM stripe_code WHERE code = ?", (code,)).fetchone()
        if row is None or row["expires_at"] < time.time():
            return _refuse("invalid_grant", f"Authorization code does not exist: {code}")
        if row["used"]:
            _revoke(connection, row["account"])
            text = "This authorization code has already been used. All tokens issued with this code have been revoked."
            return _refuse("invalid_grant", text)
        connection.execute("UPDATE stripe_code SET used = 1 WHERE code = ?", (code,))
        connection.execute("INSERT OR REPLACE INTO stripe_grant VALUES (?, ?)", (row["account"], row["scope"]))
    return jsonify(
        {
            "access_token": f"sk_test_{secrets.token_hex(16)}", "livemode": False,
            "refresh_token": f"rt_{secrets.token_hex(16)}", "scope": row["scope"],
            "stripe_publishable_key": f"pk_test_{secrets.token_hex(16)}", "stripe_user_id": row["account"],
            "token_type": "bearer",
        }
    )  # fmt: skip
