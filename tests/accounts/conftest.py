"""Two ways to reach the product: Django's test client, and real HTTP with a connection per thread."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection
from django.test import Client
from django.utils import timezone

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _probes(settings):
    settings.ROOT_URLCONF = "tests.accounts.urls"


@pytest.fixture(scope="session")
def signing_key_made(django_db_setup, django_db_blocker):
    """One key for all tests: making 3072 bits takes longer than the tests themselves."""
    from accounts.services.signing_keys import signing_key

    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        signing_key(now=timezone.now())


class Api:
    """One tenant's API by Django's test client."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.client = Client()

    def post(self, path: str, body: Any, *, token: str = "", **headers: str) -> Any:
        return self.client.post(
            f"/api/v1/{path}", body, content_type="application/json", headers=self._headers(token, headers)
        )

    def get(self, path: str, *, token: str = "", **headers: str) -> Any:
        return self.client.get(f"/api/v1/{path}", headers=self._headers(token, headers))

    def _headers(self, token: str, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"host": self.host, **({"authorization": f"Bearer {token}"} if token else {}), **named}

    def sign_in(self, email: str, password: str = PASSWORD) -> dict[str, Any]:
        answer = self.post("auth/token/", {"email": email, "password": password})
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.fixture
def acme_api(acme, signing_key_made):
    return Api("acme.localhost")


@pytest.fixture
def globex_api(globex, signing_key_made):
    return Api("globex.localhost")


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: pytest shows what fails."""


class Server:
    """The application behind a real socket; every request has its own thread and database connection."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def post(self, path: str, body: Any, *, host: str = "acme.localhost", **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(
            f"{self.base}{path}", json=body, headers={"Host": host, "Connection": "close", **named}, timeout=60
        )

    def at_once(self, number: int, call: Callable[[int], requests.Response]) -> list[requests.Response]:
        """Make `number` calls that all start at the same moment."""
        ready = threading.Barrier(number)

        def go(place: int) -> requests.Response:
            ready.wait(120)
            return call(place)

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(go, range(number)))


@pytest.fixture
def server(committed, signing_key_made, _probes) -> Iterator[Server]:
    from django.core.wsgi import get_wsgi_application

    class Http(ThreadedWSGIServer):
        request_queue_size = 64
        daemon_threads = False

    http = Http(("127.0.0.1", 0), _QuietHandler)
    http.set_app(get_wsgi_application())
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Server(http.server_port)
    finally:
        http.shutdown()
        http.server_close()
        thread.join(120)
        _forget_answers()


def _forget_answers() -> None:
    from accounts.models import IdempotencyRecord

    IdempotencyRecord.objects.all().delete()


@pytest.fixture
def newcomers(committed) -> Iterator[None]:
    """Take away whoever became a user during the test."""
    from accounts.models import User
    from tenants import context
    from tenants.models import Tenant

    known = list(User.objects.values_list("pk", flat=True))
    yield
    # Inside a tenant, where the grants to people live that go with them.
    with context.inside(Tenant.objects.get(slug="acme")):
        User.objects.exclude(pk__in=known).delete()
