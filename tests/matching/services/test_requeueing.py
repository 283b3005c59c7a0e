"""A new or changed invoice puts back the payments that it may concern, and no others."""

from decimal import Decimal

import pytest

from banking.models import BankTransaction
from matching.models import InvoiceNumber, PayerProfile
from matching.services import proposing, requeueing
from payments.models import StripePayment
from tests.factories import rows
from tests.factories.rows import NOW, TODAY
from whmcs.models import Invoice


def propose_everything():
    requeueing.requeue_for_changed_invoices(now=NOW)
    proposing.propose(receipts=proposing.waiting(), now=NOW)


def put_back():
    requeueing.requeue_for_changed_invoices(now=NOW)
    bank = BankTransaction.objects.filter(proposed_at=None).values_list("remittance_information", flat=True)
    charges = StripePayment.objects.filter(proposed_at=None).values_list("description", flat=True)
    return sorted([*bank, *charges])


@pytest.mark.parametrize(
    ("text", "amount", "name", "account"),
    [
        ("Invoice 4711042", "1.00", "Somebody", ""),
        ("Inv 4711-042 thanks", "1.00", "Somebody", ""),
        ("hosting", "77.70", "Somebody", ""),
        ("hosting", "1.00", "KOWALSK BAU", ""),
        ("for Kowalska", "1.00", "Somebody", ""),
        ("hosting", "1.00", "Somebody", "known-account"),
    ],
)
def test_an_invoice_that_agrees_in_one_thing_puts_a_payment_back(in_acme, text, amount, name, account):
    rows.transfer(text, amount, name=name, counterparty_hash=account)
    rows.transfer("nothing of it", "2.00", name="Else")
    rows.charge("3.00", description="neither this", name="Else")
    propose_everything()
    owner = rows.client("Kowalska Bau GmbH")
    PayerProfile.objects.create(
        kind="account", key="known-account", client=owner, hits=1, weight=1, last_seen_date=TODAY
    )

    rows.invoice("INV-4711042", "77.70", of=owner)

    assert put_back() == [text]


def test_an_exact_suggestion_is_left_unless_the_invoice_is_in_it(in_acme):
    mine, other = rows.invoice("INV-1042", "119.00"), rows.client("Else Ltd")
    rows.transfer("INV-1042", "119.00")
    propose_everything()

    rows.invoice("INV-9999", "119.00", of=other)
    assert put_back() == []

    Invoice.objects.filter(pk=mine.pk).update(balance=Decimal("19.00"), matched_at=None)
    assert put_back() == ["INV-1042"]


def test_a_charge_is_put_back_by_its_address_and_metadata(in_acme):
    rows.charge("1.00", description="by address", email="Anna@Kowalska.example")
    rows.charge("2.00", description="by number", metadata={"invoice_id": "4711042"})
    rows.charge("3.00", description="not at all", email="else@else.example")
    propose_everything()

    rows.invoice("INV-4711042", "77.70", of=rows.client("Kowalska Bau", email="anna@kowalska.example"))

    assert put_back() == ["by address", "by number"]


def test_batches_go_on_until_every_invoice_is_taken_up(in_acme, monkeypatch):
    monkeypatch.setattr(requeueing, "_BATCH", 3)
    for number in range(8):
        rows.invoice(f"INV-{number + 500}", "5.00")

    assert requeueing.requeue_for_changed_invoices(now=NOW) == 8

    assert not Invoice.objects.filter(matched_at=None).exists()
    assert InvoiceNumber.objects.filter(digits="507").exists()


def test_what_a_person_decided_is_not_put_back(in_acme):
    payment = rows.transfer("INV-4711042", "77.70", state="RECONCILED", allocated=Decimal("77.70"), proposed_at=NOW)

    rows.invoice("INV-4711042", "77.70")
    requeueing.requeue_for_changed_invoices(now=NOW)

    payment.refresh_from_db()
    assert payment.proposed_at == NOW
