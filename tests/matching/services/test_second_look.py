"""Above the tenant's amount two persons approve, and the first is not also the second."""

from decimal import Decimal

import pytest

from matching.models import AutoApprovalPolicy, Decision, InvoiceMatch
from matching.services import allocation, bulk, proposing, second_look, undoing
from matching.services.decisions import Actor
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture
def limit(in_acme):
    AutoApprovalPolicy.objects.create(two_person_above=Decimal("100.00"), bands=["exact"])


@pytest.fixture
def payment(limit):
    rows.invoice("INV-1", "150.00")
    row = rows.transfer("INV-1 hosting", "150.00")
    proposing.propose(receipts=[row], now=NOW)
    return row


def approve(payment, user):
    best = payment.proposals.get(status="OPEN", rank=1)
    return allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(user), now=NOW)


def test_the_first_approval_writes_no_match_and_the_second_posts_once(payment, reviewer, owner):
    first = approve(payment, reviewer)

    assert (first.decision.kind, InvoiceMatch.objects.count(), Posting.objects.count()) == ("FIRST", 0, 0)
    second = approve(payment, owner)
    assert (second.decision.kind, InvoiceMatch.objects.count(), Posting.objects.count()) == ("APPROVE", 1, 1)


def test_the_same_person_is_not_the_second(payment, reviewer):
    approve(payment, reviewer)

    with pytest.raises(second_look.SecondPersonNeeded):
        approve(payment, reviewer)

    assert (Decision.objects.count(), Posting.objects.count()) == (1, 0)


def test_another_use_of_the_money_by_the_second_person_is_a_first_approval_again(payment, reviewer, owner):
    approve(payment, reviewer)
    other = rows.invoice("INV-2", "150.00")
    lines = [allocation.Line(other.pk, Decimal("150.00"))]

    def by_hand(user):
        return allocation.allocate_by_hand(
            receipt_id=payment.public_id, lines=lines, actor=Actor.person(user), now=NOW
        ).decision.kind

    assert by_hand(owner) == "FIRST"
    assert Posting.objects.count() == 0
    assert by_hand(reviewer) == "ALLOCATE"
    assert Posting.objects.get().amount == 150


def test_an_undone_first_approval_does_not_count(payment, reviewer, owner):
    first = approve(payment, reviewer)
    undoing.undo_decision(decision_id=first.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert approve(payment, owner).decision.kind == "FIRST"
    assert Posting.objects.count() == 0


def test_up_to_the_limit_one_person_is_enough(limit, reviewer):
    rows.invoice("INV-3", "100.00")
    row = rows.transfer("INV-3 hosting", "100.00")
    proposing.propose(receipts=[row], now=NOW)

    assert approve(row, reviewer).decision.kind == "APPROVE"


def test_nothing_large_happens_alone_or_in_bulk(payment):
    best = payment.proposals.get(status="OPEN", rank=1)
    with pytest.raises(allocation.AutomationForbidden):
        allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.policy(), now=NOW)

    [row] = bulk.preview(proposals=[best], now=NOW)
    assert (row.held, Decision.objects.count()) == (bulk.Held.TWO_PERSONS, 0)
