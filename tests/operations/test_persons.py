"""A person asks: what is stored is found, told and erased, but for what bookkeeping needs; also after a restore."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from banking.adapters import iban_hash
from banking.models import BankTransaction
from matching.models import PayerProfile
from matching.rule_models import MatchingRule
from matching.services import learning
from payments.models import StripePayment
from payymo.audit.models import AuditEntry
from payymo.audit.services import proving
from payymo.operations.services import erasures, person_export, persons
from tenants import context, sealing
from tenants.models import Erasure
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW
from whmcs.clients.base import RemoteClient
from whmcs.models import Client
from whmcs.services import client_sync

IBAN = "DE89370400440532013000"


def paid(text="Danke", amount="10.00", name="Erika Musterfrau", iban=IBAN, **more):
    key = sealing.data_key()
    row = rows.transfer(text, amount, name=name, counterparty_hash=iban_hash(iban, key=key) if iban else "", **more)
    row.counterparty_iban_sealed = sealing.seal(row, "counterparty_iban_sealed", iban) if iban else b""
    row.save()
    return row


@pytest.fixture
def erika(in_acme):
    """A person who asked once, paid twice, and left traces in every place; beside somebody else."""
    client = rows.client(company_name="", first_name="Erika", last_name="Musterfrau", email="erika@example.org")
    return {
        "client": client, "transfer": paid(), "by_name": paid(iban="", name="ERIKA  musterfrau"),
        "charge": rows.charge("5.00", name="Erika Musterfrau", email="Erika@Example.org"),
        "other": paid(name="Max Mustermann", iban="DE02120300000000202051"), "other_client": rows.client("Other Ltd"),
    }  # fmt: skip


def texts():
    """Everything readable about payers and clients."""
    found = list(BankTransaction.objects.values_list("counterparty_name", "remittance_information"))
    found += list(StripePayment.objects.values_list("name", "email"))
    found += list(Client.objects.values_list("first_name", "last_name", "company_name", "email"))
    return json.dumps(found).casefold()


@pytest.mark.parametrize(
    ("given", "clients", "transactions", "charges"),
    [
        ({"name": "erika musterfrau"}, 1, 2, 1),
        ({"email": "ERIKA@example.org"}, 1, 0, 1),
        ({"iban": "DE89 3704 0044 0532 0130 00"}, 0, 1, 0),
        ({"name": "Erika"}, 0, 0, 0),
        ({"name": "Max Mustermann"}, 0, 1, 0),
    ],
)
def test_a_person_is_found_by_each_of_what_is_known(erika, given, clients, transactions, charges):
    found = persons.find(persons.describe(**given))

    assert (len(found.clients), len(found.transactions), len(found.charges)) == (clients, transactions, charges)


def test_a_client_brings_the_payments_of_their_invoices_along(erika):
    owed = rows.invoice("RE-1", "10.00", of=erika["client"])
    _allocate(erika["other"], owed)

    found = persons.find(persons.describe(clients=[erika["client"].whmcs_id]))

    assert found.transactions == [erika["other"].pk]


def _allocate(row, invoice):
    from accounts.models import User
    from matching.models import Decision, InvoiceMatch

    user = User.objects.get(email="owner@acme.example")
    decision = Decision.objects.create(
        kind="ALLOCATE", source="person", bank_transaction=row, decided_by_id=user.pk, decided_at=NOW
    )
    InvoiceMatch.objects.create(
        bank_transaction=row, invoice=invoice, amount=Decimal("10.00"), currency="EUR", decision=decision,
        allocated_at=NOW,
    )  # fmt: skip
    BankTransaction.objects.filter(pk=row.pk).update(allocated=Decimal("10.00"), state="RECONCILED")


def test_nobody_named_is_refused(in_acme):
    with pytest.raises(persons.NobodyNamed):
        persons.describe(name="  ")


def test_everything_is_told_and_the_asking_is_recorded(erika):
    rows.invoice("RE-1", "10.00", of=erika["client"], text="example.org")

    told = person_export.export(person=persons.describe(name="Erika Musterfrau"), now=NOW)

    assert told["clients"][0]["email"] == "erika@example.org"
    assert told["clients"][0]["invoices"][0]["lines"] == ["example.org"]
    assert {row["account_number"] for row in told["bank_transactions"]} == {IBAN, ""}
    assert told["card_payments"][0]["email"] == "Erika@Example.org"
    entry = AuditEntry.objects.get(action="person.exported")
    assert entry.details == {"clients": 1, "bank_transactions": 2, "card_payments": 1}


def test_everything_is_erased_and_others_are_left(erika):
    learning.learn(erika["transfer"], {erika["other_client"].pk}, on=NOW.date())
    rule = MatchingRule.objects.create(
        name="Rule", position=1, payer_account_hash=erika["transfer"].counterparty_hash, payer_account_last4="3000",
        action="forbid_automation", changed_at=NOW,
    )  # fmt: skip

    done = persons.erase(person=persons.describe(name="Erika Musterfrau", iban=IBAN), now=NOW)

    assert "erika" not in texts()
    assert "max mustermann" in texts()
    assert "other ltd" in texts()
    assert (done.clients, done.transactions, done.charges, done.rules, done.memories > 0) == (1, 2, 1, 1, True)
    assert (done.stays, done.reason) == ({"transactions": 0, "charges": 0, "clients": 0}, "")
    assert PayerProfile.objects.count() == 0
    rule.refresh_from_db()
    assert (rule.removed_at, rule.payer_account_last4) == (NOW, "")
    assert persons.find(persons.describe(name="Erika Musterfrau")).is_empty


def test_what_bookkeeping_needs_stays_with_the_reason(erika):
    owed = rows.invoice("RE-1", "10.00", of=erika["client"])
    _allocate(erika["transfer"], owed)

    done = persons.erase(person=persons.describe(name="Erika Musterfrau"), now=NOW)

    erika["transfer"].refresh_from_db()
    erika["client"].refresh_from_db()
    assert (erika["transfer"].counterparty_name, erika["client"].first_name) == ("Erika Musterfrau", "Erika")
    assert (done.transactions, done.charges, done.clients) == (1, 1, 0)
    assert done.stays == {"transactions": 1, "charges": 0, "clients": 1}
    assert "kept for 10 years" in done.reason


def test_whmcs_does_not_bring_an_erased_client_back(erika):
    client = erika["client"]
    persons.erase(person=persons.describe(clients=[client.whmcs_id]), now=NOW)
    told = RemoteClient(
        whmcs_id=client.whmcs_id, first_name="Erika", last_name="Musterfrau", company_name="",
        email="erika@example.org", status="Active",
    )  # fmt: skip

    client_sync.write_clients(client.instance, [told], read_at=NOW + timedelta(days=1))

    client.refresh_from_db()
    assert (client.first_name, client.last_name, client.email) == ("", "", "")


def test_the_register_names_nobody_and_the_audit_log_neither(erika):
    persons.erase(person=persons.describe(name="Erika Musterfrau", iban=IBAN, email="erika@example.org"), now=NOW)
    out = io.StringIO()

    assert erasures.export_register(out) == 1

    everything = out.getvalue() + json.dumps(Erasure.objects.get().selectors)
    everything += json.dumps(list(AuditEntry.objects.values_list("details", flat=True)))
    for secret in ("erika", "muster", "DE8937", "013000"):
        assert secret.casefold() not in everything.casefold()


def test_after_a_restore_the_erasure_is_carried_out_again(erika):
    """The restored database has the person again, and has forgotten that they were erased."""
    before = {row.pk: row.counterparty_name for row in BankTransaction.objects.all()}
    kept = io.StringIO()
    persons.erase(person=persons.describe(name="Erika Musterfrau", iban=IBAN), now=NOW)
    erasures.export_register(kept)
    Erasure.objects.all().delete()
    for pk, name in before.items():
        BankTransaction.objects.filter(pk=pk).update(counterparty_name=name, erased_at=None)
    Client.objects.filter(pk=erika["client"].pk).update(first_name="Erika", last_name="Musterfrau", erased_at=None)
    assert "erika" in texts()

    assert erasures.import_register(kept.getvalue().splitlines()) == 1
    done = erasures.reapply_erasures(now=NOW)

    assert "erika" not in texts()
    assert "max mustermann" in texts()
    assert (done.erasures, done.rows) == (1, 3)
    assert erasures.import_register(kept.getvalue().splitlines()) == 0
    assert erasures.reapply_erasures(now=NOW).rows == 0


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "x"}', '{"id": null, "tenant": null}'])
def test_a_register_that_cannot_be_read_is_refused_whole(erika, line):
    persons.erase(person=persons.describe(name="Erika Musterfrau"), now=NOW)
    kept = io.StringIO()
    erasures.export_register(kept)
    Erasure.objects.all().delete()

    with pytest.raises(erasures.UnreadableRegister, match="Line 2"):
        erasures.import_register([*kept.getvalue().splitlines(), line])

    assert Erasure.objects.count() == 0


def test_a_person_of_another_tenant_is_not_touched(erika, globex):
    with context.inside(globex):
        there = paid()

    persons.erase(person=persons.describe(name="Erika Musterfrau", iban=IBAN), now=NOW)

    with context.inside(globex):
        there.refresh_from_db()
        assert there.counterparty_name == "Erika Musterfrau"


def test_the_chain_of_the_log_is_whole_after_an_erasure(committed_acme):
    paid()

    persons.erase(person=persons.describe(iban=IBAN), now=NOW)

    assert proving.verify().is_whole


def test_the_command_counts_exports_and_erases(erika, tmp_path):
    def run(*more):
        out = io.StringIO()
        call_command("erase_person", "--tenant", "acme", "--name", "Erika Musterfrau", "--json", *more, stdout=out)
        return json.loads(out.getvalue())

    assert run() == {"clients": 1, "transactions": 2, "charges": 1, "rules": 0}
    assert "erika" in texts()
    run("--export", str(tmp_path / "erika.json"))
    assert "erika@example.org" in (tmp_path / "erika.json").read_text()
    with pytest.raises(CommandError, match="exists already"):
        run("--export", str(tmp_path / "erika.json"))
    assert run("--confirm")["transactions"] == 2
    assert "erika" not in texts()
    register = tmp_path / "register.jsonl"
    call_command("reapply_erasures", export=register, stdout=io.StringIO())
    out = io.StringIO()
    call_command("reapply_erasures", source=register, json=True, stdout=out)
    assert json.loads(out.getvalue())["erasures"] == 1


def test_an_owner_does_it_over_the_api_with_a_confirmation_and_an_admin_does_not(acme):
    with context.inside(acme):
        paid()
    owner, who = Caller("owner"), {"iban": IBAN}

    refused = [
        Caller("admin").post(f"persons/{act}/", {**who, **more})
        for act, more in (("export", {}), ("erase", {"confirm": True}))
    ]
    told = owner.post("persons/export/", who)
    unconfirmed = owner.post("persons/erase/", {**who, "confirm": False})
    nobody = owner.post("persons/erase/", {"confirm": True})
    done = owner.post("persons/erase/", {**who, "confirm": True})

    assert [answer.status_code for answer in refused] == [403, 403]
    assert (told.status_code, len(told.json()["bank_transactions"])) == (200, 1)
    assert (unconfirmed.status_code, nobody.status_code, done.status_code) == (400, 400, 200)
    assert done.json()["transactions"] == 1
    with context.inside(acme):
        assert BankTransaction.objects.get().counterparty_name == ""
