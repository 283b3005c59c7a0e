"""The platform's own log: chained, append-only, and verified with the tenants' logs."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from payymo.audit.acting import Acting
from payymo.audit.models import AuditEntry
from payymo.audit.services import proving
from payymo.audit.services.recording import record, record_platform
from payymo.operations.services import lifecycle
from tenants import context
from tenants.models import PlatformAnchor, PlatformEntry, PlatformLink

OPERATOR = Acting("operator")


def verify(*arguments):
    out = io.StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def log(committed):
    """The log with one more entry, in its chain."""
    record_platform(action="keys.rotated", by=OPERATOR, details={"moved": 3})
    return PlatformLink.objects.order_by("-number")


@pytest.fixture
def unlocked(log):
    """Let a test do what only somebody with the database's own rights can, and put all of it back."""
    tables = ("tenants_platformentry", "tenants_platformlink")

    def locked(word):
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} {word} TRIGGER USER")

    before_links, before_entries = list(PlatformLink.objects.all()), list(PlatformEntry.objects.all())
    locked("DISABLE")
    yield
    locked("DISABLE")
    PlatformAnchor.objects.all().delete()
    PlatformLink.objects.all().delete()
    PlatformEntry.objects.all().delete()
    PlatformEntry.objects.bulk_create(before_entries)
    PlatformLink.objects.bulk_create(before_links)
    locked("ENABLE")


def test_what_is_done_to_a_tenant_is_in_its_log_and_in_the_platforms(committed_acme):
    before = PlatformEntry.objects.count()
    lifecycle.suspend_tenant(slug="acme", by=OPERATOR)
    lifecycle.resume_tenant(slug="acme", by=OPERATOR)

    added = list(PlatformEntry.objects.order_by("pk"))[before:]

    assert [(entry.action, entry.actor_kind) for entry in added] == [
        ("tenant.suspended", "operator"), ("tenant.resumed", "operator"),
    ]  # fmt: skip
    assert {entry.details["tenant"] for entry in added} == {str(committed_acme.public_id)}
    assert list(AuditEntry.objects.values_list("action", flat=True).order_by("pk")) == [e.action for e in added]
    assert "nothing missing or changed" in verify("--platform")


def test_a_tenants_own_acts_are_not_the_platforms(committed_acme):
    before = PlatformEntry.objects.count()

    record(action="role.saved", details={"role": "x"})

    assert PlatformEntry.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_platformentry SET action = 'tenant.resumed'",
        "DELETE FROM tenants_platformentry",
        "TRUNCATE tenants_platformentry CASCADE",
        "UPDATE tenants_platformlink SET previous_hash = ''",
        "DELETE FROM tenants_platformlink",
        "INSERT INTO tenants_platformlink VALUES (999999, '', '', 1)",
    ],
)
def test_the_database_refuses_every_change(log, statement):
    before = [(link.number, bytes(link.entry_hash)) for link in log]

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert [(link.number, bytes(link.entry_hash)) for link in log.all()] == before


def test_a_changed_entry_is_named(unlocked, log):
    last = log.first()
    PlatformEntry.objects.filter(pk=last.entry_id).update(action="tenant.resumed")

    with pytest.raises(CommandError, match=f"Entry {last.number} was changed") as refused:
        verify("--platform")

    assert refused.value.returncode == 1


def test_a_removed_end_is_noticed_by_the_head_that_was_noted(unlocked, log):
    proving.anchor_platform(now=timezone.now())
    last = log.first()
    entry = last.entry
    last.delete()
    entry.delete()

    with pytest.raises(CommandError, match="The end is missing"):
        verify("--platform")


def test_the_head_goes_to_the_log_lines_once(log, caplog):
    caplog.set_level("INFO")

    first, second = (proving.anchor_platform(now=timezone.now()) for _ in range(2))

    [line] = [record for record in caplog.records if getattr(record, "event", "") == "platform_head"]
    assert second is None
    assert line.status == bytes(first.entry_hash).hex()
    assert line.count == log.first().number


def test_all_logs_are_checked_by_one_command(log):
    assert verify("--all").startswith("3 logs, ")


def test_one_wrong_log_of_many_is_named(unlocked, log):
    PlatformEntry.objects.filter(pk=log.first().entry_id).update(action="tenant.resumed")

    with pytest.raises(CommandError, match="the platform: Entry"):
        verify("--all")


def test_what_staff_changes_about_a_membership_is_recorded_without_values(in_acme):
    from accounts.models import Membership, Role, User
    from tests.dashboard.conftest import STAFF, Browser

    staff = User.objects.get(email="staff@payymo.example")
    row = Membership.objects.get(user__email="viewer@acme.example", tenant=in_acme)
    role = Role.objects.get(code="reviewer", tenant=None)
    browser = Browser(STAFF, tenant=in_acme, user=staff, is_staff_host=True)

    browser.post(f"/admin/accounts/membership/{row.pk}/change/", {"role": role.pk, "is_active": "on"})

    row.refresh_from_db()
    entry = PlatformEntry.objects.order_by("-pk").first()
    assert row.role == role
    assert (entry.action, entry.actor_kind, entry.actor_id) == ("staff.changed", "staff", staff.public_id)
    assert entry.details == {
        "row": "accounts.membership", "person": str(row.user.public_id), "fields": "role",
    }  # fmt: skip
    assert context.current() == in_acme
