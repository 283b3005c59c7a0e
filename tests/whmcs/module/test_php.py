"""The addon module in real PHP: its own tests, and its events all the way into Payymo over HTTP."""

import base64
import json
import os
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections

from matching.core.minted import mint
from matching.models import Proposal
from tests.factories import rows
from tests.matching.test_guard import propose
from tests.whmcs.module.test_events import pair
from whmcs.models import Invoice, ModuleEvent
from whmcs.module.build import build

HERE = Path(__file__).parent / "php"


def test_the_archive_holds_the_module_and_is_the_same_each_time(tmp_path):
    first, second = build(tmp_path / "one"), build(tmp_path / "two")

    names = set(zipfile.ZipFile(first).namelist())
    assert first.name == "payymo-whmcs-1.0.0.zip"
    assert first.read_bytes() == second.read_bytes()
    assert {
        "README.md",
        *(
            f"modules/addons/payymo/{name}"
            for name in ("payymo.php", "hooks.php", "post.php", "whmcs.json", "logo.png")
        ),
    } <= names
    assert {name for name in names if not name.startswith("modules/addons/payymo/")} == {"README.md"}


def php(*command, **environment):
    program = shutil.which(command[0])
    assert program, f"{command[0]} is missing: install php-cli php-sqlite3 php-curl phpunit php-illuminate-database"
    return subprocess.run(
        [program, *command[1:]],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_modules_own_tests_pass():
    done = php(
        "phpunit",
        "--bootstrap",
        str(HERE / "harness.php"),
        "--fail-on-warning",
        "--do-not-cache-result",
        str(HERE),
    )

    assert done.returncode == 0, done.stdout + done.stderr


class _Quiet(WSGIRequestHandler):
    def log_message(self, format, *args):
        pass


class _Server(ThreadedWSGIServer):
    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


@pytest.fixture
def port(committed_acme):
    """Payymo's own application on a port of its own, in threads of this process."""
    server = _Server(("127.0.0.1", 0), _Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(timeout=60)
    server.server_close()


def code_for(instance, owner, port):
    told = {**pair(instance, owner), "url": f"http://acme.localhost:{port}"}
    return "payymo1." + base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def test_what_happens_in_whmcs_arrives_and_waits_to_be_read(port, owner, tmp_path):
    instance = rows.instance()
    rows.invoice("INV-1", "50.00", whmcs_id=501)

    done = php(
        *("php", str(HERE / "tell.php")),
        PAYYMO_TEST_DATABASE=str(tmp_path / "whmcs.sqlite"),
        PAYYMO_TEST_CODE=code_for(instance, owner, port),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {"waiting": 0, "log": []}
    stored = ModuleEvent.objects.order_by("pk").values_list("kind", "client_whmcs_id", "transaction_id")
    assert list(stored) == [("AddTransaction", 7, "typed by hand"), ("InvoicePaid", 0, "")]
    assert Invoice.objects.get().needs_reading
    assert b"hunter2" not in (tmp_path / "whmcs.sqlite").read_bytes()


def test_whmcs_holds_a_client_whose_likely_payment_waits_until_it_is_rejected(port, owner, tmp_path):
    instance = rows.instance()
    client = rows.client(whmcs_id=7)
    invoice = rows.invoice("INV-1", "50.00", of=client, whmcs_id=501)
    proposal = propose(rows.transfer("INV-1", "50.00"), invoice)
    environment = {
        "PAYYMO_TEST_DATABASE": str(tmp_path / "whmcs.sqlite"),
        "PAYYMO_TEST_CODE": code_for(instance, owner, port),
    }

    first = php("php", str(HERE / "hold.php"), **environment)
    Proposal.objects.filter(pk=proposal.pk).update(status=Proposal.Status.REJECTED)
    second = php("php", str(HERE / "hold.php"), **environment)

    assert (first.returncode, second.returncode) == (0, 0), first.stdout + first.stderr + second.stdout
    held, free = json.loads(first.stdout), json.loads(second.stdout)
    assert (held["suspension"], held["matching"], held["held"]) == ({"abortcmd": True}, True, [[7, "review"]])
    assert held["reference"] == mint(instance.pk, 501)
    assert (free["suspension"], free["matching"], free["held"]) == ([], False, [])
