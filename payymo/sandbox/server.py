"""The one process that serves all stand-ins on one loopback port."""

import socket
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from payymo.sandbox import control, simplefin_api, world
from payymo.sandbox.enable_banking_api import routes as enable_banking
from payymo.sandbox.gocardless_api import consent_page
from payymo.sandbox.gocardless_api import routes as gocardless
from payymo.sandbox.gocardless_payments_api import control as gocardless_payments_control
from payymo.sandbox.gocardless_payments_api import routes as gocardless_payments
from payymo.sandbox.store import Store
from payymo.sandbox.stripe_api import oauth, webhooks
from payymo.sandbox.stripe_api import routes as stripe
from payymo.sandbox.whmcs_api import routes as whmcs

HOST = "127.0.0.1"
BACKLOG = 512


class QuietHandler(WSGIRequestHandler):
    """Keeps connections alive, and writes no line per request: tokens and keys travel in them."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Let a client go, or a connection that a fault has cut."""
        self.close_connection = True


class Server(ThreadedWSGIServer):
    """A thread per connection; one that hangs does not hold up the end."""

    daemon_threads = True


def _announcer(urls: Mapping[str, str]) -> Any:
    """Return what sends new events to the address that was given for the host."""

    def announce(slug: str, events: list[dict[str, Any]]) -> None:
        if slug not in urls:
            return
        endpoint = webhooks.Endpoint.parse(urls[slug])
        secret = world.STRIPE[slug].webhook_secret

        def send() -> None:
            for event in events:
                webhooks.deliver(endpoint, event, secret)

        threading.Thread(target=send, daemon=True).start()

    return announce


def create_app(
    store: Store, until: date, webhook_urls: Mapping[str, str] | None = None, *, web_port: int = 8000
) -> Flask:
    """Return the application with the providers and the control addresses."""
    app = Flask("payymo.sandbox", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["WEB_PORT"] = app.config["WEB_PORT_AT_START"] = web_port

    def today() -> date:
        return until

    app.register_blueprint(gocardless.blueprint(store, today))
    app.register_blueprint(consent_page.blueprint(store))
    app.register_blueprint(gocardless_payments.blueprint(store))
    app.register_blueprint(gocardless_payments_control.blueprint(store))
    app.register_blueprint(simplefin_api.blueprint(store, today))
    app.register_blueprint(enable_banking.blueprint(store, today))
    announce = _announcer(webhook_urls or {})
    app.register_blueprint(stripe.blueprint(store, announce))
    app.register_blueprint(oauth.blueprint(store))
    app.register_blueprint(whmcs.blueprint(store))
    app.register_blueprint(control.blueprint(store, today, announce))
    return app


def serve(app: Flask, port: int) -> Server:
    """Bind the port and return the server, not yet running.

    Raises: OSError when the port is taken.
    """
    with socket.socket() as listener:
        # A port that has just been left may be taken again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
        return Server(HOST, port, app, handler=QuietHandler, fd=listener.fileno())
