"""Each tenant is brought to the release by itself, is not served until then, and holds nobody up."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants import context, release
from tenants.models import TEMPLATE_SCHEMA, Tenant
from tenants.services import migrating
from tenants.services.provisioning import create_tenant
from tenants.tasks import fan_out
from tests.tenants.catalogue import catalogue
from whmcs.tasks import post_pending

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tenants(committed):
    """Make tenants that are removed afterwards."""
    made = []

    def make(slug):
        made.append(create_tenant(slug=slug, name=slug.title(), domain=f"{slug}.localhost"))
        return made[-1]

    yield make
    context.leave()
    for tenant in made:
        tenant.delete(force_drop=True)


def fall_behind(tenant, *apps):
    """Let the tenant be as an earlier release left it, which did not have these apps, or the last one."""
    for app in apps or ("operations",):
        call_command("migrate_schemas", app, "zero", tenant=True, schema_name=tenant.schema_name, verbosity=0)
    context.leave()
    Tenant.objects.filter(pk=tenant.pk).update(schema_head="earlier", migration_finished_at=None)
    tenant.refresh_from_db()


def break_schema(tenant):
    """Let its next migration meet what is there already."""
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{tenant.schema_name}".django_migrations WHERE app = %s', ["audit"])
    Tenant.objects.filter(pk=tenant.pk).update(schema_head="earlier")


def status(tenant, path="/login/"):
    return Client().get(path, headers={"host": f"{tenant.slug}.localhost"})


def command(process_env, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", "migrate_tenants", *arguments],
        cwd=CHECKOUT, env=process_env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_tenant_that_is_behind_is_answered_503_and_nothing_runs_for_it(tenants, committed_acme, monkeypatch):
    tenant = tenants("behind")
    fall_behind(tenant)
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **_: sent.append(kwargs["tenant_id"]))

    page, api = status(tenant), status(tenant, "/api/v1/auth/me/")

    assert (page.status_code, page["Retry-After"], b"being updated" in page.content) == (503, "60", True)
    assert (api.status_code, api["Retry-After"], api["Content-Type"]) == (503, "60", "application/problem+json")
    assert api.json()["code"] == "tenant_updating"
    context.leave()
    fan_out(task="whmcs.tasks.post_pending")
    assert str(committed_acme.public_id) in sent
    assert str(tenant.public_id) not in sent
    with pytest.raises(context.TenantUnavailable, match="being updated"):
        post_pending(tenant_id=str(tenant.public_id))
    assert status(committed_acme).status_code == 200


def test_one_that_fails_is_reported_and_the_others_go_on(tenants, process_env):
    broken, behind = tenants("broken"), tenants("behind")
    break_schema(broken)
    fall_behind(behind)

    done = command(process_env, "--json")

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["done"], list(told["failed"])) == (["behind"], ["broken"])
    assert "already exists" in told["failed"]["broken"]
    broken.refresh_from_db()
    behind.refresh_from_db()
    assert (behind.schema_head, behind.migration_error) == (release.head(), "")
    assert behind.migration_started_at <= behind.migration_finished_at
    assert (broken.schema_head, broken.migration_finished_at) == ("earlier", None)
    assert "already exists" in broken.migration_error
    assert (status(behind).status_code, status(broken).status_code) == (200, 503)
    assert catalogue(behind.schema_name, grants=False) == catalogue(TEMPLATE_SCHEMA, grants=False)


class _Killed(BaseException):
    """What a kill looks like from inside."""


def _killing_at(statement):
    seen = 0

    def count(execute, sql, params, many, of):
        nonlocal seen
        seen += sql.lstrip().upper().startswith(("ALTER", "CREATE", "DROP", "INSERT", "UPDATE"))
        if seen >= statement:
            raise _Killed
        return execute(sql, params, many, of)

    return count


def die():
    """End the session as the end of its process would: Django believes itself in the migration's transaction."""
    connection.connection.close()
    connection.connection = None
    connection.in_atomic_block, connection.closed_in_transaction, connection.needs_rollback = False, False, False
    connection.savepoint_ids, connection.atomic_blocks, connection.run_on_commit = [], [], []
    context.leave()


def test_a_run_that_is_killed_anywhere_goes_on_with_the_next_and_serves_nothing_between(tenants):
    tenant = tenants("killed")
    fall_behind(tenant, "notices", "operations")
    kills = 0
    for statement in range(1, 200, 3):
        try:
            with connection.execute_wrapper(_killing_at(statement)):
                migrating.migrate_tenant(tenant=tenant)
            break
        except _Killed:
            kills += 1
            die()
            assert status(tenant).status_code == 503

    assert kills >= 3
    assert status(tenant).status_code == 200
    assert catalogue(tenant.schema_name, grants=False) == catalogue(TEMPLATE_SCHEMA, grants=False)


def test_a_lock_that_somebody_holds_is_not_waited_for_longer_than_the_session_allows(tenants):
    tenant = tenants("locked")
    fall_behind(tenant, "matching")
    held, done = threading.Event(), threading.Event()

    def hold():
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(f'LOCK TABLE "{tenant.schema_name}".banking_banktransaction IN ACCESS EXCLUSIVE MODE')
                held.set()
                done.wait()
                cursor.execute("ROLLBACK")
        finally:
            other.close()

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    assert held.wait(60)
    try:
        # Of every session of the product it is five seconds, which test_database_roles holds to.
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            migrating.migrate_tenant(tenant=tenant)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        done.set()
        holder.join()

    # The statement that waited was a deferred one; what is noted of it is committed all the same.
    assert not connection.in_atomic_block
    tenant.refresh_from_db()
    assert "lock timeout" in tenant.migration_error
    assert status(tenant).status_code == 503
    migrating.migrate_tenant(tenant=tenant)
    assert status(tenant).status_code == 200


def test_a_schema_made_before_migrations_were_joined_is_brought_up_to_date_without_a_change(tenants):
    tenant = tenants("earlier")
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{tenant.schema_name}".django_migrations WHERE name = %s', ["0001_whole_schema"])
    Tenant.objects.filter(pk=tenant.pk).update(schema_head="earlier")
    before = catalogue(TEMPLATE_SCHEMA, grants=False)

    assert status(tenant).status_code == 503
    with CaptureQueriesContext(connection) as asked:
        migrating.migrate_tenant(tenant=tenant)

    changes = [sql for sql in asked if sql["sql"].startswith(("ALTER", "CREATE TABLE", "CREATE INDEX", "DROP"))]
    assert (changes, status(tenant).status_code) == ([], 200)
    assert catalogue(tenant.schema_name, grants=False) == before


def test_a_schema_that_ended_amid_joined_migrations_is_told_what_to_do(tenants):
    tenant = tenants("amid")
    with connection.cursor() as cursor:
        noted = f'"{tenant.schema_name}".django_migrations'
        cursor.execute(f"DELETE FROM {noted} WHERE app = 'banking'")
        cursor.execute(f"INSERT INTO {noted} (app, name, applied) VALUES ('banking', '0001_initial', now())")

    with pytest.raises(migrating.BetweenReleases, match=r"banking\.0002_bank_entry_id is missing.*release that began"):
        migrating.migrate_tenant(tenant=tenant)

    tenant.refresh_from_db()
    assert tenant.migration_error.startswith("BetweenReleases: ")
    migrating.check_whole("public")


def test_the_shared_schema_is_looked_at_before_anything_is_touched(db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.django_migrations WHERE app = 'accounts' AND name = '0005_api_keys'")

    with pytest.raises(CommandError, match=r"public ended early \(accounts.0005_api_keys .* No tenant was touched\."):
        call_command("migrate_tenants")


def test_a_schema_of_a_newer_release_is_not_served(tenants):
    tenant = tenants("newer")
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{tenant.schema_name}".django_migrations (app, name, applied) VALUES (%s, %s, now())',
            ["whmcs", "0999_of_tomorrow"],
        )

    with pytest.raises(migrating.NotAtHead, match="newer release"):
        migrating.migrate_tenant(tenant=tenant)


def test_when_all_is_done_there_is_nothing_to_do(committed, process_env):
    done = command(process_env)

    assert (done.returncode, done.stdout) == (0, "Every tenant is up to date.\n")
