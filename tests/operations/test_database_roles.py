"""The role of web and workers reads and writes rows, and can neither change a schema nor rewrite a log."""

import contextlib
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from payymo.audit.services import proving, recording
from tenants import context, startup
from tenants.models import AuditAnchor, Tenant
from tenants.services import roles
from tenants.services.provisioning import create_tenant

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def as_app(process_env):
    """Run statements as the restricted role does, in a schema."""

    def run(statement, schema="public"):
        with contextlib.closing(psycopg2.connect(process_env["DATABASE_URL"])) as session, session.cursor() as cursor:
            session.autocommit = True
            cursor.execute(f'SET search_path = "{schema}", public')
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None

    return run


def test_the_processes_of_the_tests_work_as_the_restricted_role(as_app):
    assert as_app("SELECT current_user") == [(settings.APP_ROLE,)]
    assert connection.settings_dict["USER"] != settings.APP_ROLE


REFUSED = [
    "CREATE TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "ALTER TABLE whmcs_posting ADD COLUMN mine int",
    "ALTER TABLE audit_auditentry DISABLE TRIGGER USER",
    "DROP TABLE whmcs_posting",
    "TRUNCATE whmcs_posting",
    "UPDATE audit_auditentry SET action = 'x'",
    "DELETE FROM audit_auditentry",
    "DELETE FROM audit_auditlink",
    "INSERT INTO audit_auditlink (number, entry_id, previous_hash, entry_hash) VALUES (9, 1, '', '')",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
    "DELETE FROM tenants_tenant",
    "INSERT INTO tenants_domain (domain, is_primary, tenant_id) VALUES ('evil.example', true, 1)",
    "UPDATE tenants_domain SET tenant_id = 1",
    "UPDATE tenants_auditanchor SET number = 1",
    "DELETE FROM tenants_auditanchor",
    "UPDATE accounts_securityevent SET kind = 'x'",
    "SELECT * FROM payymo_tenant_template.whmcs_posting",
    "CREATE ROLE mine",
    "COPY whmcs_posting TO PROGRAM 'true'",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_what_it_must_not_do_is_refused_by_the_database(as_app, committed_acme, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_app(statement, committed_acme.schema_name)


def test_it_writes_the_log_and_the_chain_holds(as_app, committed_acme):
    recording.record(action="import.committed")
    as_app(
        "INSERT INTO audit_auditentry (public_id, action, actor_kind, object_type, request_id, details)"
        " VALUES (gen_random_uuid(), 'import.committed', 'system', '', '', '{}')",
        committed_acme.schema_name,
    )

    verdict = proving.verify()
    assert (verdict.checked, verdict.is_whole) == (2, True)


def test_counters_and_rows_of_a_new_tenant_are_usable_at_once(as_app, committed):
    tenant = create_tenant(slug="fresh", name="Fresh", domain="fresh.localhost")
    try:
        assert as_app("SELECT count(*) FROM whmcs_posting", tenant.schema_name) == [(0,)]
        assert as_app(
            "SELECT nextval(pg_get_serial_sequence('banking_banktransaction', 'id'))", tenant.schema_name
        ) == [(1,)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            as_app("DROP TABLE whmcs_posting", tenant.schema_name)
    finally:
        context.leave()
        tenant.delete(force_drop=True)


def test_granting_again_takes_what_is_too_much(as_app, committed_acme):
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON audit_auditentry TO {settings.APP_ROLE}")
    as_app("DELETE FROM audit_auditentry WHERE false", committed_acme.schema_name)

    assert roles.grant_all() == Tenant.objects.count() + 1

    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_app("DELETE FROM audit_auditentry WHERE false", committed_acme.schema_name)
    assert AuditAnchor.objects.count() == 0


def python(process_env, code, **more):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env={**process_env, **more},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


SHOW = """
from django.db import connection
with connection.cursor() as cursor:
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SHOW {name}")
        print(cursor.fetchone()[0], end=" ")
"""


@pytest.mark.parametrize(
    ("start", "limits"),
    [
        ("import payymo.wsgi", "15s 5s 30s"),
        ("import django; django.setup()", "2min 5s 30s"),
    ],
    ids=["web", "worker"],
)
def test_web_and_workers_have_the_limits_of_their_kind(process_env, start, limits):
    assert python(process_env, f"{start}\n{SHOW}") == limits


def test_a_statement_over_the_limit_is_cancelled(process_env):
    code = (
        "import django; django.setup()\nfrom django.db import connection\n"
        "connection.cursor().execute('SELECT pg_sleep(20)')"
    )

    assert "canceling statement due to statement timeout" in python(
        process_env, code, PAYYMO_STATEMENT_TIMEOUT_MS="200"
    )


def test_web_and_worker_start_as_the_restricted_role_without_complaint(process_env):
    code = "import payymo.wsgi\nfrom tenants import startup\nprint(startup.role_problems())"

    assert python(process_env, code) == "[]"
    assert startup.role_problems() != []
