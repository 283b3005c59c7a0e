"""A web server that is told to end answers what it has begun and takes nothing new; half a transaction is none."""

import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import requests
from django.db import Error, connection, transaction

from accounts.models import SecurityEvent
from tests.conftest import PATIENT
from tests.journeys.conftest import CHECKOUT, free_port

KEYS = "/.well-known/jwks.json"


def ask(port, path, seconds=60):
    return requests.get(f"http://127.0.0.1:{port}{path}", headers={"Host": "acme.localhost"}, timeout=seconds)


def wait_for(condition, *, seconds=60):
    """Return what the condition gives once it gives something; a refused connection is nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except requests.ConnectionError:
            pass
        select.select([], [], [], 0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def web(process_env, tmp_path):
    """A server of this test alone, since it ends."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "payymo.wsgi", "-b", f"127.0.0.1:{port}", "--threads", "2"]
    with (tmp_path / "web.log").open("wb") as log:
        # One request waits for a lock until the test lets go of it, not until the product's own limit.
        patient = {**process_env, "PAYYMO_TEST_SESSION": PATIENT}
        process = subprocess.Popen(command, cwd=CHECKOUT, env=patient, stdout=log, stderr=log)
        try:
            wait_for(lambda: ask(port, "/health/live").status_code == 200)
            yield process, port
        finally:
            process.kill()
            process.wait(60)


@pytest.fixture
def held(committed):
    """The table of signing keys, locked by somebody else: who reads it waits. Call it to let go."""
    settings = connection.settings_dict
    other = psycopg2.connect(
        dbname=settings["NAME"], user=settings["USER"], password=settings["PASSWORD"], host=settings["HOST"],
        port=settings["PORT"],
    )  # fmt: skip
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE public.accounts_signingkey IN ACCESS EXCLUSIVE MODE")
    yield other.rollback
    other.close()


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.accounts_signingkey'::regclass"
        )
        return cursor.fetchone()[0]


def test_a_request_under_way_is_answered_and_no_new_one_is_taken(web, held):
    process, port = web
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(ask, port, KEYS)
        wait_for(somebody_waits)
        process.send_signal(signal.SIGTERM)
        held()
        answer = under_way.result(60)

    assert answer.status_code == 200
    assert "keys" in answer.json()
    assert process.wait(120) == 0
    with pytest.raises(requests.ConnectionError):
        ask(port, KEYS, seconds=5)


@transaction.atomic
def _write_idle_and_write():
    SecurityEvent.objects.create(kind="left_idle", happened_at="2026-11-20T00:00Z")
    mine, watching = connection.connection.get_backend_pid(), connection.copy()

    def is_ended():
        with watching.cursor() as cursor:
            cursor.execute("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %s", [mine])
            return cursor.fetchone()[0]

    try:
        wait_for(is_ended)
    finally:
        watching.close()
    SecurityEvent.objects.create(kind="left_idle", happened_at="2026-11-20T00:00Z")


def test_a_transaction_that_is_left_idle_ends_and_leaves_nothing(committed):
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '50ms'")

    with pytest.raises(Error):
        _write_idle_and_write()
    connection.close()

    assert not SecurityEvent.objects.filter(kind="left_idle").exists()
