"""A server on this machine that stands before the Stripe stand-in and refuses some resources, as a narrow key does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests


class RefusingProxy:
    """Answers 403 for `refused` resources and `canned` bodies for others; the rest is asked of the stand-in."""

    def __init__(self, base_url, refused=(), canned=None):
        self.asked, canned = [], canned or {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                resource = urlsplit(self.path).path.removeprefix("/v1/")
                outer.asked.append(resource)
                if resource in refused:
                    message = "The provided key 'rk_test_*' does not have the required permissions for this endpoint."
                    self._say(403, json.dumps({"error": {"type": "invalid_request_error", "message": message}}))
                elif resource in canned:
                    self._say(200, canned[resource])
                else:
                    sent = {"Authorization": self.headers["Authorization"]}
                    answer = requests.get(f"{base_url}/stripe{self.path}", headers=sent, timeout=60)
                    self._say(answer.status_code, answer.text)

            def _say(self, status, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                """Keep the test output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()
