"""The process: keeps its state through a kill, says clearly why it cannot start."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from payymo.sandbox.process import SandboxDidNotStart, start
from tests.sandbox.clients import UNTIL, sign_in, site_of

ROOT = Path(__file__).resolve().parents[2]


def test_state_survives_a_kill(tmp_path):
    first = start(tmp_path, None, "--until", UNTIL)
    try:
        site = site_of(first, "acme")
        invoice = site.new_invoice("10.00")
        site.client.call("AddInvoicePayment", invoiceid=invoice, transid="kept", gateway="banktransfer", amount="10.00")
        token = sign_in(first, "acme").client.token
        first.kill()
        second = start(tmp_path, None, "--until", "2030-01-01")
    finally:
        first.stop()
    try:
        again = site_of(second, "acme")
        header = {"Authorization": f"Bearer {token}"}
        institutions = requests.get(
            f"{second.base_url}/gocardless/api/v2/institutions/", headers=header, timeout=60
        ).status_code

        assert again.rows(invoice) == [("kept", 1000)]
        assert second.control("GET", "/health")["until"] == UNTIL
        assert institutions == 200
    finally:
        second.stop()


def test_reset_begins_anew(sandbox):
    site = site_of(sandbox, "acme")
    before = site.book()
    site.new_invoice("10.00")

    sandbox.control("POST", "/reset")

    assert site.book() == before


def test_taken_port_is_said_in_one_line(sandbox, tmp_path):
    command = [sys.executable, "-m", "payymo.sandbox", "--home", str(tmp_path), "--port", str(sandbox.port)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)

    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("The sandbox cannot start: ")


def test_process_that_cannot_start_says_why(tmp_path):
    (tmp_path / "sandbox.sqlite3").mkdir()

    with pytest.raises(SandboxDidNotStart, match="unable to open database file"):
        start(tmp_path, None)


def test_only_loopback_is_listened_on(sandbox):
    # The whole of 127/8 reaches this machine: a server on every address would answer here as well.
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.2:{sandbox.port}/_control/health", timeout=60)


def test_control_names_an_unknown_host(sandbox):
    answer = requests.get(f"{sandbox.base_url}/_control/book/initech", timeout=60)

    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "There is no host 'initech'; known are acme, globex.",
    )


def test_the_state_can_be_imported_before_everything_else():
    subprocess.run([sys.executable, "-c", "import payymo.sandbox.store"], check=True, timeout=120)
