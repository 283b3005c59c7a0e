"""What each decision says about the engine's best suggestion."""

import pytest

from matching.models import Decision, Proposal
from matching.services import allocation, proposing, setting_aside, undoing
from matching.services.allocation import Line
from matching.services.decisions import Actor
from tests.factories import rows
from tests.factories.rows import NOW


@pytest.fixture
def actor(in_acme, reviewer):
    return Actor.person(reviewer)


@pytest.fixture
def debt(in_acme):
    return rows.invoice("INV-1042", "119.00")


@pytest.fixture
def payment(debt):
    row = rows.transfer("INV-1042", "119.00")
    proposing.propose(receipts=[row], now=NOW)
    return row


def best(payment):
    return Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)


def said(kind):
    return Decision.objects.values_list("suggested_band", "followed").get(kind=kind)


def test_an_approved_best_suggestion_was_followed(payment, actor):
    probability = best(payment).probability

    allocation.approve_proposal(proposal_id=best(payment).public_id, actor=actor, now=NOW)

    assert said("APPROVE") == ("exact", True)
    assert Decision.objects.get().suggested_probability == probability


def test_matching_by_hand_as_suggested_follows_and_otherwise_does_not(payment, debt, actor):
    other = rows.invoice("INV-2000", "119.00")
    mine = [Line(debt.pk, payment.amount)]
    decided = allocation.allocate_by_hand(receipt_id=payment.public_id, lines=mine, actor=actor, now=NOW)
    assert said("ALLOCATE") == ("exact", True)

    undoing.undo_decision(decision_id=decided.decision.public_id, actor=actor, now=NOW)
    theirs = [Line(other.pk, payment.amount)]
    decided = allocation.allocate_by_hand(receipt_id=payment.public_id, lines=theirs, actor=actor, now=NOW)

    assert (decided.decision.suggested_band, decided.decision.followed) == ("exact", False)


def test_a_rejection_judges_the_best_and_what_comes_after_it_judges_nothing(payment, debt, actor):
    setting_aside.reject_proposal(proposal_id=best(payment).public_id, actor=actor, now=NOW)
    lines = [Line(debt.pk, payment.amount)]
    allocation.allocate_by_hand(receipt_id=payment.public_id, lines=lines, actor=actor, now=NOW)

    assert said("REJECT") == ("exact", False)
    assert said("ALLOCATE") == ("", None)


def test_ignoring_follows_where_nothing_was_suggested_and_contradicts_a_suggestion(payment, actor):
    silent = rows.transfer("birthday", "7.77", name="Aunt")
    proposing.propose(receipts=[silent], now=NOW)

    for row in (payment, silent):
        setting_aside.ignore_receipt(receipt_id=row.public_id, reason="private", actor=actor, now=NOW)

    found = dict(Decision.objects.values_list("bank_transaction", "followed"))
    assert found == {payment.pk: False, silent.pk: True}
    assert Decision.objects.get(bank_transaction=silent).suggested_probability is None


def test_a_payment_without_any_suggestion_yet_judges_nothing(in_acme, debt, actor):
    row = rows.transfer("INV-1042", "119.00")

    allocation.allocate_by_hand(receipt_id=row.public_id, lines=[Line(debt.pk, row.amount)], actor=actor, now=NOW)

    assert said("ALLOCATE") == ("", None)
