"""Answers in the shapes of WHMCS's own reference, with values of our own: `tests/samples/whmcs/shapes.json`."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from whmcs.clients import reading

SHAPES = json.loads((Path(__file__).parents[1] / "samples" / "whmcs" / "shapes.json").read_text())
READS = {
    "GetInvoices": reading.summary, "GetClients": reading.client, "GetTransactions": reading.transaction,
    "GetCredits": reading.credit, "GetCurrencies": reading.currency, "GetOrders": reading.order,
}  # fmt: skip


def plain(value):
    """As the file writes it: amounts, days and moments as texts."""
    return str(value) if isinstance(value, Decimal | date) else value


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape['action']}: {shape['variant']}")
def test_a_documented_shape_is_read(shape):
    page = reading.page(shape["answer"], *shape["wrapper"], READS[shape["action"]])

    assert page.unreadable == ()
    wanted = shape["read"]
    assert [{name: plain(getattr(row, name)) for name in wanted or ()} for row in page.rows] == (
        [wanted] if wanted else []
    )
    assert page.total == int(shape["answer"]["totalresults"])


@pytest.mark.parametrize("action", sorted(READS))
def test_every_list_that_is_read_has_a_documented_shape(action):
    assert any(shape["action"] == action for shape in SHAPES)
