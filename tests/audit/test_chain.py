"""The audit log: gapless and chained by the database, closed to changes, and proof against whoever changes it."""

import io
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from payymo.audit.acting import Acting
from payymo.audit.models import AuditEntry, AuditLink
from payymo.audit.services import proving
from payymo.audit.services.recording import record
from tenants import context
from tenants.models import AuditAnchor

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def write(count, action="import.committed", **details):
    for position in range(count):
        record(action=action, by=Acting("system"), details={"position": position, **details})


def tamper(sql):
    """Change what nobody may change, as somebody with the rights of the tables' owner could."""
    with connection.cursor() as cursor:
        for table in ("audit_auditentry", "audit_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        for table in ("audit_auditentry", "audit_auditlink"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_entries_are_numbered_without_a_gap_and_the_chain_is_whole(committed_acme):
    write(3, text='Grüße | 12.50 "EUR"')

    verdict = proving.verify()

    assert list(AuditLink.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    assert (verdict.is_whole, verdict.checked) == (True, 3)


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(committed_acme):
    write(1)
    with transaction.atomic():
        write(1)
        transaction.set_rollback(True)
    write(1)

    assert list(AuditLink.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert proving.verify().is_whole


def test_parallel_acts_get_one_place_each(committed_acme):
    def act():
        try:
            with context.inside(committed_acme):
                for _ in range(10):
                    with transaction.atomic():
                        write(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert list(AuditLink.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 41))
    assert proving.verify().is_whole


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditentry SET action = 'decision.undo'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry CASCADE",
        "UPDATE audit_auditlink SET number = 9",
        "DELETE FROM audit_auditlink",
        "TRUNCATE audit_auditlink",
        "INSERT INTO audit_auditlink (number, entry_id, previous_hash, entry_hash) VALUES (2, 1, '', '')",
    ],
)
def test_the_database_refuses_every_change(committed_acme, sql):
    write(1)

    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(sql)

    assert (AuditEntry.objects.count(), AuditLink.objects.count()) == (1, 1)
    assert proving.verify().is_whole


@pytest.mark.parametrize(
    ("sql", "first_bad", "problem"),
    [
        ("UPDATE audit_auditentry SET details = '{}' WHERE id = 2", 2, "Entry 2 was changed."),
        ("UPDATE audit_auditentry SET happened_at = now() - interval '1 day' WHERE id = 3", 3, "Entry 3 was changed."),
        ("DELETE FROM audit_auditlink WHERE number = 2", 2, "Entry 2 is missing; the next one is 3."),
        (
            "UPDATE audit_auditlink SET previous_hash = sha256('x') WHERE number = 4",
            4,
            "Entry 4 does not follow the entry before it.",
        ),
        ("DELETE FROM audit_auditlink WHERE number = 4", 4, "1 entries are in no chain."),
    ],
)
def test_a_change_behind_the_triggers_is_found_and_named(committed_acme, sql, first_bad, problem):
    write(4)

    tamper(sql)

    verdict = proving.verify()
    assert (verdict.is_whole, verdict.first_bad, verdict.problem) == (False, first_bad, problem)


def test_a_removed_end_is_found_by_the_head_written_down_elsewhere(committed_acme):
    write(4)
    proving.anchor_head(now=NOW)
    tamper("DELETE FROM audit_auditlink WHERE number > 2; DELETE FROM audit_auditentry WHERE id > 2")

    verdict = proving.verify()

    assert (verdict.first_bad, verdict.problem) == (3, "The end is missing: on 2026-11-20 the chain had 4 entries.")


def test_a_chain_that_was_computed_anew_is_found_by_the_head_written_down_elsewhere(committed_acme):
    write(2)
    proving.anchor_head(now=NOW)
    tamper("DELETE FROM audit_auditlink; DELETE FROM audit_auditentry")
    write(2, other=True)

    assert proving.verify().problem == "Entry 2 differs from what was written down on 2026-11-20."


def test_an_unchanged_head_is_written_down_once(committed_acme):
    assert proving.anchor_head(now=NOW) is None
    write(1)

    assert proving.anchor_head(now=NOW).number == 1
    assert proving.anchor_head(now=NOW) is None
    assert AuditAnchor.objects.filter(tenant=committed_acme).count() == 1


def test_each_tenant_has_a_chain_of_its_own(committed_acme, committed_globex):
    write(2)
    with context.inside(committed_globex):
        write(1)
        assert [link.number for link in AuditLink.objects.all()] == [1]
        assert proving.verify().checked == 1

    assert proving.verify().checked == 2


def test_nothing_is_recorded_outside_a_tenant(db):
    with pytest.raises(context.NoTenant):
        write(1)


def test_an_unknown_act_is_refused(in_acme):
    with pytest.raises(KeyError):
        write(1, action="money.vanished")

    assert AuditEntry.objects.count() == 0


def test_an_exported_log_can_be_checked_without_the_database(committed_acme, tmp_path):
    write(3, text='Grüße | \\ "')
    path = tmp_path / "audit.jsonl"
    call_command("export_audit", tenant="acme", out=path, stdout=io.StringIO())

    out = io.StringIO()
    call_command("verify_audit", file=path, stdout=out)
    lines = path.read_text(encoding="utf-8").splitlines()

    assert out.getvalue().startswith("3 entries, nothing missing or changed.")
    assert len(lines) == 3
    path.write_text("\n".join([lines[0], lines[1].replace("system", "person"), lines[2]]), encoding="utf-8")
    with pytest.raises(CommandError, match=r"Entry 2 was changed\.") as refused:
        call_command("verify_audit", file=path, stdout=io.StringIO())
    assert refused.value.returncode == 1
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(CommandError, match="Line 1 is not an entry") as refused:
        call_command("verify_audit", file=path, stdout=io.StringIO())
    assert refused.value.returncode == 2


def test_the_command_says_which_entry_is_wrong(committed_acme):
    write(2)
    tamper("UPDATE audit_auditentry SET details = '{}' WHERE id = 1")
    out = io.StringIO()

    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", tenant="acme", json=True, stdout=out)

    assert refused.value.returncode == 1
    assert json.loads(out.getvalue())["first_bad"] == 1


@pytest.mark.parametrize(
    ("options", "text"), [({"tenant": "nobody"}, "nobody"), ({"file": Path("/nowhere")}, "cannot be read")]
)
def test_bad_input_of_the_command_is_one_clear_line(db, options, text):
    with pytest.raises(CommandError, match=text) as refused:
        call_command("verify_audit", **options)
    assert refused.value.returncode == 2
