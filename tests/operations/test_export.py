"""The archive of a tenant holds everything, opened, proves itself, and is written with little memory."""

import json
import os
import stat
import tracemalloc
import zipfile
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command

from banking.models import BankTransaction
from payymo.audit.services import proving, recording
from payymo.operations.services import export_plan, exporting
from tenants import context, sealing
from tenants.models import Tenant, TenantKey
from tests.factories import rows

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def export(tenant, path):
    context.leave()
    return exporting.export_tenant(tenant=tenant, path=path, now=NOW)


def read(path, table):
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(f"tables/{table}.jsonl").decode().splitlines()]


@pytest.fixture
def filled(committed_acme):
    account = rows.account()
    account.iban_sealed = sealing.seal(account, "iban_sealed", "DE89370400440532013000")
    account.save()
    row = rows.transfer("INV-1042 hosting", "119.00", into=account)
    row.raw_sealed = sealing.seal(row, "raw_sealed", '{"bank": "said so"}')
    row.save()
    rows.invoice("INV-1042", "119.00")
    recording.record(action="import.committed", details={"entries": 1})
    return row


def test_every_table_is_there_with_its_rows_and_sealed_columns_are_opened(filled, committed_acme, tmp_path):
    written = export(committed_acme, tmp_path / "acme.zip")

    [payment] = read(tmp_path / "acme.zip", "banking_banktransaction")
    assert payment["public_id"] == str(filled.public_id)
    assert payment["amount"] == "119.000"
    assert payment["raw"] == '{"bank": "said so"}'
    assert "raw_sealed" not in payment
    [account] = read(tmp_path / "acme.zip", "banking_bankaccount")
    assert account["iban"] == "DE89370400440532013000"
    assert written.unreadable == 0
    assert written.rows == exporting.check_archive(tmp_path / "acme.zip")


def test_nothing_of_another_tenant_and_no_secret_is_in_it(filled, committed_acme, committed_globex, tmp_path):
    export(committed_acme, tmp_path / "acme.zip")

    members = read(tmp_path / "acme.zip", "accounts_membership")
    assert {row["tenant_id"] for row in members} == {committed_acme.pk}
    assert {row["email"].split("@")[1] for row in read(tmp_path / "acme.zip", "accounts_user")} == {"acme.example"}
    [instance] = read(tmp_path / "acme.zip", "whmcs_whmcsinstance")
    assert not {"secret", "secret_sealed", "identifier"} & instance.keys()
    with zipfile.ZipFile(tmp_path / "acme.zip") as archive:
        names, everything = archive.namelist(), b"".join(archive.read(name) for name in archive.namelist())
    assert not [name for name in names if "tenantkey" in name or "refreshtoken" in name or "session" in name]
    assert b"argon2" not in everything
    for key in TenantKey.objects.filter(tenant=committed_acme):
        assert bytes(key.wrapped).hex().encode() not in everything


def test_the_audit_log_in_it_proves_itself(filled, committed_acme, tmp_path):
    export(committed_acme, tmp_path / "acme.zip")

    with zipfile.ZipFile(tmp_path / "acme.zip") as archive:
        lines = archive.read("audit.jsonl").decode().splitlines()
    assert (len(lines), proving.verify_export(lines).is_whole) == (1, True)


def test_every_model_with_a_tenant_is_exported_or_left_out_on_purpose():
    left_out = {
        *("TenantKey", "Session", "AttemptCounter", "IdempotencyRecord"),
        *("Breaker", "Job", "OutgoingMail", "PasswordReset", "TenantFigure"),
    }
    shared = [
        model for app in settings.SHARED_APPS for model in apps.get_app_config(app.rpartition(".")[2]).get_models()
    ]
    of_tenants = {
        model.__name__
        for model in shared
        if any(field.related_model is Tenant for field in model._meta.get_fields() if field.concrete)
    }

    tenant = Tenant(pk=1)
    planned = {table.rows.model.__name__ for table in export_plan.tables(tenant)}

    assert of_tenants - planned == left_out


def test_every_credential_is_the_name_of_a_column():
    columns = {field.attname for model in apps.get_models() for field in model._meta.concrete_fields}

    assert columns >= export_plan.CREDENTIALS


def test_an_archive_that_was_changed_is_found_out(filled, committed_acme, tmp_path):
    export(committed_acme, tmp_path / "acme.zip")
    with zipfile.ZipFile(tmp_path / "acme.zip") as old, zipfile.ZipFile(tmp_path / "forged.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"119.000"', b'"919.000"'))

    with pytest.raises(exporting.UnusableFile, match=r"tables/.*differs"):
        exporting.check_archive(tmp_path / "forged.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"no zip at all"])
def test_what_is_no_archive_is_refused(content, tmp_path):
    (tmp_path / "x.zip").write_bytes(content)

    with pytest.raises(exporting.UnusableFile):
        exporting.check_archive(tmp_path / "x.zip")


def test_the_file_is_private_new_and_whole_or_not_there(filled, committed_acme, tmp_path):
    written = export(committed_acme, tmp_path / "acme.zip").path

    assert stat.S_IMODE(os.stat(written).st_mode) == 0o600
    before = written.read_bytes()
    with pytest.raises(exporting.UnusableFile, match="exists already"):
        export(committed_acme, written)
    assert written.read_bytes() == before
    with pytest.raises(exporting.UnusableFile, match="cannot be written"):
        export(committed_acme, tmp_path / "no" / "such" / "folder.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["acme.zip"]


def test_memory_does_not_grow_with_the_rows(committed_acme, tmp_path):
    account = rows.account()
    peaks = []
    for number, name in ((1000, "few.zip"), (6000, "many.zip")):
        BankTransaction.objects.bulk_create(
            BankTransaction(
                account=account, identity=f"{name}-{place}", fingerprint=f"{name}-{place}", amount=1, currency="EUR",
                booking_date=NOW.date(), remittance_information="x" * 500,
            )
            for place in range(number)
        )  # fmt: skip
        tracemalloc.start()
        export(committed_acme, tmp_path / name)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        context.enter_for_request(committed_acme)

    assert peaks[1] < 1.5 * peaks[0]


def test_the_command_writes_checks_and_records(filled, committed_acme, tmp_path):
    context.leave()
    out = StringIO()
    call_command("export_tenant", tenant="acme", out=tmp_path / "a.zip", json=True, stdout=out)
    call_command("export_tenant", check=tmp_path / "a.zip", stdout=StringIO())

    assert json.loads(out.getvalue())["unreadable"] == 0
    with context.inside(committed_acme):
        assert proving.verify().checked == 2
    with pytest.raises(CommandError) as refused:
        call_command("export_tenant", out=tmp_path / "b.zip")
    assert refused.value.returncode == 2


def test_a_value_that_opens_with_no_key_is_counted_and_said(filled, committed_acme, tmp_path):
    BankTransaction.objects.update(raw_sealed=b"\x01\x00\x01" + bytes(40))
    context.leave()

    with pytest.raises(CommandError, match="1 sealed values open with no key") as refused:
        call_command("export_tenant", tenant="acme", out=tmp_path / "a.zip", stdout=StringIO())

    assert refused.value.returncode == 1
    assert read(tmp_path / "a.zip", "banking_banktransaction")[0]["raw"] is None
