"""Two tenants on a real PostgreSQL, their people, and the provider stand-ins.

`in_acme` wraps a test in a transaction inside acme's schema. `committed` does not: rows are really committed, so that
threads and other processes see them, and every tenant table is emptied afterwards.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings

from tests import database

# A busy machine is no fault of the code: neither a deadline nor the speed of generation fails a test.
settings.register_profile("payymo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("payymo")

PASSWORD = database.PASSWORD
_SHARED_LEFTOVERS = (
    "accounts_refreshtoken", "accounts_session", "accounts_securityevent", "accounts_attemptcounter",
    "accounts_idempotencyrecord", "accounts_invitation", "accounts_passwordreset", "accounts_outgoingmail",
    "accounts_passkeychallenge", "accounts_apikey",
    "tenants_provideraccount", "tenants_heartbeat", "tenants_job", "tenants_parkedjob", "tenants_tenantfigure",
    "tenants_auditanchor", "tenants_breaker", "tenants_erasure", "django_session",
)  # fmt: skip


# Few tests and long ones: they start real servers, workers and browsers.
_LONG = (
    "/tests/journeys/",
    "/tests/dashboard/whole/",
    "/tests/dashboard/appearance/test_gates.py",
    "/tests/tenants/test_workers",
    "/tests/whmcs/test_posting_chaos",
    "/tests/operations/",
)


def pytest_collection_modifyitems(items):
    """Let the long files begin, so that no core waits for one of them in the end.

    Spread among the short ones they took half a minute more of ten.
    """
    items.sort(key=lambda item: not any(part in item.path.as_posix() for part in _LONG))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Where workers are about to start, make their database while they collect."""
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        folder = Path(tempfile.mkdtemp(prefix="payymo-tests-"))
        session.config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        making = database.start(folder)
        session.config.add_cleanup(making.wait)
        session.config.add_cleanup(making.kill)


# What the product's processes hold to; here, a thread that gets no turn for that long would fail its test.
PATIENT = "-c lock_timeout=120000 -c idle_in_transaction_session_timeout=0"


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """Create the database and the tenants once; tests roll back or empty what they add.

    Not pytest-django's own fixture: that one makes no database when every chosen test commits for real.
    """
    connection.settings_dict["OPTIONS"]["options"] = PATIENT
    own = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        if worker := os.environ.get("PYTEST_XDIST_WORKER"):
            database.copy(worker)
        else:
            database.make()
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.creation.destroy_test_db(own, verbosity=0)


def _tenant(slug):
    from tenants.models import Tenant

    return Tenant.objects.get(slug=slug)


@pytest.fixture
def acme(db):
    return _tenant("acme")


@pytest.fixture
def globex(db):
    return _tenant("globex")


@pytest.fixture
def in_acme(acme):
    from tenants import context

    with context.inside(acme):
        yield acme


def _empty_tenants():
    """Empty the tables in which something was committed: truncating all of them takes far longer."""
    from django.apps import apps
    from django.conf import settings

    from tenants.models import Tenant

    tables = [
        model._meta.db_table
        for app in settings.TENANT_APPS
        for model in apps.get_app_config(app.rpartition(".")[2]).get_models(include_auto_created=True)
    ]
    connection.set_schema_to_public()
    schemas = Tenant.objects.values_list("schema_name", flat=True)
    everything = [f'public."{table}"' for table in _SHARED_LEFTOVERS]
    everything += [f'"{schema}"."{table}"' for schema in schemas for table in tables]
    held = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in everything)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(held)
        found = [table for (table,) in cursor.fetchall()]
        # The audit log refuses even this, as it should.
        kept = [table for table in found if '."audit_' in table]
        for table in kept:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        if found:
            cursor.execute(f"TRUNCATE {', '.join(found)} RESTART IDENTITY CASCADE")
        for table in kept:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        Tenant.objects.update(
            state=Tenant.State.ACTIVE, time_zone="UTC", language="en", undo_seconds=30, unmatched_days=180,
            bookkeeping_years=10, support_access_until=None, posting_paused_at=None,
        )  # fmt: skip


@pytest.fixture
def committed(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Real commits, visible to threads and processes; both tenants are emptied afterwards."""
    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        try:
            yield
        finally:
            _empty_tenants()
            connection.close()


@pytest.fixture
def committed_acme(committed):
    """Acme's schema, entered, with real commits."""
    from tenants import context

    with context.inside(_tenant("acme")) as tenant:
        yield tenant


@pytest.fixture
def committed_globex(committed):
    return _tenant("globex")


def _user(email):
    from accounts.models import User

    return User.objects.get(email=email)


@pytest.fixture
def owner(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return _user("owner@acme.example")


@pytest.fixture
def reviewer(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return _user("reviewer@acme.example")


@pytest.fixture
def viewer(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return _user("viewer@acme.example")


@pytest.fixture
def stranger(django_db_setup, django_db_blocker):
    """A reviewer of another tenant."""
    with django_db_blocker.unblock():
        return _user("reviewer@globex.example")


@pytest.fixture
def public_names(monkeypatch):
    """Every name is that of a public address, as far as addresses are looked up to be checked."""
    real = socket.getaddrinfo

    def look_up(host, port, *more, **named):
        if host in ("127.0.0.1", "localhost"):
            return real(host, port, *more, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("93.184.215.14", port))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory):
    """The provider stand-ins as a real process, and the settings that lead to them."""
    from django.test import override_settings

    from payymo.sandbox.process import start

    port = _free_port()
    process = start(tmp_path_factory.mktemp("sandbox"), port)
    base = f"http://127.0.0.1:{port}"
    addresses = override_settings(
        LOOPBACK_EXCEPTION=f"127.0.0.1:{port}",
        GOCARDLESS_URL=f"{base}/gocardless/api/v2/",
        ENABLE_BANKING_URL=f"{base}/enable-banking",
        GOCARDLESS_PAYMENTS_URL=base,
        GOCARDLESS_PAYMENTS_SANDBOX_URL=base,
        STRIPE_URL=f"{base}/stripe",
        STRIPE_CONNECT_URL=f"{base}/stripe",
    )
    addresses.enable()
    yield process
    addresses.disable()
    process.stop()


@pytest.fixture
def sandbox(sandbox_process):
    """The stand-ins in their first state, without faults."""
    import requests

    requests.post(f"{sandbox_process.base_url}/_control/reset", timeout=120).raise_for_status()
    return sandbox_process


@pytest.fixture(scope="session")
def process_settings(django_db_setup, sandbox_process) -> dict[str, str]:
    """The environment in which a real process works on the test database and asks the stand-ins."""
    from django.conf import settings

    def here(name: str) -> dict[str, str]:
        if name not in os.environ:
            return {}
        parts = urlsplit(os.environ[name])
        return {name: urlunsplit((*parts[:2], f"/{connection.settings_dict['NAME']}", *parts[3:]))}

    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "payymo.settings_test",
        **here("DATABASE_URL"),
        **here("PAYYMO_OWNER_DATABASE_URL"),
        # As in production: the restricted role, except for the commands of the owner.
        "PAYYMO_AS_OWNER": "0",
        "PAYYMO_LOOPBACK_EXCEPTION": settings.LOOPBACK_EXCEPTION,
        "PAYYMO_GOCARDLESS_URL": settings.GOCARDLESS_URL,
        "PAYYMO_ENABLE_BANKING_URL": settings.ENABLE_BANKING_URL,
        "PAYYMO_GOCARDLESS_PAYMENTS_SANDBOX_URL": settings.GOCARDLESS_PAYMENTS_SANDBOX_URL,
        "PAYYMO_STRIPE_URL": settings.STRIPE_URL,
        "PAYYMO_STRIPE_CONNECT_URL": settings.STRIPE_CONNECT_URL,
    }


@pytest.fixture
def process_env(committed, process_settings) -> dict[str, str]:
    """The same for a test whose rows are really committed, so that the process sees them."""
    return process_settings
