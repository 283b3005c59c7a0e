"""A tenant is stopped and exported, can be kept for a while, and is then destroyed whole, whenever a run is killed."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_tenants.utils import schema_exists

from accounts.models import Membership, Role, SecurityEvent, User
from accounts.services import onboarding
from payymo.audit.acting import Acting
from payymo.audit.models import AuditEntry
from payymo.operations.services import deletion, exporting, lifecycle
from payymo.shared.crypto import UnreadableSecret
from tenants import context, sealing
from tenants.models import Domain, ProviderAccount, Tenant, TenantDeletion, TenantKey
from tenants.services.provisioning import create_tenant
from tests.factories import rows

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=31)
OPERATOR = Acting("operator")
HOST = "leaver.localhost"


@pytest.fixture
def leaver(committed):
    """A third tenant with a payment, an owner of its own and one whom acme knows too."""
    tenant = create_tenant(slug="leaver", name="Leaver Ltd", domain=HOST)
    onboarding.add_member(tenant=tenant, email="only@leaver.example", role="owner", name="Only Here")
    onboarding.add_member(tenant=tenant, email="reviewer@acme.example", role="reviewer")
    with context.inside(tenant):
        rows.transfer("INV-1", "5.00")
    ProviderAccount.objects.create(tenant=tenant, provider="stripe", external_id="acct_leaver", livemode=False)
    SecurityEvent.objects.create(tenant=tenant, kind="signed_in", happened_at=NOW)
    yield tenant
    context.leave()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema_name}" CASCADE')
    TenantDeletion.objects.all().delete()
    Membership.objects.filter(tenant=tenant).delete()
    Tenant.objects.filter(pk=tenant.pk).delete()
    # Django would look for what points to them in every tenant's tables at once.
    strangers = User.objects.filter(email__in=["only@leaver.example"]) | User.objects.filter(email__endswith=".invalid")
    strangers._raw_delete("default")


def begin(tmp_path, name="leaver.zip", **more):
    more = {"grace": timedelta(days=30), **more}
    return deletion.begin(slug="leaver", archive=tmp_path / name, by=OPERATOR, now=NOW, **more)


def status(host=HOST):
    return Client().get("/login/", headers={"host": host}).status_code


def test_the_first_step_stops_everything_exports_and_destroys_nothing(leaver, tmp_path):
    begun = begin(tmp_path)

    assert begun.due_at == NOW + timedelta(days=30)
    assert exporting.check_archive(tmp_path / "leaver.zip") == begun.export_rows > 0
    assert (status(), status("acme.localhost")) == (503, 200)
    with pytest.raises(context.TenantUnavailable), context.inside_id(leaver.public_id):
        pass
    leaver.refresh_from_db()
    with context.inside(leaver, deleting_too=True):
        assert AuditEntry.objects.filter(action="tenant.deletion_began").count() == 1
        assert sealing.data_key()


def test_until_the_days_are_over_it_is_not_destroyed_and_can_be_kept(leaver, tmp_path):
    begun = begin(tmp_path)

    with pytest.raises(deletion.NotDueYet, match="can still be kept until 2026-12-20"):
        deletion.finish(deletion=begun, now=NOW + timedelta(days=29))
    assert deletion.due(now=NOW + timedelta(days=29)) == []
    assert deletion.undo(slug="leaver", by=OPERATOR, now=NOW).state == "suspended"
    lifecycle.resume_tenant(slug="leaver", by=OPERATOR)

    assert status() == 200
    with pytest.raises(lifecycle.WrongState):
        deletion.open_deletion(slug="leaver")


def test_a_deletion_that_was_undone_destroys_nothing_later(leaver, tmp_path):
    begun = begin(tmp_path)
    deletion.undo(slug="leaver", by=OPERATOR, now=NOW)

    with pytest.raises(lifecycle.WrongState, match="undone"):
        deletion.finish(deletion=begun, now=LATER)

    assert TenantKey.objects.filter(tenant=leaver).exists()
    assert schema_exists(leaver.schema_name)


def test_without_an_archive_nothing_is_destroyed(leaver, tmp_path):
    (tmp_path / "leaver.zip").write_text("taken")
    with pytest.raises(exporting.UnusableFile):
        begin(tmp_path)

    assert status() == 503
    assert deletion.due(now=LATER) == []
    with pytest.raises(deletion.NotDueYet, match="exported"):
        deletion.finish(deletion=deletion.open_deletion(slug="leaver"), now=LATER)

    again = begin(tmp_path, "second.zip")
    assert (again.due_at, TenantDeletion.objects.count()) == (NOW + timedelta(days=30), 1)


def _gone(leaver):
    assert not schema_exists(leaver.schema_name)
    assert not TenantKey.objects.filter(tenant_id=leaver.pk).exists()
    assert not Tenant.objects.filter(pk=leaver.pk).exists()
    for model in (Domain, ProviderAccount, SecurityEvent, Membership, Role):
        assert not model.objects.filter(tenant_id=leaver.pk).exists()


def test_in_the_end_key_schema_hosts_and_rows_are_gone_and_others_untouched(leaver, tmp_path, committed_globex):
    others = Membership.objects.exclude(tenant=leaver).count()

    deletion.finish(deletion=begin(tmp_path), now=LATER)

    _gone(leaver)
    assert (status(), status("globex.localhost")) == (404, 200)
    assert Membership.objects.count() == others
    record = TenantDeletion.objects.get()
    assert record.finished_at == LATER
    assert len(record.export_sha256) == 64
    create_tenant(slug="leaver", name="Another", domain=HOST).delete(force_drop=True)


def test_whoever_belongs_nowhere_else_is_forgotten_and_the_others_stay(leaver, tmp_path):
    only = User.objects.get(email="only@leaver.example")

    deletion.finish(deletion=begin(tmp_path), now=LATER)

    only.refresh_from_db()
    assert (only.name, only.is_active, only.email.endswith("@removed.invalid")) == ("", False, True)
    reviewer = User.objects.get(email="reviewer@acme.example")
    assert (reviewer.is_active, reviewer.memberships.count()) == (True, 1)


def test_a_sealed_value_of_a_dump_opens_no_more_once_the_key_is_gone(leaver, tmp_path):
    with context.inside(leaver):
        row = rows.account()
        row.iban_sealed = sealing.seal(row, "iban_sealed", "DE89370400440532013000")
    begun = begin(tmp_path)

    deletion.finish(deletion=begun, now=LATER)

    context.enter_for_request(leaver)
    with pytest.raises(UnreadableSecret):
        sealing.unseal(row, "iban_sealed")
    context.leave()


class _Killed(BaseException):
    """What a kill looks like from inside."""


def _killing_at(statement):
    seen = 0

    def count(execute, sql, params, many, of):
        nonlocal seen
        seen += 1
        if seen == statement:
            raise _Killed
        return execute(sql, params, many, of)

    return count


def test_a_run_that_is_killed_at_any_statement_goes_on_with_the_next_run(leaver, tmp_path):
    begun = begin(tmp_path)
    statement, kills = 0, 0
    while True:
        statement += 1
        try:
            with connection.execute_wrapper(_killing_at(statement)):
                deletion.finish(deletion=begun, now=LATER)
            break
        except _Killed:
            kills += 1
            key, schema = TenantKey.objects.filter(tenant_id=leaver.pk).exists(), schema_exists(leaver.schema_name)
            begun.refresh_from_db()
            assert (key, schema) == (begun.key_destroyed_at is None, begun.schema_dropped_at is None)
            assert not (key and not schema)
            assert status() in (503, 404)

    _gone(leaver)
    assert kills > 20
    begun.refresh_from_db()
    assert begun.finished_at == LATER


def test_finishing_twice_changes_nothing(leaver, tmp_path):
    done = deletion.finish(deletion=begin(tmp_path), now=LATER)

    assert deletion.finish(deletion=done, now=LATER + timedelta(days=1)).finished_at == LATER


def test_the_command_asks_for_the_name_twice_and_does_each_step(leaver, tmp_path):
    def run(**options):
        out = StringIO()
        call_command("delete_tenant", stdout=out, **options)
        return out.getvalue()

    for confirm in ("", "acme"):
        with pytest.raises(CommandError, match="Name the tenant twice") as refused:
            run(tenant="leaver", confirm=confirm, export=tmp_path / "x.zip")
        assert refused.value.returncode == 2
    assert status() == 200

    twice = {"tenant": "leaver", "confirm": "leaver"}
    assert "rows exported" in run(**twice, export=tmp_path / "x.zip", grace_days=30)
    with pytest.raises(CommandError, match="still be kept"):
        run(**twice, finish=True)
    assert "suspended" in run(**twice, undo=True)
    run(**twice, export=tmp_path / "y.zip", grace_days=0)
    assert json.loads(run(all_due=True, json=True)) == [{"tenant": "leaver", "is": "destroyed"}]
    _gone(leaver)
