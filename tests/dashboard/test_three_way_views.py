"""The three-way check as a page and as a table."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.factories import rows
from tests.factories.rows import NOW, TODAY
from whmcs.models import WhmcsTransaction

DAYS = f"from={TODAY - timedelta(days=20)}&to={TODAY}"


@pytest.fixture
def charges(in_acme):
    """A charge that WHMCS does not show, and one on which it shows another fee."""
    lost = rows.charge("50.00", name="Anna Kowalska", charged_at=NOW - timedelta(days=1))
    payout = rows.payout("48.00")
    wrong = rows.charge("50.00", fee=Decimal("1.00"), settlement_currency="EUR", payout=payout)
    debt = rows.invoice("INV-9", "0.00", total=Decimal("50.00"), status="Paid")
    WhmcsTransaction.objects.create(
        instance=debt.instance, whmcs_id=9, invoice=debt, gateway="stripe", booked_at=f"{TODAY} 10:00:00",
        amount_in=50, transaction_id=wrong.charge_id,
    )  # fmt: skip
    return lost, wrong, debt, payout


def page_of(browser, query):
    answer = browser.get(f"/reports/three-way/?{query}")
    assert answer.status_code == 200
    return answer.context["page"]


def test_the_lists_with_their_counts_and_the_rows_of_one(as_viewer, charges):
    lost, _, _, payout = charges

    first = page_of(as_viewer, DAYS)
    fees = page_of(as_viewer, f"{DAYS}&list=fee_differs")

    assert {one.title: one.count for one in first.lists} == {
        "Captured, but the invoice is unpaid": "1", "Paid in WHMCS, but no charge": "0",
        "WHMCS shows another amount": "0", "WHMCS shows another fee": "1", "In no payout yet": "1",
        "Refund not in WHMCS": "0",
    }  # fmt: skip
    [row] = first.rows
    assert (row.stripe_note, row.stripe, row.next_url) == (
        "Anna Kowalska", lost.charge_id, f"/review/{lost.public_id}/",
    )  # fmt: skip
    [row] = fees.rows
    assert (row.amount.value, row.shown.value, row.whmcs, row.payout_url) == (
        1, 0, "INV-9", f"/payouts/{payout.public_id}/",
    )  # fmt: skip
    assert "Stripe's fee" in row.next_step


def test_a_period_that_is_too_long_says_so(as_viewer, charges):
    page = page_of(as_viewer, "from=2020-01-01&to=2026-11-20")

    assert page.error == "Choose between one day and 400 days."


def test_where_everything_agrees_it_says_so(as_viewer, in_acme):
    assert page_of(as_viewer, DAYS).all_agree


def test_the_list_as_csv(as_viewer, charges):
    answer = as_viewer.get(f"/reports/three-way/export.csv?{DAYS}&list=fee_differs")

    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert (row["charge"], row["amount"], row["shown_in_whmcs"], row["client"]) == (
        charges[1].charge_id, "1.00", "0.00", "Northwind Ltd",
    )  # fmt: skip
    assert row["next_step"] == "Enter Stripe's fee on the transaction in WHMCS."


def test_the_page_fetches_what_it_shows_anew_and_hears_when_nothing_changed(as_viewer, charges):
    lost, _, debt, _ = charges
    address = f"/reports/three-way/?{DAYS}&list=captured_unpaid"
    assert f'data-pm-from="{address.replace("&", "&amp;")}"' in as_viewer.get(address).content.decode()

    first = as_viewer.get(address, headers={"X-Payymo-Part": "pm-three-way"})
    state = first["X-Payymo-State"]
    same = as_viewer.get(f"{address}&state={state}", headers={"X-Payymo-Part": "pm-three-way"})
    WhmcsTransaction.objects.create(
        instance=debt.instance, whmcs_id=10, invoice=debt, gateway="stripe", booked_at=f"{TODAY} 10:00:00",
        amount_in=50, transaction_id=lost.charge_id,
    )  # fmt: skip
    changed = as_viewer.get(f"{address}&state={state}", headers={"X-Payymo-Part": "pm-three-way"})

    assert ("<html" in first.content.decode(), same.status_code, changed.status_code) == (False, 204, 200)
    assert "state=" not in changed.content.decode()
