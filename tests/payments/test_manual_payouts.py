"""Payouts without items: explained by what became available, with what is left carried on."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments.adapters import equation_of
from payments.core.payout_sum import Part
from payments.models import BalanceTransaction, Payout
from payments.services.manual_payouts import explain_manual, movements_behind
from tests.factories import rows

START = datetime(2026, 11, 2, 3, tzinfo=UTC)
_serial = count(1)


def available(net, *, day, fee="0", kind="charge", category="charge", source_id="", currency="EUR"):
    net, fee = Decimal(net), Decimal(fee)
    return BalanceTransaction.objects.create(
        connection=rows.stripe_connection(), transaction_id=f"txn_m{next(_serial)}", kind=kind,
        reporting_category=category, source_id=source_id or f"ch_m{next(_serial)}", amount=net + fee, fee=fee, net=net,
        currency=currency, stripe_created_at=START, available_date=(START + timedelta(days=day)).date(),
    )  # fmt: skip


def sent(amount, *, day, hours=0, **fields):
    at = START + timedelta(days=day, hours=hours)
    return rows.payout(
        amount, automatic=False, stripe_created_at=at, reconciliation_status="not_applicable",
        arrival_date=at.date() + timedelta(days=1), **fields,
    )  # fmt: skip


def explained(payout):
    explain_manual(rows.stripe_connection(), now=START + timedelta(days=10))
    payout.refresh_from_db()
    return payout


def test_what_became_available_since_the_payout_before_are_its_items(in_acme):
    charge = rows.charge("50.00", charge_id="ch_paid_out")
    available("48.00", day=0, fee="2.00", source_id="ch_paid_out")
    available("-10.00", day=1, kind="refund", category="refund")
    available("70.00", day=2)

    payout = explained(sent("38.00", day=1))

    charge.refresh_from_db()
    assert (payout.items_inferred, payout.items_complete, payout.items_difference) == (True, True, 0)
    assert (payout.items.count(), charge.payout) == (2, payout)
    equation = equation_of(payout)
    assert (equation.part(Part.CHARGES), equation.part(Part.FEES), equation.part(Part.REFUNDS)) == (50, -2, -10)


def test_a_rest_stays_in_the_balance_and_the_next_payout_takes_it(in_acme):
    available("100.00", day=0)
    first, second = sent("60.00", day=0), sent("40.00", day=0, hours=5)
    available("30.00", day=3)
    third = sent("30.00", day=3)

    for payout in (first, second, third):
        explained(payout)

    assert (first.carried_in, first.carried_out, first.items_difference, first.items_complete) == (0, 40, 0, False)
    assert (second.carried_in, second.carried_out, second.items_difference) == (40, 0, 0)
    assert (third.carried_in, third.items_inferred) == (0, True)
    assert movements_behind(first).count() == 1
    assert [equation_of(payout).difference for payout in (first, second, third)] == [-40, 0, 0]


def test_a_payout_beyond_what_is_known_says_how_much(in_acme):
    available("100.00", day=0)

    payout = explained(sent("120.00", day=0))

    assert (payout.items_difference, payout.carried_out, payout.items_complete) == (20, 0, False)


def test_a_movement_that_comes_late_explains_it_after_all(in_acme):
    payout = explained(sent("120.00", day=0))
    available("120.00", day=0)

    assert (explained(payout).items_difference, payout.items_inferred) == (0, True)


def test_the_fee_of_an_instant_payout_is_part_of_the_sum(in_acme):
    available("100.00", day=0)
    payout = sent("99.00", day=0, method="instant")
    BalanceTransaction.objects.create(
        connection=rows.stripe_connection(), transaction_id="txn_instant", kind="payout", reporting_category="payout",
        source_id=payout.payout_id, amount=-99, fee=1, net=-100, currency="EUR", stripe_created_at=START,
        available_date=START.date(),
    )  # fmt: skip

    explained(payout)

    assert (payout.fee, payout.items_difference, payout.items_inferred) == (1, 0, True)


def test_another_currency_and_items_of_other_payouts_are_left_alone(in_acme):
    available("100.00", day=0, currency="USD")
    taken = available("70.00", day=0)
    BalanceTransaction.objects.filter(pk=taken.pk).update(payout=rows.payout("70.00"))
    available("20.00", day=0)

    payout = explained(sent("20.00", day=0))

    assert (payout.items.get().net, payout.items_difference) == (20, 0)


def test_the_money_of_a_failed_payout_is_in_the_next_one(in_acme):
    available("100.00", day=0)
    failed = explained(sent("100.00", day=0, status="failed"))
    available("100.00", day=4, kind="payout_failure", category="payout_reversal", source_id=failed.payout_id)

    again = explained(sent("100.00", day=5))

    assert (failed.items_inferred, failed.items_difference, again.items_inferred) == (False, 0, True)
    assert equation_of(again).part(Part.RETURNED_PAYOUTS) == 100


def test_old_explanations_are_left_as_they_are(in_acme):
    payout = explained(sent("120.00", day=0))
    available("120.00", day=0)

    assert explain_manual(rows.stripe_connection(), now=START + timedelta(days=60)) == 0
    payout.refresh_from_db()
    assert payout.items_difference == 120


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(-40, 90), st.integers(0, 5)), max_size=8),
    st.lists(st.tuples(st.integers(1, 120), st.integers(0, 5)), max_size=5),
)
def test_no_money_is_lost_or_explained_twice(in_acme, movements, payouts):
    BalanceTransaction.objects.all().delete()
    Payout.objects.all().delete()
    for net, day in movements:
        available(str(net), day=day)
    made = [sent(str(amount), day=day) for amount, day in payouts]
    explain_manual(rows.stripe_connection(), now=START + timedelta(days=10))

    chain = list(Payout.objects.order_by("stripe_created_at", "pk"))
    reached = max((one.stripe_created_at.date() for one in chain), default=None)
    known = sum(
        (one.net for one in BalanceTransaction.objects.all() if reached is not None and one.available_date <= reached),
        Decimal(0),
    )
    paid, missing = sum(one.amount for one in chain), sum(one.items_difference for one in chain)
    left = chain[-1].carried_out if chain else Decimal(0)
    assert len(made) == len(chain)
    assert known + missing == paid + left
    for payout in chain:
        equation = equation_of(payout)
        assert equation.difference == payout.items_difference - payout.carried_out
