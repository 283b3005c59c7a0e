from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.models import AutoApprovalPolicy, Decision, Proposal, StripeInvoiceMatch
from matching.services import allocation, booked, booked_transfers, policy, proposing, requeueing, undoing
from matching.services.decisions import Actor
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Invoice, Posting, WhmcsTransaction


def test_the_same_run_twice_changes_nothing(in_acme):
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00")
    first = proposing.propose(receipts=proposing.waiting(), now=NOW)
    before = list(Proposal.objects.values_list("pk", flat=True))

    again = proposing.propose(receipts=proposing.since(NOW.date().replace(day=1)), now=NOW)

    assert (len(first.changed), again.changed) == (1, [])
    assert list(Proposal.objects.values_list("pk", flat=True)) == before
    assert proposing.waiting() == []


def test_a_dry_run_says_what_would_change_and_writes_nothing(in_acme):
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")

    outcome = proposing.propose(receipts=[payment], now=NOW, dry_run=True)

    assert outcome.changed == [str(payment.public_id)]
    assert Proposal.objects.count() == 0


def test_a_new_invoice_lets_the_engine_look_again(in_acme):
    payment = rows.transfer("INV-1042", "119.00")
    proposing.propose(receipts=proposing.waiting(), now=NOW)
    assert Proposal.objects.get().band == "none"

    rows.invoice("INV-1042", "119.00")
    requeueing.requeue_for_changed_invoices(now=NOW)
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    best = Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)
    assert best.band == "exact"
    assert not Invoice.objects.filter(matched_at=None).exists()


def test_money_that_left_is_set_aside(in_acme):
    rows.transfer("rent", "-900.00")

    assert proposing.set_outgoing_aside(now=NOW) == 1
    assert proposing.waiting() == []


def test_two_clients_with_the_same_price_are_no_certainty(in_acme):
    rows.invoice("INV-1", "9.99", of=rows.client("Alpha GmbH"))
    rows.invoice("INV-2", "9.99", of=rows.client("Beta GmbH"))
    rows.transfer("hosting", "9.99", name="Gamma Ltd")

    proposing.propose(receipts=proposing.waiting(), now=NOW)

    best = Proposal.objects.get(rank=1)
    assert best.band != "exact"
    assert not best.is_certain


def _policy(**fields):
    account = rows.account()
    row = AutoApprovalPolicy.objects.create(
        is_on=True, bands=["exact"], least_probability=fields.pop("least_probability", 0.9), **fields
    )
    row.bank_accounts.set([account.pk])
    return account


def test_the_policy_is_off_by_default(in_acme):
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00")
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    assert policy.auto_approve(now=NOW).approved == 0
    assert Posting.objects.count() == 0


def test_the_policy_approves_a_certain_payment_of_its_accounts(in_acme):
    account = _policy()
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00", into=account)
    proposing.propose(receipts=proposing.waiting(), now=NOW)
    assert Proposal.objects.get(rank=1).is_certain

    assert policy.auto_approve(now=NOW).approved == 1

    decision = Decision.objects.get()
    assert (decision.source, decision.decided_by_id) == ("policy", None)
    assert Posting.objects.get().state == "QUEUED"


@pytest.mark.parametrize("limit", ["118.99", "1.00"])
def test_the_policy_stops_above_its_amount(in_acme, limit):
    account = _policy(largest_amount=Decimal(limit))
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00", into=account)
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    assert policy.auto_approve(now=NOW).approved == 0


@pytest.fixture
def certain(in_acme):
    """A payment that the policy would approve, and its invoice."""
    account = _policy()
    debt = rows.invoice("INV-1042", "119.00")
    row = rows.transfer("INV-1042", "119.00", into=account)
    proposing.propose(receipts=proposing.waiting(), now=NOW)
    return row, debt


def test_the_policy_skips_an_invoice_for_which_whmcs_waits_for_a_payment(certain):
    _, debt = certain
    debt.status = "Payment Pending"
    debt.save(update_fields=["status"])

    assert policy.auto_approve(now=NOW) == policy.PolicyOutcome(approved=0, left=0)
    assert Posting.objects.count() == 0


def test_an_invoice_that_became_pending_meanwhile_is_refused_under_its_lock(certain, reviewer):
    _, debt = certain
    proposal = Proposal.objects.get(rank=1)
    debt.status = "Payment Pending"
    debt.save(update_fields=["status"])

    with pytest.raises(allocation.PaymentPending):
        allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.policy(), now=NOW)
    assert (Decision.objects.count(), Posting.objects.count()) == (0, 0)
    allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)
    assert Posting.objects.count() == 1


def test_what_a_person_took_back_is_not_approved_again_by_the_policy(certain, reviewer):
    row, _ = certain
    assert policy.auto_approve(now=NOW).approved == 1
    undoing.undo_decision(
        decision_id=Decision.objects.get().public_id, actor=Actor.person(reviewer), now=NOW, may_undo_others=True
    )

    assert policy.auto_approve(now=NOW).approved == 0
    row.refresh_from_db()
    assert row.state == "UNRECONCILED"


def test_the_policy_leaves_other_accounts_alone(in_acme):
    _policy()
    other = rows.account()
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00", into=other)
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    assert policy.auto_approve(now=NOW).approved == 0


def test_a_charge_that_whmcs_booked_is_linked_and_never_posted(in_acme):
    debt = rows.invoice("INV-7", "23.79", status="Paid")
    charge = rows.charge("23.79", payment_intent_id="pi_7")
    WhmcsTransaction.objects.create(
        instance=debt.instance,
        whmcs_id=5,
        invoice=debt,
        gateway="stripe",
        amount_in=Decimal("23.79"),
        transaction_id="pi_7",
    )

    assert booked.link_booked_charges(now=NOW) == 1
    assert booked.link_booked_charges(now=NOW) == 0

    charge.refresh_from_db()
    posting = Posting.objects.get()
    assert (charge.state, posting.kind, posting.state) == ("RECONCILED", "LINK", "POSTED")
    assert StripeInvoiceMatch.objects.get().invoice == debt


def test_what_whmcs_did_not_book_of_a_charge_is_looked_at_again(in_acme):
    debt = rows.invoice("INV-7", "66.00")
    charge = rows.charge("66.00", payment_intent_id="pi_7")
    proposing.propose(receipts=[charge], now=NOW)
    WhmcsTransaction.objects.create(
        instance=debt.instance, whmcs_id=5, invoice=debt, gateway="stripe", amount_in=Decimal(60), transaction_id="pi_7"
    )

    assert booked.link_booked_charges(now=NOW) == 1

    assert [row.unallocated for row in proposing.waiting()] == [Decimal(6)]


def test_the_rest_of_an_approved_payment_is_looked_at_again(in_acme, reviewer):
    rows.invoice("INV-1042", "100.00")
    payment = rows.transfer("INV-1042", "119.00")
    proposing.propose(receipts=[payment], now=NOW)
    best = Proposal.objects.get(rank=1, status="OPEN")

    allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)

    assert [row.unallocated for row in proposing.waiting()] == [Decimal(19)]


def test_the_queries_of_the_queue_do_not_grow_with_its_rows(in_acme):
    from matching import queue_selectors

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            for row in queue_selectors.queue(on=NOW.date()):
                list(row.lines.all())
        return len(queries)

    for number in range(2):
        rows.invoice(f"INV-{number + 100}", "50.00")
        rows.transfer(f"INV-{number + 100}", "50.00")
    proposing.propose(receipts=proposing.waiting(), now=NOW)
    few = cost()
    for number in range(10):
        rows.invoice(f"INV-{number + 200}", "60.00")
        rows.transfer(f"INV-{number + 200}", "60.00")
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    assert cost() == few


def _booked_by_hand(debt, amount, day, serial=1):
    return WhmcsTransaction.objects.create(
        instance=debt.instance,
        whmcs_id=serial,
        invoice=debt,
        gateway="banktransfer",
        amount_in=Decimal(amount),
        booked_at=f"{day} 10:00:00",
        transaction_id="KTO 18.11.",
    )


def test_a_transfer_that_somebody_booked_in_whmcs_is_linked_and_never_posted(in_acme):
    debt = rows.invoice("RE-2026-05696", "5.83", status="Paid")
    _booked_by_hand(debt, "5.83", "2026-11-19")
    payment = rows.transfer("Re RE-2026-05696 vom 20.10.2026", "5.83")

    assert booked_transfers.link_booked_transfers(now=NOW) == 1
    assert booked_transfers.link_booked_transfers(now=NOW) == 0

    payment.refresh_from_db()
    posting = Posting.objects.get()
    assert (payment.state, posting.kind, posting.state) == ("RECONCILED", "LINK", "POSTED")


@pytest.mark.parametrize(
    ("text", "amount", "day"),
    [
        ("hosting", "5.83", "2026-11-19"),
        ("Re RE-2026-05696", "5.84", "2026-11-19"),
        ("Re RE-2026-05696", "5.83", "2026-10-01"),
    ],
)
def test_a_transfer_that_only_resembles_a_booking_is_left_alone(in_acme, text, amount, day):
    debt = rows.invoice("RE-2026-05696", "5.83", status="Paid", of=rows.client("Alpha GmbH"))
    _booked_by_hand(debt, "5.83", day)
    rows.transfer(text, amount, name="Somebody Else")

    assert booked_transfers.link_booked_transfers(now=NOW) == 0
    assert Posting.objects.count() == 0


def test_two_transfers_for_one_booking_are_left_for_a_person(in_acme):
    debt = rows.invoice("RE-2026-05696", "5.83", status="Paid")
    _booked_by_hand(debt, "5.83", "2026-11-19")
    rows.transfer("RE-2026-05696", "5.83")
    rows.transfer("RE-2026-05696", "5.83")

    assert booked_transfers.link_booked_transfers(now=NOW) == 0
