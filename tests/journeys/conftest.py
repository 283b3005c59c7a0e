"""A served product: real WSGI server on the test database, with the provider stand-ins behind it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import PATIENT

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST_WAIT_MS = 60_000


@dataclass(frozen=True, slots=True)
class Served:
    """Where the product answers, and how to run its commands beside it."""

    port: int
    environment: dict[str, str]

    def url(self, path: str, host: str = "acme") -> str:
        return f"http://{host}.localhost:{self.port}{path}"

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def server(process_settings, sandbox_process, tmp_path_factory):
    """The product behind a real WSGI server, once for all journeys: what it keeps in memory is no tenant's."""
    port = free_port()
    environment = {
        **process_settings, "PAYYMO_PUBLIC_PORT": str(port), "PAYYMO_SANDBOX_URL": sandbox_process.base_url,
        "PAYYMO_TEST_SESSION": PATIENT,
    }  # fmt: skip
    output = tmp_path_factory.mktemp("server") / "web.log"
    command = [
        sys.executable, "-m", "gunicorn", "payymo.wsgi", "-b", f"127.0.0.1:{port}", "--threads", "4",
        "--limit-request-line", "8190",
    ]  # fmt: skip
    with output.open("wb") as log:
        web = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline:
                try:
                    request = urllib.request.Request(
                        f"http://127.0.0.1:{port}/health/live", headers={"Host": "acme.localhost"}
                    )
                    with urllib.request.urlopen(request, timeout=60):
                        break
                except OSError:
                    assert web.poll() is None, output.read_text()
                    select_wait()
            yield Served(port, environment)
        finally:
            web.terminate()
            web.wait(timeout=60)


@pytest.fixture
def served(server, sandbox, committed):
    """The served product on tenants that hold nothing yet, and stand-ins in their first state that send back to it."""
    sandbox.control("POST", "/served", {"port": server.port})
    return server


def select_wait() -> None:
    """Give the starting server a moment."""
    import select

    select.select([], [], [], 0.1)


@pytest.fixture
def connected(served, sandbox, committed_acme, owner):
    """Acme connected to its WHMCS, with three open invoices of it mirrored and a payment for each."""
    from matching.services import proposing
    from payymo.sandbox import world
    from tenants.models import Tenant
    from tests.factories import rows
    from whmcs.services import connection

    now = datetime.now(UTC)
    keys = world.WHMCS["acme"]
    instance = connection.connect_instance(
        name="Billing",
        base_url=f"{sandbox.base_url}/whmcs/acme",
        identifier=keys.identifier,
        secret=keys.secret,
        now=now,
    )
    # Longer than any machine takes to take something back; who wants it posted ends the time by hand.
    Tenant.objects.filter(pk=committed_acme.pk).update(undo_seconds=600)
    account = rows.account()
    api = connection.api_for(instance)
    book = sandbox.control("GET", "/book/acme")["invoices"]
    unpaid = [int(key) for key, each in book.items() if each["status"] == "Unpaid" and each["balance"] > 2000]
    invoices = []
    for whmcs_id in sorted(unpaid)[-3:]:
        remote = api.invoice(whmcs_id)
        payer = rows.client(f"Payer {whmcs_id}", instance=instance, whmcs_id=remote.client_whmcs_id)
        invoices.append(rows.invoice(remote.number, remote.balance, of=payer, whmcs_id=whmcs_id, total=remote.total))
        rows.transfer(
            f"Rechnung {remote.number}", remote.balance, into=account, name=payer.company_name, booking_date=now.date()
        )
    proposing.propose(receipts=proposing.waiting(), now=now)
    return invoices


@pytest.fixture(scope="module")
def chromium():
    """Headless Chromium, found on PATH or named by the test command; a missing one is a failure, not a skip."""
    from playwright.sync_api import expect, sync_playwright

    # Upper bounds for a busy machine; a state that comes is not waited for any longer than until it is there.
    expect.set_options(timeout=LONGEST_WAIT_MS)
    path = os.environ.get("PAYYMO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    arguments.append("--host-resolver-rules=MAP *.localhost 127.0.0.1")
    # Playwright runs an event loop in this thread, which Django would take for an async view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browser(chromium, served):
    """The same for one test: no page of it is left to ask for anything while the tenants are emptied."""
    yield chromium
    for context in list(chromium.contexts):
        context.close()


def new_page(browser, **options):
    """Open a page with cookies of its own on a wide screen."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}, **options).new_page()
    page.set_default_timeout(LONGEST_WAIT_MS)
    return page
