import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from matching.models import Decision, InvoiceMatch, PayerProfile, Proposal
from matching.services import allocation, proposing, setting_aside, undoing
from matching.services.decisions import Actor, AlreadyDecided, NothingLeftToAllocate, UnusableAllocation
from payymo.shared.errors import BadInput, Conflict, NotAllowed
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Posting


def proposed(payment) -> Proposal:
    proposing.propose(receipts=[payment], now=NOW)
    return Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)


def test_approving_writes_match_posting_and_state_together(in_acme, reviewer):
    debt = rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042 hosting", "119.00")
    proposal = proposed(payment)
    assert (proposal.band, [line.amount for line in proposal.lines.all()]) == ("exact", [Decimal("119.000")])

    decided = allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)

    match = InvoiceMatch.objects.get()
    payment.refresh_from_db()
    debt.refresh_from_db()
    assert (match.invoice, match.amount, match.decision) == (debt, Decimal("119.000"), decided.decision)
    assert (payment.state, payment.allocated) == ("RECONCILED", Decimal("119.000"))
    assert (match.posting.state, match.posting.amount) == ("QUEUED", Decimal("119.000"))
    assert match.posting.not_before == NOW + timedelta(seconds=30)
    assert (debt.reserved, debt.outstanding) == (Decimal("119.000"), Decimal(0))


def test_a_proposal_is_approved_once(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    proposal = proposed(rows.transfer("INV-1042", "119.00"))
    allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)

    with pytest.raises(AlreadyDecided):
        allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)

    assert (InvoiceMatch.objects.count(), Posting.objects.count(), Decision.objects.count()) == (1, 1, 1)


def test_two_payments_of_one_debt_cannot_both_be_approved(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    first, second = rows.transfer("INV-1042", "119.00"), rows.transfer("INV-1042", "119.00", booking_date=NOW.date())
    proposing.propose(receipts=[first, second], now=NOW)
    mine = Proposal.objects.get(rank=1, bank_transaction=first)
    theirs = Proposal.objects.get(rank=1, bank_transaction=second)

    decided = allocation.approve_proposal(proposal_id=mine.public_id, actor=Actor.person(reviewer), now=NOW)
    with pytest.raises(NothingLeftToAllocate):
        allocation.approve_proposal(proposal_id=theirs.public_id, actor=Actor.person(reviewer), now=NOW)

    second.refresh_from_db()
    assert decided.stale == (str(second.public_id),)
    assert (second.allocated, second.proposed_at) == (Decimal(0), None)
    assert Posting.objects.count() == 1


def test_undo_takes_everything_back_and_the_suggestion_returns(in_acme, reviewer):
    debt = rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")
    proposal = proposed(payment)
    decided = allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)

    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    payment.refresh_from_db()
    debt.refresh_from_db()
    proposal.refresh_from_db()
    assert (payment.state, payment.allocated, debt.reserved) == ("UNRECONCILED", Decimal(0), Decimal(0))
    assert (proposal.status, proposal.rank) == ("OPEN", 1)
    assert Posting.objects.get().state == "WITHDRAWN"
    assert InvoiceMatch.objects.aggregate(sum=Sum("amount"))["sum"] == 0
    assert not PayerProfile.objects.filter(hits__gt=0).exists()


def test_undo_is_refused_once_the_posting_is_on_its_way(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")
    decided = allocation.approve_proposal(
        proposal_id=proposed(payment).public_id, actor=Actor.person(reviewer), now=NOW
    )
    Posting.objects.update(state="SENDING")

    with pytest.raises(undoing.TooLateToUndo):
        undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    payment.refresh_from_db()
    assert payment.state == "RECONCILED"
    assert (InvoiceMatch.objects.count(), Decision.objects.count()) == (1, 1)


def test_a_decision_is_undone_once(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    decided = allocation.approve_proposal(
        proposal_id=proposed(rows.transfer("INV-1042", "119.00")).public_id, actor=Actor.person(reviewer), now=NOW
    )
    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    with pytest.raises(Conflict):
        undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert InvoiceMatch.objects.count() == 2


def test_a_colleagues_decision_needs_the_right_to_undo_it(in_acme, reviewer, owner):
    rows.invoice("INV-1042", "119.00")
    decided = allocation.approve_proposal(
        proposal_id=proposed(rows.transfer("INV-1042", "119.00")).public_id, actor=Actor.person(owner), now=NOW
    )

    with pytest.raises(NotAllowed):
        undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert InvoiceMatch.objects.count() == 1


def test_a_rejected_suggestion_gives_way_and_does_not_come_back(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")
    proposal = proposed(payment)

    setting_aside.reject_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)
    proposing.propose(receipts=[payment], now=NOW)

    best = Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)
    assert [line.amount for line in best.lines.all()] != [Decimal("119.000")]
    proposal.refresh_from_db()
    assert proposal.status == "REJECTED"


def test_undoing_a_rejection_brings_the_suggestion_back_on_top(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    proposal = proposed(rows.transfer("INV-1042", "119.00"))
    decided = setting_aside.reject_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)

    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    proposal.refresh_from_db()
    assert (proposal.status, proposal.rank) == ("OPEN", 1)
    assert not PayerProfile.objects.filter(rejections__gt=0).exists()


def test_one_payment_is_split_over_two_invoices_and_the_rest_stays_open(in_acme, reviewer):
    one, two = rows.invoice("INV-1", "40.00"), rows.invoice("INV-2", "60.00")
    payment = rows.transfer("both", "120.00")

    allocation.allocate_by_hand(
        receipt_id=payment.public_id,
        lines=[allocation.Line(one.pk, Decimal(40)), allocation.Line(two.pk, Decimal(60))],
        actor=Actor.person(reviewer),
        now=NOW,
    )

    payment.refresh_from_db()
    assert (payment.state, payment.unallocated) == ("PARTLY_ALLOCATED", Decimal("20.000"))
    assert sorted(Posting.objects.values_list("amount", flat=True)) == [Decimal(40), Decimal(60)]


@pytest.mark.parametrize(
    ("amounts", "error"),
    [
        ([], UnusableAllocation),
        (["0"], UnusableAllocation),
        (["-5"], UnusableAllocation),
        (["119.01"], NothingLeftToAllocate),
        (["130"], NothingLeftToAllocate),
    ],
)
def test_a_match_by_hand_that_does_not_fit_writes_nothing(in_acme, reviewer, amounts, error):
    debt = rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("x", "125.00")

    with pytest.raises(error):
        allocation.allocate_by_hand(
            receipt_id=payment.public_id,
            lines=[allocation.Line(debt.pk, Decimal(amount)) for amount in amounts],
            actor=Actor.person(reviewer),
            now=NOW,
        )

    payment.refresh_from_db()
    debt.refresh_from_db()
    assert (payment.allocated, debt.reserved) == (Decimal(0), Decimal(0))
    assert (Decision.objects.count(), Posting.objects.count(), InvoiceMatch.objects.count()) == (0, 0, 0)


def test_currencies_do_not_mix(in_acme, reviewer):
    debt = rows.invoice("INV-1042", "119.00", currency="USD")
    payment = rows.transfer("INV-1042", "119.00")

    with pytest.raises(UnusableAllocation):
        allocation.allocate_by_hand(
            receipt_id=payment.public_id,
            lines=[allocation.Line(debt.pk, Decimal(119))],
            actor=Actor.person(reviewer),
            now=NOW,
        )

    assert InvoiceMatch.objects.count() == 0


def test_ignoring_needs_a_known_reason_and_can_be_undone(in_acme, reviewer):
    payment = rows.transfer("own transfer", "500.00")
    proposed(payment)

    with pytest.raises(BadInput):
        setting_aside.ignore_receipt(
            receipt_id=payment.public_id, reason="because", actor=Actor.person(reviewer), now=NOW
        )
    decided = setting_aside.ignore_receipt(
        receipt_id=payment.public_id, reason="own_transfer", actor=Actor.person(reviewer), now=NOW
    )
    payment.refresh_from_db()
    assert payment.state == "IGNORED"

    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)
    payment.refresh_from_db()
    assert (payment.state, payment.ignored_reason) == ("UNRECONCILED", "")


def test_a_payment_of_another_tenant_does_not_exist(in_acme, globex, reviewer):
    with context.inside(globex):
        theirs = rows.transfer("INV-1", "10.00", into=rows.account())

    with pytest.raises(LookupError):
        setting_aside.ignore_receipt(receipt_id=theirs.public_id, reason="other", actor=Actor.person(reviewer), now=NOW)

    with context.inside(globex):
        theirs.refresh_from_db()
    assert theirs.state == "UNRECONCILED"


def test_of_eight_parallel_approvals_one_wins(committed_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    proposal = proposed(rows.transfer("INV-1042", "119.00"))
    outcomes, start = [], threading.Barrier(8)

    def approve():
        try:
            start.wait(timeout=60)
            with context.inside(committed_acme):
                allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)
            outcomes.append("approved")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=approve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert sorted(outcomes) == ["approved"] + ["conflict"] * 7
    assert (Posting.objects.count(), InvoiceMatch.objects.count()) == (1, 1)
