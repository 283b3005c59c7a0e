"""The ageing of unmatched payments: counted back to any day, it says what would have been said on that day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching import ledger
from matching.models import Decision
from matching.services import allocation, pairing, setting_aside, settlement, undoing
from matching.services.decisions import Actor
from matching.unmatched import unmatched
from payments.models import BalanceTransaction
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.models import ReceiptState
from tests.factories import rows

FIRST = date(2026, 11, 1)
BEFORE = date(1990, 1, 1)


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def match(receipt, amount, who, on):
    debt = rows.invoice("INV-1", amount, currency=receipt.currency)
    return allocation.allocate_by_hand(
        receipt_id=receipt.public_id, lines=[allocation.Line(debt.pk, Decimal(amount))], actor=Actor.person(who),
        now=noon(on),
    ).decision  # fmt: skip


def ignore(receipt, who, on):
    return setting_aside.ignore_receipt(
        receipt_id=receipt.public_id, reason="other", actor=Actor.person(who), now=noon(on)
    ).decision


def undo(decision, who, on):
    return undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(who), now=noon(on))


def charged(amount, on, *, fee="0", currency="EUR", settled=None, **fields):
    """Make a charge and its movement of the balance, in the currency it is settled in."""
    receipt = rows.charge(amount, currency=currency, charged_at=noon(on), **fields)
    BalanceTransaction.objects.create(
        connection=receipt.connection, transaction_id=f"txn_{receipt.pk}", kind="charge", source_id=receipt.charge_id,
        amount=Decimal(amount), fee=Decimal(fee), net=Decimal(amount) - Decimal(fee), currency=settled or currency,
        available_date=on, stripe_created_at=noon(on),
    )  # fmt: skip
    return receipt


def totals(day):
    return {(row.kind, row.source, row.currency): row.total for row in unmatched(on=day) if row.total}


def test_each_payment_is_in_the_column_of_the_days_it_waited(in_acme):
    day = date(2026, 11, 30)
    for amount, waited in (("1", 0), ("2", 7), ("4", 8), ("8", 30), ("16", 31), ("32", 60), ("64", 90), ("128", 91)):
        rows.transfer("x", amount, booking_date=day - timedelta(days=waited))
    rows.transfer("later", "900", booking_date=day + timedelta(days=1))
    rows.transfer("went out", "-900", booking_date=day)

    [row] = unmatched(on=day)

    assert row.buckets == (3, 12, 48, 64, 128)
    assert (row.total, row.count, row.still, row.oldest) == (255, 8, 255, day - timedelta(days=91))


def test_what_was_decided_since_was_unmatched_then(in_acme, reviewer):
    whole, part = (rows.transfer("x", amount, booking_date=FIRST) for amount in ("10", "20"))
    match(whole, "10", reviewer, FIRST + timedelta(days=2))
    match(part, "5", reviewer, FIRST + timedelta(days=1))

    found = [unmatched(on=FIRST + timedelta(days=ago))[0] for ago in (0, 1, 2)]

    assert [(row.total, row.count, row.still) for row in found] == [(30, 2, 15), (25, 2, 15), (15, 1, 15)]


def test_what_was_taken_back_since_was_matched_then(in_acme, reviewer):
    taken = rows.transfer("x", "10", booking_date=FIRST)
    decision = match(taken, "10", reviewer, FIRST)
    undo(decision, reviewer, FIRST + timedelta(days=3))

    assert [totals(FIRST + timedelta(days=ago)) for ago in (2, 3)] == [{}, {("bank", taken.account_id, "EUR"): 10}]
    [row] = unmatched(on=FIRST)
    assert (row.total, row.count, row.still, row.oldest) == (0, 0, 10, None)


def test_what_was_set_aside_is_not_waiting_and_is_again_once_taken_up(in_acme, reviewer):
    receipt = rows.transfer("x", "10", booking_date=FIRST)
    first = ignore(receipt, reviewer, FIRST + timedelta(days=1))
    undo(first, reviewer, FIRST + timedelta(days=3))
    ignore(receipt, reviewer, FIRST + timedelta(days=5))

    assert [bool(totals(FIRST + timedelta(days=ago))) for ago in range(7)] == [
        True, False, False, True, True, False, False,
    ]  # fmt: skip


def test_what_was_put_off_waits_all_the_same(in_acme, reviewer):
    receipt = rows.transfer("x", "10", booking_date=FIRST)
    setting_aside.hold_receipt(
        receipt_id=receipt.public_id, until=FIRST + timedelta(days=9), actor=Actor.person(reviewer), now=noon(FIRST)
    )

    assert totals(FIRST) == {("bank", receipt.account_id, "EUR"): 10}


def test_a_payout_waits_until_it_is_found(in_acme, reviewer):
    entry, payout = rows.transfer("x", "10", booking_date=FIRST), rows.payout("10")
    [row] = settlement.settle(
        payout_ids=[payout.public_id], receipt_id=entry.public_id, actor=Actor.person(reviewer),
        now=noon(FIRST + timedelta(days=1)),
    )  # fmt: skip
    undo(row.decision, reviewer, FIRST + timedelta(days=3))

    assert [bool(totals(FIRST + timedelta(days=ago))) for ago in range(4)] == [True, False, False, True]


def test_both_sides_of_an_own_transfer_wait_until_they_are_paired(in_acme):
    told = {"end_to_end_id": "E2E-1"}
    rows.transfer("Invoice INV-204 hosting", "50", booking_date=FIRST, **told)
    rows.transfer("Return AC04", "-50", return_sign="bank", booking_date=FIRST + timedelta(days=1), **told)
    assert pairing.pair_found(now=noon(FIRST + timedelta(days=2)))["returns"] == 1

    assert [bool(totals(FIRST + timedelta(days=ago))) for ago in range(4)] == [True, True, False, False]


def test_a_test_charge_that_was_set_aside_without_a_decision_never_waited(in_acme):
    charged("10", FIRST, state=ReceiptState.IGNORED, ignored_reason="test mode")

    assert unmatched(on=FIRST) == []


def test_a_charge_settled_in_another_currency_counts_until_all_of_it_is_matched(in_acme, reviewer):
    receipt = charged("10", FIRST, settled="USD")
    match(receipt, "4", reviewer, FIRST)
    match(receipt, "6", reviewer, FIRST + timedelta(days=1))

    assert totals(FIRST) == {("stripe", receipt.connection_id, "USD"): 10}
    assert totals(FIRST + timedelta(days=1)) == {}


def test_a_day_ends_where_the_company_is(in_acme, reviewer):
    in_acme.time_zone = "Pacific/Auckland"
    receipt = rows.transfer("x", "10", booking_date=FIRST)
    # Noon in UTC is the next day there.
    match(receipt, "10", reviewer, FIRST)

    assert (len(totals(FIRST)), len(totals(FIRST + timedelta(days=1)))) == (1, 0)


def test_queries_do_not_grow(in_acme, reviewer):
    def fill():
        for place in range(4):
            into = rows.account()
            match(rows.transfer("x", "10", booking_date=FIRST, into=into), "9", reviewer, FIRST + timedelta(days=place))
            charged("10", FIRST)

    fill()
    with CaptureQueriesContext(
        connection,
    ) as few:
        unmatched(on=FIRST)
    fill()
    with CaptureQueriesContext(connection) as many:
        assert len(unmatched(on=FIRST)) == 9

    assert len(many) == len(few) == 4


acts = st.lists(
    st.tuples(
        st.sampled_from(["bank", "charge", "match", "part", "ignore", "hold", "settle", "undo", "undo"]),
        st.integers(0, 5),
        st.integers(1, 90_000).map(lambda minor: Decimal(minor) / 100), st.integers(0, 2), st.booleans(),
    ),
    max_size=16,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_any_day_is_told_later_as_it_was_told_then_and_as_the_statement_tells_it(in_acme, reviewer, acts):
    with transaction.atomic():
        accounts = [rows.account(), rows.account("GBP")]
        told, day = {}, FIRST
        receipts = [rows.transfer("x", "7", into=accounts[0], booking_date=FIRST), charged("9", FIRST)]
        for act, place, amount, later, is_other in acts:
            for _ in range(later):
                told[day] = totals(day)
                day += timedelta(days=1)
            if act == "bank":
                into = accounts[is_other]
                received = day - timedelta(days=place * 20)
                one = rows.transfer("x", amount, into=into, currency=into.currency, booking_date=received)
                # What comes late belongs to its own day: what was told before did not know of it.
                told = {when: sums for when, sums in told.items() if when < received}
                receipts.append(one)
            elif act == "charge":
                receipts.append(charged(amount, day, fee="0.01", settled="USD" if is_other else None))
            elif receipts:
                with transaction.atomic():
                    _decide(act, receipts[place % len(receipts)], reviewer, day)
        told[day] = totals(day)

        assert {when: totals(when) for when in told} == told
        for when in {*told, FIRST - timedelta(days=50)}:
            stated = {
                (line.kind, line.account, line.currency): line.unmatched
                for line in ledger.statement(since=BEFORE, until=when)
                if line.unmatched
            }
            assert sorted(stated.values()) == sorted(row.still for row in unmatched(on=when) if row.still)
            assert all(sum(row.buckets) == row.total for row in unmatched(on=when))
        transaction.set_rollback(True)


def _decide(act, receipt, who, day):
    """Do what is asked where it can be done; what is refused leaves nothing behind."""
    receipt.refresh_from_db()
    try:
        with transaction.atomic():
            if act == "ignore":
                ignore(receipt, who, day)
            elif act == "hold":
                setting_aside.hold_receipt(
                    receipt_id=receipt.public_id, until=day + timedelta(days=3), actor=Actor.person(who), now=noon(day)
                )
            elif act == "settle":
                payout = rows.payout(receipt.amount, currency=receipt.currency)
                settlement.settle(
                    payout_ids=[payout.public_id], receipt_id=receipt.public_id, actor=Actor.person(who), now=noon(day)
                )
            elif act == "undo":
                about = {"stripe_payment": receipt} if hasattr(receipt, "charge_id") else {"bank_transaction": receipt}
                living = Decision.objects.filter(undone_by=None, **about).exclude(kind="UNDO")
                if latest := living.order_by("-pk").first():
                    undo(latest, who, day)
            elif receipt.unallocated:
                wanted = receipt.unallocated / 2 if act == "part" else receipt.unallocated
                match(receipt, max(round(wanted, 2), Decimal("0.01")), who, day)
    except (BadInput, Conflict):
        pass


@pytest.mark.parametrize("kind", ["bank", "charge"])
def test_one_payment_through_everything(in_acme, reviewer, kind):
    receipt = rows.transfer("x", "10", booking_date=FIRST) if kind == "bank" else charged("10", FIRST)
    days = [FIRST + timedelta(days=ago) for ago in range(6)]
    undo(match(receipt, "10", reviewer, days[1]), reviewer, days[2])
    undo(ignore(receipt, reviewer, days[3]), reviewer, days[4])
    match(receipt, "3", reviewer, days[5])

    assert [sum(totals(day).values()) for day in days] == [10, 0, 10, 0, 10, 7]
