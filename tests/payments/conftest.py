"""The Stripe accounts of both hosts in the running stand-in."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection as database
from django.test.testcases import LiveServerThread

from payments.services import connecting, syncing
from tests.payments.stripe_account import StripeAccount


@pytest.fixture
def now():
    """The present moment: the stand-in's month ends today."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def later(now):
    def after(**delta):
        return now + timedelta(**delta)

    return after


@pytest.fixture(scope="session")
def first_objects(sandbox_process):
    """What both accounts show before any test changed it."""
    return StripeAccount(sandbox_process, "acme").all_rows()


@pytest.fixture
def account(sandbox_process, first_objects) -> StripeAccount:
    """Acme's account in its first state; the whole world is not begun anew for each test."""
    found = StripeAccount(sandbox_process, "acme")
    found.begin_anew(first_objects)
    return found


@pytest.fixture
def globex_account(account, sandbox_process) -> StripeAccount:
    """The account of the other tenant's host, in its first state too."""
    return StripeAccount(sandbox_process, "globex")


@pytest.fixture
def connect(now):
    """Connect an account in the schema that is entered."""

    def run(account, **more):
        keys = account.keys
        given = {"key": keys.restricted_key, "webhook_secret": keys.webhook_secret, "now": now, **more}
        return connecting.connect_with_restricted_key(**given)

    return run


@pytest.fixture
def sync():
    """Read a connection's account as the task does."""

    def run(connection, now, **more):
        connection.refresh_from_db()
        return syncing.sync_connection(connection=connection, api=connecting.api_for(connection), now=now, **more)

    return run


@pytest.fixture
def connection(in_acme, account, connect):
    """Acme's account, connected and not read yet."""
    return connect(account)


@pytest.fixture
def synced(connection, sync, now):
    """Acme's account, read for the first time."""
    sync(connection, now)
    connection.refresh_from_db()
    return connection


@pytest.fixture
def live_acme(committed_acme, account, connect):
    """Payymo as a server that answers on this machine, with acme's account connected; its address."""
    connect(account)
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait(60)
    assert server.error is None
    yield f"http://acme.localhost:{server.port}"
    server.terminate()
    database.ensure_connection()
