"""Cash received: the picture tells sources of one name apart."""

import uuid
from datetime import date
from decimal import Decimal

from matching.cash import Received
from payymo.dashboard.reports.cash_received import charts


def came_in(kind, name):
    ten, nothing = Decimal(10), Decimal(0)
    return Received(date(2026, 11, 1), kind, uuid.uuid4(), name, "EUR", 1, ten, nothing, nothing)


def test_two_gateways_of_one_name_are_told_apart_in_the_picture():
    found = [came_in("bank", "Current"), came_in("stripe", "Acme"), came_in("gocardless", "Acme")]

    (chart,) = charts(found, ["EUR"])

    assert sorted(chart.series) == ["Acme (GoCardless)", "Acme (Stripe)", "Current"]
