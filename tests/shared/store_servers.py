"""What Vault and AWS Secrets Manager answer over HTTP, with state and faults: only what a reader of secrets meets.

Sources: developer.hashicorp.com/vault/api-docs (secret/kv/kv-v2, auth/approle, auth/token, system health codes) and
docs.aws.amazon.com/secretsmanager/latest/apireference (GetSecretValue, common errors).
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class VaultState:
    """One entry, its tokens with the seconds they have left, and what is wrong with the server."""

    entry: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    sealed: bool = False
    policy_denies: bool = False
    garbage: bool = False
    redirect_to: str = ""
    role: tuple[str, str] = ("role", "role-secret")
    lease: int = 3600
    tokens: set[str] = field(default_factory=set)
    renewable: bool = True
    calls: list[str] = field(default_factory=list)

    def new_token(self) -> str:
        """Sign somebody in."""
        token = f"hvs.{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        return token


@dataclass
class AwsState:
    """The versions of one secret, and the error that every call gets."""

    text: str = "{}"
    error: tuple[int, str] | None = None
    calls: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    state: object

    def log_message(self, *args: object) -> None:
        """Stay silent."""

    def body(self) -> dict[str, object]:
        """Read the request's JSON."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return json.loads(raw or b"{}")

    def answer(self, status: int, value: object, **headers: str) -> None:
        """Send JSON."""
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)


class _Vault(_Handler):
    state: VaultState

    def do_GET(self) -> None:
        """Read the entry."""
        self._serve(self._entry if self.path == "/v1/secret/data/payymo" else self._nothing)

    def do_POST(self) -> None:
        """Sign in or renew."""
        routes = {"/v1/auth/approle/login": self._login, "/v1/auth/token/renew-self": self._renew}
        self._serve(routes.get(self.path, self._nothing))

    do_PUT = do_POST

    def _serve(self, act) -> None:
        self.state.calls.append(self.path.rpartition("/")[2])
        if self.state.redirect_to:
            self.answer(307, {}, Location=self.state.redirect_to)
        elif self.state.sealed:
            self.answer(503, {"errors": ["Vault is sealed"]})
        elif self.state.garbage:
            self.answer(200, ["a proxy", "says hello"])
        else:
            act()

    def _nothing(self) -> None:
        self.answer(404, {"errors": []})

    def _entry(self) -> None:
        if self.headers.get("X-Vault-Token") not in self.state.tokens or self.state.policy_denies:
            self.answer(403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]})
        elif self.state.deleted:
            times = {"created_time": "2026-11-01T00:00:00Z", "deletion_time": "2026-11-02T00:00:00Z"}
            self.answer(404, {"data": {"data": None, "metadata": {**times, "destroyed": False, "version": 2}}})
        else:
            metadata = {"created_time": "2026-11-01T00:00:00Z", "deletion_time": "", "destroyed": False, "version": 1}
            self.answer(200, {"data": {"data": self.state.entry, "metadata": metadata}, "lease_duration": 0})

    def _login(self) -> None:
        asked = self.body()
        if (asked.get("role_id"), asked.get("secret_id")) != self.state.role:
            self.answer(400, {"errors": ["invalid role or secret ID"]})
            return
        self._signed_in(self.state.new_token())

    def _renew(self) -> None:
        token = self.headers.get("X-Vault-Token", "")
        if token not in self.state.tokens or not self.state.renewable:
            self.answer(403, {"errors": ["permission denied"]})
            return
        self._signed_in(token)

    def _signed_in(self, token: str) -> None:
        self.answer(200, {"auth": {"client_token": token, "lease_duration": self.state.lease, "renewable": True}})


class _Aws(_Handler):
    state: AwsState

    def do_POST(self) -> None:
        """Answer GetSecretValue."""
        self.state.calls.append(self.headers.get("X-Amz-Target", ""))
        asked = self.body()
        json_11 = {"Content-Type": "application/x-amz-json-1.1"}
        if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=AKIATEST/"):
            self.answer(400, {"__type": "UnrecognizedClientException", "message": "invalid token"}, **json_11)
        elif self.state.error:
            self.answer(self.state.error[0], {"__type": self.state.error[1], "Message": "no"}, **json_11)
        elif asked != {"SecretId": "payymo"}:
            self.answer(400, {"__type": "ResourceNotFoundException", "Message": "not found"}, **json_11)
        else:
            answer = {"Name": "payymo", "SecretString": self.state.text, "VersionStages": ["AWSCURRENT"]}
            self.answer(200, answer, **json_11)


@contextmanager
def _serving(kind: type[_Handler], state: object) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (kind,), {"state": state}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


def vault(state: VaultState):
    """Serve Vault."""
    return _serving(_Vault, state)


def aws(state: AwsState):
    """Serve AWS Secrets Manager."""
    return _serving(_Aws, state)
