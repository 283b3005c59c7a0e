"""A webhook endpoint that keeps what it is sent."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver:
    """Listens while it is entered; `got` holds (body, signature) in the order of arrival."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.arrival = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.arrival:
                    outer.got.append((body, self.headers["Stripe-Signature"]))
                    outer.arrival.notify_all()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *words: object) -> None:
                """Stay silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.url = f"http://acme.localhost:{self.server.server_port}/webhooks/stripe/"

    def __enter__(self) -> "Receiver":
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.thread.join(60)
        self.server.server_close()

    def wait_for(self, count: int) -> None:
        """Return once `count` events have arrived; fail after a minute."""
        with self.arrival:
            assert self.arrival.wait_for(lambda: len(self.got) >= count, timeout=60)
