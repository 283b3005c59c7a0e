"""`sync_banks`, `import_statement` for a tenant, and the task that beat wakes."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from banking import tasks
from banking.models import BankAccount, BankTransaction, StatementImport
from banking.services.linking import new_account
from tenants.context import TenantUnavailable
from tests.banking import statements
from tests.banking.entries import IBAN


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "march.xml"
    path.write_bytes(statements.camt(("11.90", "Invoice RE-1042"), ("50.00", "Invoice RE-1043")))
    return str(path)


def test_a_file_is_imported_once_for_the_tenant(in_acme, file):
    first = json.loads(run("import_statement", file, "--tenant", "acme", "--json"))
    second = json.loads(run("import_statement", file, "--tenant", "acme", "--json"))

    assert (first["new"], first["known"], first["state"], first["proved"]) == (2, 0, "COMMITTED", True)
    assert (second["new"], second["known"], second["state"]) == (0, 2, "DISCARDED")
    assert BankTransaction.objects.count() == 2


@pytest.mark.parametrize("name", [IBAN, "DE89 3704 0044 0532 0130 00", IBAN[-4:]])
def test_the_account_may_be_named(in_acme, file, name):
    new_account(number=IBAN, currency="EUR", is_iban=True).save()

    assert "2 new, 0 known, 0 refused" in run("import_statement", file, "--tenant", "acme", "--account", name)
    assert BankAccount.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give --tenant SLUG"),
        (["--tenant", "nobody"], "There is no tenant 'nobody'"),
        (["--tenant", "acme", "--account", "9999"], "9999 is not an account of this tenant"),
    ],
)
def test_bad_arguments_end_with_one_line_and_status_2(in_acme, file, arguments, said):
    with pytest.raises(CommandError, match=said) as refused:
        run("import_statement", file, *arguments)

    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert not StatementImport.objects.exists()


def test_an_unproved_file_is_refused_and_put_away(in_acme, tmp_path):
    path = tmp_path / "gap.xml"
    path.write_bytes(statements.camt(("1.00", "RE-1"), closing="999.00"))

    with pytest.raises(CommandError, match="do not add up") as refused:
        run("import_statement", str(path), "--tenant", "acme")

    assert refused.value.returncode == 2
    assert not BankTransaction.objects.exists()
    assert StatementImport.objects.get().state == "DISCARDED"
    assert "1 new" in run("import_statement", str(path), "--tenant", "acme", "--accept-unproved")


def test_a_table_that_names_no_account_is_left_to_whoever_names_one(in_acme, tmp_path):
    path = tmp_path / "umsaetze.csv"
    path.write_bytes(statements.csv("31.03.2026;49,00;EUR;Erika;RE-1"))

    with pytest.raises(CommandError, match=r"names no account\. Use --account"):
        run("import_statement", str(path), "--tenant", "acme")

    assert [row.state for row in StatementImport.objects.all()] == ["DISCARDED"]


def test_sync_banks_fetches_every_account_and_says_how_it_went(connection, bank):
    results = json.loads(run("sync_banks", "--tenant", "acme", "--json"))

    assert [result["outcome"] for result in results] == ["fetched", "fetched"]
    assert sum(result["new"] for result in results) == BankTransaction.objects.count() > 400


def test_sync_banks_ends_with_1_when_an_account_fails(connection, bank):
    bank.fault("server_error")

    with pytest.raises(CommandError, match="Not every account") as refused:
        run("sync_banks", "--tenant", "acme")

    assert refused.value.returncode == 1


def test_the_task_fetches_what_is_due_for_its_tenant(connection, in_acme):
    assert tasks.sync_due_accounts(tenant_id=str(in_acme.public_id)) == 2
    assert tasks.sync_due_accounts(tenant_id=str(in_acme.public_id)) == 0


def test_the_task_without_a_tenant_is_refused(connection):
    with pytest.raises(TenantUnavailable):
        tasks.sync_due_accounts()

    assert not BankTransaction.objects.exists()


def test_the_task_of_a_tenant_without_keys_does_nothing(acme):
    assert tasks.sync_due_accounts(tenant_id=str(acme.public_id)) == 0
