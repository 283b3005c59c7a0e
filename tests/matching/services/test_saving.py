"""Writing suggestions: in a fixed number of statements, beside people who decide."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from banking.models import BankTransaction
from matching import locks
from matching.models import Decision, Proposal, ProposalLine
from matching.services import allocation, proposing, saving, setting_aside
from matching.services.decisions import Actor
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Invoice


def propose(*receipts, now=NOW):
    return proposing.propose(receipts=receipts, now=now)


def best(payment):
    return Proposal.objects.get(bank_transaction=payment, rank=1, status="OPEN")


def test_a_replaced_suggestion_stays_behind_as_replaced(in_acme):
    payment = rows.transfer("INV-1042", "119.00")
    propose(payment)
    before = best(payment)

    rows.invoice("INV-1042", "119.00")
    payment.refresh_from_db()
    propose(payment)

    before.refresh_from_db()
    assert (before.status, before.decision) == ("SUPERSEDED", None)
    assert (best(payment).band, best(payment).lines.get().amount) == ("exact", Decimal("119.00"))


def test_replaced_suggestions_are_forgotten_in_the_end(in_acme):
    payment = rows.transfer("INV-1042", "119.00")
    propose(payment)
    Proposal.objects.update(status="SUPERSEDED")

    assert saving.forget_replaced(before=NOW - timedelta(days=30)) == 0
    assert saving.forget_replaced(before=NOW + timedelta(days=3650)) == 1
    assert Proposal.objects.count() == 0


def test_what_a_person_decided_is_not_touched(in_acme, reviewer):
    payment = rows.transfer("INV-1042", "119.00")
    rows.invoice("INV-1042", "119.00")
    propose(payment)
    judged = proposing.waiting() or [BankTransaction.objects.get()]
    answers, _ = proposing.Asking(1, now=NOW, by_look_ups=False).answer(judged)
    allocation.approve_proposal(proposal_id=best(payment).public_id, actor=Actor.person(reviewer), now=NOW)
    before = list(Proposal.objects.order_by("pk").values("pk", "status", "decision"))

    assert saving.save(answers, now=NOW) == []

    assert list(Proposal.objects.order_by("pk").values("pk", "status", "decision")) == before


def test_an_invoice_that_was_taken_meanwhile_leaves_the_payment_in_the_queue(in_acme):
    payment, debt = rows.transfer("INV-1042", "119.00"), rows.invoice("INV-1042", "119.00")
    answers, _ = proposing.Asking(1, now=NOW, by_look_ups=False).answer([payment])
    Invoice.objects.filter(pk=debt.pk).update(reserved=Decimal("119.00"))

    assert saving.save(answers, now=NOW) == []

    payment.refresh_from_db()
    assert payment.proposed_at is None
    assert Proposal.objects.count() == 0


def test_a_payment_that_was_put_back_into_the_queue_meanwhile_stays_there(in_acme):
    payment = rows.transfer("INV-1042", "119.00", proposed_at=NOW)
    answers, _ = proposing.Asking(1, now=NOW, by_look_ups=False).answer([payment])
    BankTransaction.objects.update(proposed_at=None)

    assert saving.save(answers, now=NOW) == []

    assert BankTransaction.objects.get().proposed_at is None


def test_a_rejected_suggestion_does_not_come_back(in_acme, reviewer):
    payment = rows.transfer("INV-1042", "119.00")
    rows.invoice("INV-1042", "119.00")
    propose(payment)
    setting_aside.reject_proposal(proposal_id=best(payment).public_id, actor=Actor.person(reviewer), now=NOW)
    payment.refresh_from_db()

    propose(payment)

    offered = set(ProposalLine.objects.filter(proposal__status="OPEN").values_list("invoice__number", flat=True))
    assert "INV-1042" not in offered
    assert Decision.objects.get().kind == "REJECT"


def test_an_amount_is_written_in_the_currency_of_its_invoice(in_acme):
    debt = rows.invoice("INV-1042", "12000", currency="JPY", total=Decimal(12000))
    payment = rows.transfer("INV-1042", "74.10", original_amount=Decimal(12000), original_currency="JPY")

    propose(payment)

    assert (best(payment).kind, best(payment).lines.get().amount) == ("fx", debt.balance)


def test_a_payment_of_another_currency_takes_no_other_decimals(in_acme):
    payment = rows.transfer("INV-1042", "1.005")
    fine = rows.transfer("INV-1043", "5.00")
    rows.invoice("INV-1043", "5.00")

    propose(payment, fine)

    assert best(payment).none_reason == "unreadable_amount"
    assert best(fine).band == "exact"


def test_the_statements_do_not_grow_with_the_payments(in_acme):
    def cost(first, count):
        payments = []
        for number in range(first, first + count):
            rows.invoice(f"INV-{number}", "50.00")
            payments.append(rows.transfer(f"INV-{number}", "50.00"))
        with CaptureQueriesContext(connection) as queries:
            assert len(propose(*payments).changed) == count
        return len(queries)

    assert cost(1000, 2) == cost(2000, 40)


@pytest.mark.usefixtures("committed_acme")
def test_a_payment_that_is_being_decided_is_left_alone_without_waiting():
    held, free = rows.transfer("INV-1042", "119.00"), rows.transfer("INV-1043", "5.00")
    rows.invoice("INV-1043", "5.00")
    is_held, may_go = threading.Event(), threading.Event()
    tenant = context.current()

    def decide():
        try:
            with context.inside(tenant), transaction.atomic():
                locks.lock_receipt(held.public_id)
                is_held.set()
                may_go.wait(60)
        finally:
            connection.close()

    person = threading.Thread(target=decide)
    person.start()
    assert is_held.wait(60)
    try:
        outcome = propose(held, free)
    finally:
        may_go.set()
        person.join(60)

    held.refresh_from_db()
    assert outcome.changed == [str(free.public_id)]
    assert (held.proposed_at, Proposal.objects.filter(bank_transaction=held).count()) == (None, 0)


@pytest.mark.usefixtures("committed_acme")
def test_two_runs_at_once_leave_one_best_suggestion_for_each_payment():
    for number in range(2000, 2030):
        rows.invoice(f"INV-{number}", "50.00")
        rows.transfer(f"INV-{number}", "50.00")
    tenant = context.current()
    payments, start = proposing.waiting(), threading.Barrier(2)

    def run():
        try:
            with context.inside(tenant):
                start.wait(60)
                propose(*payments)
        finally:
            connection.close()

    runs = [threading.Thread(target=run) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)

    assert Proposal.objects.filter(status="OPEN", rank=1).count() == 30
    assert not Proposal.objects.filter(status="SUPERSEDED").exists()
