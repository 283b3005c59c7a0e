"""The command that reads Stripe now."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from payments.models import StripePayment


def run(*options):
    out = StringIO()
    call_command("sync_stripe", *options, stdout=out)
    return out.getvalue()


def test_it_reads_a_tenants_accounts_and_says_what_it_found(connection, account):
    [result] = json.loads(run("--tenant", "acme", "--json"))

    assert (result["tenant"], result["account"], result["new_charges"]) == (
        "acme", account.keys.account_id, len(account.received()),
    )  # fmt: skip
    assert StripePayment.objects.count() == len(account.received())
    assert run("--tenant", "acme").startswith(f"tenant acme, account {account.keys.account_id}, new_charges 0, ")


def test_an_unknown_tenant_is_code_2(db):
    with pytest.raises(CommandError) as caught:
        run("--tenant", "nobody")

    assert caught.value.returncode == 2


def test_a_failure_is_code_1_in_plain_words(connection, account):
    account.fault("unauthorized", only="charges")

    with pytest.raises(CommandError, match=f"^{account.keys.account_id}: Stripe does not accept the key") as caught:
        run("--tenant", "acme")

    assert caught.value.returncode == 1
    assert not StripePayment.objects.exists()
