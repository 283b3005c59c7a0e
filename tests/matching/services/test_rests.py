"""Money beyond a match: open, the client's credit, or the next invoices, and never anything that nobody chose."""

from datetime import date
from decimal import Decimal

import pytest

from matching.models import InvoiceMatch, Proposal
from matching.services.allocation import Line, allocate_by_hand, approve_proposal
from matching.services.decisions import Actor, NothingLeftToAllocate, UnusableAllocation
from matching.services.rests import Rest
from tests.factories import rows
from tests.factories.rows import NOW
from tests.matching.test_guard import propose
from whmcs.models import Posting


@pytest.fixture
def debt(in_acme):
    return rows.invoice("INV-1", "50.00")


@pytest.fixture
def payment(debt):
    return rows.transfer("INV-1", "80.00")


def given():
    found = InvoiceMatch.objects.order_by("invoice_id").values_list("invoice__number", "amount")
    return [(number, str(amount.normalize())) for number, amount in found]


def decide(payment, *lines, rest, reviewer):
    return allocate_by_hand(
        receipt_id=payment.public_id, lines=list(lines), actor=Actor.person(reviewer), now=NOW, rest=rest
    )


def approve(payment, debt, reviewer, rest):
    proposal = propose(payment, debt)
    return approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW, rest=rest)


@pytest.mark.parametrize(
    ("rest", "amount", "credits", "left"), [(Rest.OPEN, "5E+1", False, 30), (Rest.CREDIT, "8E+1", True, 0)]
)
def test_the_reviewer_says_what_the_rest_of_a_suggestion_is(payment, debt, reviewer, rest, amount, credits, left):
    approve(payment, debt, reviewer, rest)

    payment.refresh_from_db()
    assert given() == [("INV-1", amount)]
    assert [row.allows_overpayment for row in Posting.objects.all()] == [credits]
    assert payment.unallocated == left


def test_the_rest_goes_to_the_invoices_due_next_and_what_they_do_not_need_stays_open(payment, debt, reviewer):
    later = rows.invoice("INV-3", "15.00", of=debt.client, due_date=date(2026, 12, 20))
    rows.invoice("INV-2", "10.00", of=debt.client, due_date=date(2026, 12, 1))
    rows.invoice("USD-1", "10.00", of=debt.client, currency="USD", due_date=date(2026, 11, 2))
    rows.invoice("INV-9", "10.00", due_date=date(2026, 11, 2))
    assert later.client_id == debt.client_id

    approve(payment, debt, reviewer, Rest.NEXT)

    payment.refresh_from_db()
    assert sorted(given()) == [("INV-1", "5E+1"), ("INV-2", "1E+1"), ("INV-3", "15")]
    assert (payment.state, payment.unallocated) == ("PARTLY_ALLOCATED", 5)
    assert not Posting.objects.filter(allows_overpayment=True).exists()


def test_a_next_invoice_gets_no_more_than_is_left(payment, debt, reviewer):
    rows.invoice("INV-2", "100.00", of=debt.client)

    decide(payment, Line(debt.pk, Decimal(50)), rest=Rest.NEXT, reviewer=reviewer)

    assert sorted(given()) == [("INV-1", "5E+1"), ("INV-2", "3E+1")]


@pytest.mark.parametrize("rest", [Rest.NEXT, Rest.CREDIT])
def test_a_rest_without_such_a_use_is_refused_and_nothing_is_written(payment, debt, reviewer, rest):
    amount = Decimal(50) if rest is Rest.NEXT else Decimal(40)

    with pytest.raises(UnusableAllocation):
        decide(payment, Line(debt.pk, amount), rest=rest, reviewer=reviewer)

    payment.refresh_from_db()
    assert (given(), Posting.objects.count(), payment.allocated) == ([], 0, 0)


def test_the_rest_of_two_clients_has_no_owner(payment, debt, reviewer):
    other = rows.invoice("INV-2", "10.00")

    for rest in (Rest.NEXT, Rest.CREDIT):
        with pytest.raises(UnusableAllocation):
            decide(payment, Line(debt.pk, Decimal(50)), Line(other.pk, Decimal(10)), rest=rest, reviewer=reviewer)
    assert given() == []


def test_without_a_choice_more_than_is_owed_is_refused(payment, debt, reviewer):
    with pytest.raises(NothingLeftToAllocate):
        decide(payment, Line(debt.pk, Decimal(60)), rest=Rest.OPEN, reviewer=reviewer)

    assert (given(), Proposal.objects.count()) == ([], 0)


def test_where_nothing_is_left_the_choice_changes_nothing(debt, reviewer):
    exact = rows.transfer("INV-1", "50.00")

    decide(exact, Line(debt.pk, Decimal(50)), rest=Rest.CREDIT, reviewer=reviewer)

    assert given() == [("INV-1", "5E+1")]
