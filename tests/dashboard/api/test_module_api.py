"""The addon module's part of the API: what its key opens, and that it speaks of one installation alone."""

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Membership, Role
from matching.models import Decision, Proposal, ProposalLine
from matching.services import proposing
from tenants import context
from tests.factories import rows
from tests.whmcs.module.test_events import pair
from tests.whmcs.test_api import Api
from whmcs.models import AddonModule, Posting
from whmcs.services import pairing

STATE = {"version": "1.0.0", "php_version": "8.2.7", "queued_events": 3, "books_payments": True}


class Module:
    """A paired module that calls; the test stays in its schema."""

    def __init__(self, told, host="acme.localhost", language="en"):
        self.headers = {"host": host, "authorization": f"Api-Key {told['key']}", "accept-language": language}

    def call(self, method, path, body=None, **headers):
        before, more = database.tenant, {} if body is None else {"data": body, "content_type": "application/json"}
        try:
            return getattr(Browser(), method)(f"/api/v1/{path}", headers={**self.headers, **headers}, **more)
        finally:
            database.set_tenant(before)

    def get(self, path):
        return self.call("get", f"whmcs/module/{path}")

    def decide(self, proposal, act, body=None, key="k1"):
        path = f"whmcs/module/proposals/{proposal.public_id}/{act}/"
        return self.call("post", path, {"admin_id": 3} if body is None else body, **{"idempotency-key": key})


@pytest.fixture
def instance(in_acme):
    return rows.instance()


@pytest.fixture
def other(instance):
    return rows.instance(bank_gateway="other")


@pytest.fixture
def module(instance, owner):
    return Module(pair(instance, owner, now=timezone.now()))


def suggested(number, *, of=None, **more):
    debt = rows.invoice(number, "119.00", of=of, **more)
    row = rows.transfer(f"{number} hosting", "119.00")
    proposing.propose(receipts=[row], now=timezone.now())
    return debt, Proposal.objects.get(bank_transaction=row, rank=1)


def test_an_invoice_shows_its_suggestions_with_reasons_and_postings(module):
    debt, proposal = suggested("INV-1042")

    shown = module.get(f"invoice/{debt.whmcs_id}/").json()

    [found] = shown["suggestions"]
    assert (found["id"], found["amount"], found["payer"], found["day"]) == (
        *(str(proposal.public_id), "119.00", "Northwind Ltd", "2026-11-18"),
    )
    assert found["lines"] == [
        {"invoice_id": debt.whmcs_id, "number": "INV-1042", "amount": "119.00", "currency": "EUR"}
    ]
    assert {"agrees": "yes", "title": "Invoice number", "text": "“INV-1042” is in the reference"} in found["reasons"]
    assert found["url"] == f"http://acme.localhost:8000/review/{proposal.bank_transaction.public_id}/"
    assert (shown["outstanding"], shown["postings"]) == ("119.00", [])


def test_reasons_come_in_the_language_of_the_administrator(module):
    debt, _ = suggested("INV-1042")
    module.headers["accept-language"] = "de"

    [found] = module.get(f"invoice/{debt.whmcs_id}/").json()["suggestions"]

    assert "Rechnungsnummer" in {reason["title"] for reason in found["reasons"]}


def test_a_client_shows_what_is_owed_and_the_best_suggestion_of_each_payment(module):
    debt, proposal = suggested("INV-1042")

    shown = module.get(f"client/{debt.client.whmcs_id}/").json()

    assert shown["owed"] == [{"currency": "EUR", "amount": "119.00", "count": 1}]
    assert [each["id"] for each in shown["suggestions"]] == [str(proposal.public_id)]


def test_the_summary_counts_this_installation_alone(module, other):
    suggested("INV-1042")
    suggested("INV-2000", of=rows.client(instance=other))
    debt = rows.invoice("INV-3000", "50.00")
    for state, instance, amount in (("POSTED", debt.instance, 50), ("POSTED", other, 7), ("FAILED", other, 8)):
        Posting.objects.create(
            instance=instance, invoice=debt, amount=amount, currency="EUR", paid_at=rows.NOW, gateway="x",
            transaction_id=f"PM-{state}{amount}", state=state, not_before=rows.NOW, posted_at=timezone.now(),
        )  # fmt: skip

    shown = module.get("summary/").json()

    assert shown["open_suggestions"] == 1
    assert shown["posted_this_month"] == [{"currency": "EUR", "amount": "50.00", "count": 1}]
    assert (shown["postings_waiting"], shown["postings_stopped"]) == (0, 0)
    assert [feed["kind"] for feed in shown["feeds"]] == ["whmcs"]
    assert [row["transaction_id"] for row in module.get("postings/").json()["results"]] == ["PM-POSTED50"]


def test_the_state_of_the_module_is_remembered_and_answered_with_that_of_payymo(instance, module):
    answer = module.call("put", "whmcs/module/config/", STATE)

    known = AddonModule.objects.get()
    assert (known.version, known.php_version, known.queued_events, known.books_payments) == ("1.0.0", "8.2.7", 3, True)
    assert known.last_seen_at is not None
    assert answer.json() == {
        "installation": "Billing", "state": "ACTIVE", "problem": "", "posts_through_module": True,
        "licence": {"state": "not_needed", "problem": ""}, "review_url": "http://acme.localhost:8000/review/",
        "connections_url": "http://acme.localhost:8000/connections/",
    }  # fmt: skip


@pytest.mark.parametrize("change", [{"version": "<b>"}, {"queued_events": -1}, {"books_payments": "maybe"}, {"x": 1}])
def test_a_state_that_is_none_changes_nothing(module, change):
    answer = module.call("put", "whmcs/module/config/", {**STATE, **change})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert AddonModule.objects.get().version == ""


def test_approving_twice_decides_once_and_names_the_administrator(module):
    _, proposal = suggested("INV-1042")

    first, again = module.decide(proposal, "approve"), module.decide(proposal, "approve")
    late = module.decide(proposal, "approve", key="k2")

    assert (first.status_code, again.status_code, late.status_code) == (201, 201, 404)
    assert first.json() == again.json()
    [decision] = Decision.objects.all()
    assert (decision.kind, decision.decided_by_name) == ("APPROVE", "Owner (WHMCS #3)")
    assert Posting.objects.count() == 1


def test_turning_down_leaves_the_reason(module):
    _, proposal = suggested("INV-1042")

    answer = module.decide(proposal, "reject", {"admin_id": 3, "reason": "Wrong client"})

    assert (answer.status_code, Decision.objects.get().reason) == (201, "Wrong client")


def test_another_installations_ids_are_unknown(module, other):
    theirs = rows.client(instance=other)
    debt, proposal = suggested("INV-1042", of=theirs)

    assert module.get(f"invoice/{debt.whmcs_id}/").status_code == 404
    assert module.get(f"client/{theirs.whmcs_id}/").status_code == 404
    assert module.decide(proposal, "approve").status_code == 404
    assert module.get("invoice/99999999999999999999/").status_code == 404
    assert Decision.objects.count() == 0


def test_a_payment_that_also_names_another_installations_invoice_is_not_decided_here(module, other):
    debt, proposal = suggested("INV-1042")
    elsewhere = rows.invoice("INV-1", "1.00", of=rows.client(instance=other))
    ProposalLine.objects.create(proposal=proposal, invoice=elsewhere, amount=1)

    assert module.get(f"invoice/{debt.whmcs_id}/").json()["suggestions"] == []
    assert module.decide(proposal, "reject").status_code == 404
    assert Decision.objects.count() == 0


def test_the_key_opens_nothing_else_and_no_other_tenant(instance, module, globex):
    for path in ("invoices/", "proposals/", "whmcs-instances/", "members/"):
        assert module.call("get", path).status_code == 403
    module.headers["host"] = "globex.localhost"
    assert module.get("summary/").status_code == 401


def test_a_person_and_an_ended_pairing_open_nothing(instance, module):
    assert Api("owner").get("whmcs/module/summary/").status_code == 403

    pairing.unpair_module(instance=instance, now=timezone.now())

    assert module.get("summary/").status_code == 401


def test_nothing_is_decided_once_the_member_who_paired_may_not_decide(instance, module):
    _, proposal = suggested("INV-1042")
    role = Role.objects.create(
        tenant=context.current(), code="pairs", name="Pairs", permissions=["addon_module.act", "api_keys.change"]
    )
    Membership.objects.filter(tenant=context.current(), user__email="owner@acme.example").update(role=role)

    assert module.decide(proposal, "approve").status_code == 403
    assert module.get("summary/").status_code == 200
    assert Decision.objects.count() == 0


def test_a_decision_needs_its_key(module):
    _, proposal = suggested("INV-1042")

    answer = module.decide(proposal, "approve", key="")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_a_client_with_more_suggestions_costs_the_same(module, django_assert_max_num_queries):
    client = rows.client()
    counts = []
    for number in ("INV-1001", "INV-1002", "INV-1003"):
        suggested(number, of=client)
        with django_assert_max_num_queries(60) as counted:
            shown = module.get(f"client/{client.whmcs_id}/").json()
        counts.append(len(counted))

    assert len(shown["suggestions"]) == 3
    assert counts[0] >= counts[-1]
