"""What clients owe, by how long it has been due."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import rows
from tests.factories.rows import TODAY
from whmcs import ageing

pytestmark = pytest.mark.usefixtures("in_acme")


def owed(days, amount="10.00", **fields):
    return rows.invoice(f"INV-{days}-{amount}", amount, due_date=TODAY - timedelta(days=days), **fields)


@pytest.mark.parametrize(
    ("days", "bucket"), [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)]
)
def test_the_day_decides_the_bucket(days, bucket):
    owed(days)

    [found] = ageing.by_client(on=TODAY)

    assert found.buckets == tuple(Decimal("10.000") if place == bucket else 0 for place in range(5))
    assert (found.total, found.count, found.oldest) == (10, 1, TODAY - timedelta(days=days))


def test_only_what_is_open_and_not_on_its_way_is_owed():
    owed(5, "100.00", reserved=Decimal("40.00"))
    owed(5, "50.00", status="Paid")
    owed(5, "60.00", status="Draft")
    owed(5, "70.00", reserved=Decimal("70.00"))
    owed(5, "80.00", is_mass_payment=True)

    [found] = ageing.by_currency(on=TODAY)

    assert (found.total, found.count) == (60, 1)


def test_without_a_due_date_the_day_of_issue_counts():
    rows.invoice("INV-1", "10.00", due_date=None, issue_date=TODAY - timedelta(days=45))

    [found] = ageing.by_client(on=TODAY)

    assert found.buckets[2] == 10


def test_currencies_stay_apart_and_the_largest_debt_is_first():
    small, large = rows.client("Small"), rows.client("Large")
    owed(1, "5.00", of=small)
    owed(1, "7.00", of=large)
    owed(1, "9.00", of=large, currency="USD")

    assert [(one.client, one.currency, one.total) for one in ageing.by_client(on=TODAY)] == [
        ("Large", "EUR", 7), ("Small", "EUR", 5), ("Large", "USD", 9),
    ]  # fmt: skip
    assert [(one.currency, one.total) for one in ageing.by_currency(on=TODAY)] == [("EUR", 12), ("USD", 9)]


def test_what_is_being_read_again_is_counted_and_said():
    owed(1, needs_reading=True)
    owed(2)

    assert ageing.waiting_to_be_read() == 1
    assert ageing.by_currency(on=TODAY)[0].count == 2


def test_many_clients_cost_one_query():
    for _ in range(5):
        owed(3)

    with CaptureQueriesContext(connection) as queries:
        assert len(list(ageing.by_client(on=TODAY))) == 5

    assert len(queries) == 1
