"""What was owed on a day that is past: counted back, it is what the ageing said on that day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import rows
from tests.factories.rows import TODAY
from whmcs import ageing, owed_then
from whmcs.models import CreditMovement, Invoice, Posting, WhmcsTransaction

pytestmark = pytest.mark.usefixtures("in_acme")
THEN = TODAY - timedelta(days=10)
EARLY, LATE = THEN - timedelta(days=3), THEN + timedelta(days=3)


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def invoice(amount="100.00", *, balance=None, **fields):
    fields = {"due_date": THEN, "issue_date": THEN - timedelta(days=20), "total": Decimal(amount), **fields}
    return rows.invoice("INV-1", amount if balance is None else balance, **fields)


def paid(debt, amount, day, *, out="0"):
    number = WhmcsTransaction.objects.count() + 1
    WhmcsTransaction.objects.create(
        instance=debt.instance, whmcs_id=number, invoice=debt, gateway="banktransfer", amount_in=Decimal(amount),
        amount_out=Decimal(out), booked_at=f"{day} 12:00:00",
    )  # fmt: skip


def credited(debt, amount, day):
    number = CreditMovement.objects.count() + 1
    CreditMovement.objects.create(
        instance=debt.instance,
        client=debt.client,
        whmcs_id=number,
        booked_on=day,
        amount=-Decimal(amount),
        invoice=debt,
    )


def on_its_way(debt, amount, day, state="QUEUED"):
    Posting.objects.create(
        instance=debt.instance, invoice=debt, amount=Decimal(amount), currency=debt.currency, paid_at=noon(day),
        gateway="banktransfer", transaction_id=f"t{Posting.objects.count()}", state=state, not_before=noon(day),
    )  # fmt: skip
    Invoice.objects.filter(pk=debt.pk).update(reserved=Decimal(amount))


def then():
    return sum(row.total for row in owed_then.by_currency(on=THEN))


def test_what_came_later_was_still_owed_and_what_came_before_was_not():
    debt = invoice(balance="50.00")
    paid(debt, "20.00", EARLY)
    paid(debt, "30.00", LATE)

    assert then() == 80


def test_what_was_paid_since_was_owed_less_what_had_come():
    debt = invoice(balance="0", status="Paid", paid_at=noon(LATE))
    paid(debt, "40.00", EARLY)
    paid(debt, "60.00", LATE)

    assert then() == 60


def test_what_was_paid_by_then_owed_nothing():
    invoice(balance="0", status="Paid", paid_at=noon(EARLY))

    assert then() == 0


def test_what_was_marked_as_paid_without_money_was_owed_until_then():
    invoice(balance="0", status="Paid", paid_at=noon(LATE))

    assert then() == 100


def test_a_payment_of_before_that_was_booked_later_counts_on_its_own_day():
    debt = invoice(balance="0", status="Paid", paid_at=noon(LATE))
    paid(debt, "100.00", EARLY)

    assert then() == 0


def test_what_is_on_its_way_counts_on_the_day_of_the_payment():
    on_its_way(invoice(), "30.00", EARLY)
    assert then() == 70

    on_its_way(invoice(), "30.00", LATE)
    assert then() == 170


def test_a_posting_that_ended_says_nothing_of_its_own():
    debt = invoice()
    on_its_way(debt, "30.00", LATE, state="WITHDRAWN")
    Invoice.objects.filter(pk=debt.pk).update(reserved=0)

    assert then() == 100


def test_credit_that_was_used_later_was_still_owed():
    # WHMCS's total and balance are without the credit.
    debt = invoice("60.00", credit=Decimal("40.00"))
    credited(debt, "40.00", LATE)
    assert then() == 100

    CreditMovement.objects.update(booked_on=EARLY)
    assert then() == 60


def test_an_invoice_never_owed_more_than_it_was_worth():
    debt = invoice(balance="90.00")
    paid(debt, "70.00", LATE)

    assert then() == 100


@pytest.mark.parametrize(
    "fields",
    [{"issue_date": LATE}, {"status": "Draft"}, {"is_mass_payment": True}, {"status": "Cancelled", "balance": "0"}],
)
def test_what_was_no_debt_then_is_none(fields):
    invoice(**fields)

    assert then() == 0


@pytest.mark.parametrize(("touched", "count"), [("", 1), (f"{LATE} 08:00:00", 1), (f"{EARLY} 08:00:00", 0)])
def test_what_was_cancelled_is_told_unless_nothing_touched_it_since(touched, count):
    invoice(balance="0", status="Cancelled", remote_updated_at=touched)
    invoice(balance="0", status="Cancelled", remote_updated_at=touched, issue_date=LATE)

    assert [(row.count, row.total) for row in owed_then.cancelled_since(on=THEN)] == [(1, 100)] * count


def test_days_are_counted_from_the_due_date_to_that_day_and_currencies_stay_apart():
    small, large = rows.client("Small"), rows.client("Large")
    invoice("5.00", of=small)
    invoice("7.00", of=large, due_date=THEN - timedelta(days=31))
    invoice("9.00", of=large, currency="USD", due_date=THEN + timedelta(days=1))

    found = list(owed_then.by_client(on=THEN))

    assert [(row.client, row.currency, row.buckets, row.total) for row in found] == [
        ("Large", "EUR", (0, 0, 7, 0, 0), 7), ("Small", "EUR", (5, 0, 0, 0, 0), 5),
        ("Large", "USD", (9, 0, 0, 0, 0), 9),
    ]  # fmt: skip


def test_many_invoices_cost_one_query():
    for _ in range(5):
        paid(invoice(balance="0", status="Paid", paid_at=noon(LATE)), "100.00", LATE)

    with CaptureQueriesContext(connection) as queries:
        assert len(list(owed_then.by_client(on=THEN))) == 5

    assert len(queries) == 1


acts = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["pay", "pay all", "credit"]), st.integers(0, 2)), max_size=9
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_any_day_is_told_later_as_it_was_told_then(acts):
    with transaction.atomic():
        day, told = EARLY, {}
        debts = [invoice(), invoice("7.00", due_date=EARLY - timedelta(days=40)), invoice("9.00", currency="USD")]
        for place, act, later in acts:
            for _ in range(later):
                told[day] = ageing.by_currency(on=day)
                day += timedelta(days=1)
            _happens(Invoice.objects.get(pk=debts[place % 3].pk), act, day)
        told[day] = ageing.by_currency(on=day)

        assert {when: owed_then.by_currency(on=when) for when in told} == told
        transaction.set_rollback(True)


def _happens(debt, act, day):
    """Do in the mirror what WHMCS does: a credit lowers total and balance, a payment the balance alone."""
    amount = debt.balance if act == "pay all" else min(debt.balance, Decimal("2.50"))
    if not amount:
        return
    if act == "credit":
        credited(debt, amount, day)
        debt.total, debt.credit = debt.total - amount, debt.credit + amount
    else:
        paid(debt, amount, day)
    debt.balance -= amount
    if not debt.balance:
        debt.status, debt.paid_at = Invoice.Status.PAID, noon(day)
    debt.save()
