"""Whom WHMCS must hold: likely payments that wait, approved ones on their way, a late feed; each up to its limit."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from banking.models import BankConnection
from matching.guard import STALE_AFTER, guard_of
from matching.models import Proposal, ProposalLine
from matching.services.allocation import Line, allocate_by_hand
from matching.services.decisions import Actor
from tests.factories import rows
from tests.whmcs.module.test_events import pair
from tests.whmcs.test_api import Api
from whmcs.models import AddonModule, Posting


def propose(receipt, *invoices, band="likely", **fields):
    """An open suggestion of these invoices."""
    about = {"bank_transaction": receipt} if hasattr(receipt, "booking_date") else {"stripe_payment": receipt}
    row = Proposal.objects.create(
        **about, band=band, probability=0.9, engine_version="test", amount=receipt.amount, currency="EUR", **fields
    )
    for invoice in invoices:
        ProposalLine.objects.create(proposal=row, invoice=invoice, amount=invoice.balance)
    return row


@pytest.fixture
def invoice(in_acme):
    return rows.invoice("INV-1", "50.00", whmcs_id=501)


def held(invoice, now=None):
    found = guard_of(invoice.instance, now=now or timezone.now())
    return [(hold.client_id, hold.invoice_id, hold.reason) for hold in found.holds]


@pytest.mark.parametrize(("band", "count"), [("exact", 1), ("likely", 1), ("possible", 0)])
def test_a_likely_payment_that_waits_holds_its_client(invoice, band, count):
    propose(rows.transfer("INV-1", "50.00"), invoice, band=band)

    assert held(invoice) == [(invoice.client.whmcs_id, 501, "review")][:count]


def test_a_charge_holds_as_a_transfer_does_and_one_invoice_is_told_once(invoice):
    propose(rows.charge("50.00"), invoice)
    propose(rows.transfer("INV-1", "50.00"), invoice)

    assert held(invoice) == [(invoice.client.whmcs_id, 501, "review")]


def test_an_alternative_a_decided_one_and_another_brands_hold_nobody(invoice):
    receipt = rows.transfer("INV-1", "50.00")
    propose(receipt, rank=2)
    propose(receipt, invoice, rank=3)
    propose(rows.transfer("INV-1", "50.00"), invoice, status="REJECTED")
    other = rows.instance(bank_gateway="mailin")
    propose(rows.transfer("x", "50.00"), rows.invoice("A-1", "50.00", of=rows.client(instance=other)))

    assert held(invoice) == []


def test_a_hold_ends_after_the_days_that_the_owner_set_however_often_it_is_suggested(invoice):
    receipt = rows.transfer("INV-1", "50.00")
    propose(receipt, invoice)
    came = receipt.__class__.objects.get(pk=receipt.pk).created_at

    [hold] = guard_of(invoice.instance, now=came + timedelta(days=2)).holds
    assert (hold.since, hold.until) == (came, came + timedelta(days=3))
    assert held(invoice, came + timedelta(days=3)) == []

    invoice.instance.guard_days = 0
    assert held(invoice) == []


def test_an_approved_payment_holds_until_whmcs_shows_it(invoice, reviewer):
    receipt = rows.transfer("INV-1", "50.00")
    line = Line(invoice.pk, Decimal(50))
    allocate_by_hand(receipt_id=receipt.public_id, lines=[line], actor=Actor.person(reviewer), now=timezone.now())

    assert held(invoice) == [(invoice.client.whmcs_id, 501, "posting")]

    Posting.objects.update(state="POSTED", posted_at=timezone.now())
    assert held(invoice) == []


def test_a_late_feed_holds_from_the_second_day_to_the_limit(invoice):
    now = timezone.now()
    consent = BankConnection.objects.create(institution_id="x", institution_name="Bank", country="DE", state="EXPIRED")
    account = rows.account(connection=consent, last_success_at=now)

    def stale(after):
        found = guard_of(invoice.instance, now=now + after)
        return found.stale_since, found.stale_until

    begins = now + STALE_AFTER
    assert stale(STALE_AFTER - timedelta(seconds=1)) == (None, None)
    assert stale(STALE_AFTER) == (begins, begins + timedelta(days=3))
    assert stale(STALE_AFTER + timedelta(days=3)) == (None, None)

    account.is_paused = True
    account.save()
    assert stale(STALE_AFTER) == (None, None)


def test_it_asks_the_database_as_often_for_many_as_for_one(invoice):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            found = guard_of(invoice.instance, now=timezone.now())
        return len(found.holds), len(asked)

    propose(rows.transfer("x", "50.00"), invoice)
    one, asked = queries()
    for number in range(20):
        propose(rows.transfer("x", "50.00"), rows.invoice(f"INV-{number}", "50.00"))

    assert (one, queries()) == (1, (21, asked))


class Module:
    """The addon module of Acme's WHMCS, with the key of its setup code. A request leaves the test where it was."""

    def __init__(self, instance, owner):
        self.key = pair(instance, owner, now=timezone.now())["key"]

    def get(self, *, host="acme", scheme="Api-Key", key=""):
        before = connection.tenant
        headers = {"authorization": f"{scheme} {key or self.key}", "host": f"{host}.localhost"}
        try:
            return Browser().get("/api/v1/whmcs/module/guard/", headers=headers)
        finally:
            connection.set_tenant(before)


def test_the_module_is_told_whom_to_hold_and_by_what_to_mint(invoice, owner):
    propose(rows.transfer("INV-1", "50.00"), invoice)

    told = Module(invoice.instance, owner).get().json()

    [hold] = told.pop("holds")
    assert (hold["client_id"], hold["invoice_id"], hold["reason"]) == (invoice.client.whmcs_id, 501, "review")
    assert hold["until"] - hold["since"] == 3 * 86400
    assert told == {
        "installation_number": invoice.instance.pk,
        "bank_gateway": "banktransfer",
        "guard_days": 3,
        "stale_until": 0,
        "is_complete": True,
    }


def test_nobody_but_a_paired_module_of_this_tenant_is_told(invoice, owner, globex):
    module = Module(invoice.instance, owner)
    person = Api("owner")

    assert person.get("whmcs/module/guard/").status_code == 403
    assert module.get(host="globex").status_code == 401
    assert module.get(key="pmk_wrong").status_code == 401
    AddonModule.objects.all().delete()
    assert module.get().status_code == 403
