"""Approving many suggestions in one go."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import queue_selectors
from matching.models import Decision, InvoiceMatch, PayerProfile, StripeInvoiceMatch
from matching.services import allocation, bulk, proposing
from matching.services.bulk import Chosen, Held
from matching.services.decisions import Actor
from payments.models import Dispute
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture
def payments(in_acme):
    """Three payments of a payer who is known, each with its invoice."""
    owner = rows.client()
    found = []
    for number, amount in (("INV-1", "10.00"), ("INV-2", "20.00"), ("INV-3", "30.00")):
        rows.invoice(number, amount, of=owner)
        found.append(rows.transfer(f"{number} hosting", amount))
    proposing.propose(receipts=found, now=NOW)
    for payment in found:
        allocation.learning.learn(payment, {owner.pk}, on=NOW.date())
    return found


def preview():
    return bulk.preview(proposals=queue_selectors.page(on=NOW.date()), now=NOW)


def chosen(listed):
    return [Chosen(str(row.receipt.public_id), str(row.proposal.public_id), row.version) for row in listed]


def approve(listed, user, batch=None):
    return bulk.approve_many(rows=chosen(listed), actor=Actor.person(user), batch=batch or uuid.uuid4(), now=NOW)


def test_what_is_previewed_is_approved_each_with_its_posting(payments, reviewer):
    listed = preview()

    outcome = approve(listed, reviewer)

    assert [row.held for row in listed] == [None, None, None]
    assert (len(outcome.approved), outcome.refused) == (3, ())
    assert set(Decision.objects.values_list("kind", "batch")) == {("APPROVE", outcome.batch)}
    assert sorted(Posting.objects.values_list("amount", flat=True)) == [Decimal(10), Decimal(20), Decimal(30)]
    assert bulk.sums(listed) == {"EUR": Decimal(60)}


def test_the_same_rows_again_approve_nothing(payments, reviewer):
    listed = preview()
    batch = uuid.uuid4()
    approve(listed, reviewer, batch)

    again = approve(listed, reviewer, batch)

    assert (again.approved, len(again.refused), InvoiceMatch.objects.count()) == ((), 3, 3)


def test_a_row_that_changed_stays_and_the_others_go(payments, reviewer):
    listed = preview()
    allocation.approve_proposal(proposal_id=listed[0].proposal.public_id, actor=Actor.person(reviewer), now=NOW)

    outcome = approve(listed, reviewer)

    assert (len(outcome.approved), [each.receipt_id for each in outcome.refused]) == (
        2, [str(listed[0].receipt.public_id)],
    )  # fmt: skip


def test_undoing_a_batch_takes_back_all_that_was_not_sent(payments, reviewer):
    outcome = approve(preview(), reviewer)
    sent = Posting.objects.order_by("pk").first()
    Posting.objects.filter(pk=sent.pk).update(state=Posting.State.SENDING, attempts=1)

    taken = bulk.undo_batch(batch=outcome.batch, actor=Actor.person(reviewer), now=NOW)

    assert (taken.undone, len(taken.refused)) == (2, 1)
    assert Posting.objects.filter(state="WITHDRAWN").count() == 2
    assert len(queue_selectors.page(on=NOW.date())) == 2


def test_a_colleague_does_not_undo_somebody_elses_batch(payments, reviewer, owner):
    outcome = approve(preview(), reviewer)

    taken = bulk.undo_batch(batch=outcome.batch, actor=Actor.person(owner), now=NOW)

    assert (taken.undone, len(taken.refused)) == (0, 3)


def test_the_first_payment_of_a_payer_is_held_back(payments, reviewer):
    PayerProfile.objects.all().delete()
    listed = preview()

    outcome = approve(listed, reviewer)

    assert {row.held for row in listed} == {Held.NEW_PAYER}
    assert (outcome.approved, Decision.objects.count()) == ((), 0)


def test_a_tie_is_held_back(payments):
    queue_selectors.queue(on=NOW.date()).model.objects.update(is_tie=True)

    assert {row.held for row in preview()} == {Held.TIE}


def test_a_client_with_an_open_dispute_is_held_back_until_it_is_won(payments, reviewer):
    owner = payments[0].proposals.get(rank=1).client
    charge = rows.charge("9.00")
    decision = Decision.objects.create(kind="APPROVE", source="person", stripe_payment=charge, decided_at=NOW)
    invoice = rows.invoice("INV-9", "9.00", of=owner)
    StripeInvoiceMatch.objects.create(
        stripe_payment=charge, invoice=invoice, amount=9, currency="EUR", decision=decision, allocated_at=NOW
    )
    dispute = Dispute.objects.create(
        payment=charge, dispute_id="dp_1", amount=9, currency="EUR", status="needs_response", disputed_at=NOW
    )

    assert {row.held for row in preview()} == {Held.DISPUTE}
    dispute.status = "won"
    dispute.save()
    assert {row.held for row in preview()} == {None}


def test_the_largest_of_a_hundred_payments_is_held_back(payments):
    for _ in range(120):
        rows.transfer("small", "1.00", booking_date=NOW.date())

    listed = preview()

    assert [(row.receipt.amount, row.held) for row in listed] == [(30, Held.LARGE), (20, None), (10, None)]


def test_no_suggestion_is_never_approved(in_acme, reviewer):
    payment = rows.transfer("who knows", "7.77")
    proposing.propose(receipts=[payment], now=NOW)
    listed = preview()

    assert [row.held for row in listed] == [Held.NONE]
    assert approve(listed, reviewer).approved == ()


def test_the_preview_asks_as_much_for_three_as_for_one(payments):
    proposals = queue_selectors.page(on=NOW.date())
    counts = []
    for some in (proposals[:1], proposals):
        with CaptureQueriesContext(connection) as asked:
            bulk.preview(proposals=some, now=NOW)
        counts.append([query["sql"] for query in asked])

    assert len(counts[0]) == len(counts[1]), counts[1]


def test_the_queue_by_date_goes_on_behind_its_cursor_without_losing_a_row(payments):
    rows.invoice("INV-8", "8.00", due_date=None, of=rows.client("Other"))
    late = rows.transfer("INV-8", "8.00", booking_date=(NOW - timedelta(days=90)).date())
    proposing.propose(receipts=[late], now=NOW)

    for order, first in (("oldest", late.pk), ("due", payments[0].pk), ("", None)):
        wanted = queue_selectors.QueueFilter(order=order)
        whole = [row.pk for row in queue_selectors.page(on=NOW.date(), chosen=wanted)]
        walked, cursor = [], ""
        while True:
            page = queue_selectors.page(on=NOW.date(), chosen=wanted, cursor=cursor, size=1)
            if not page:
                break
            walked.append(page[0].pk)
            cursor = queue_selectors.cursor_of(page[0], order)
        assert walked == whole
        assert len(whole) == 4
        if first:
            assert queue_selectors.page(on=NOW.date(), chosen=wanted)[0].bank_transaction_id == first


@pytest.mark.parametrize("cursor", ["x", "9_9", "0_NaN_1", "2026-13-40_x", "none_", "0_1_99999999999999999999"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(payments, cursor):
    for order in ("", "due"):
        assert (
            len(queue_selectors.page(on=NOW.date(), chosen=queue_selectors.QueueFilter(order=order), cursor=cursor))
            == 3
        )


def test_what_is_put_off_is_counted_in_no_band(payments):
    before = queue_selectors.band_counts(on=NOW.date())
    payments[0].held_until = datetime(2027, 1, 1, tzinfo=UTC).date()
    payments[0].save()

    after = queue_selectors.band_counts(on=NOW.date())

    assert sum(before.values()) - sum(after.values()) == 1
    assert len(queue_selectors.page(on=NOW.date())) == 2
