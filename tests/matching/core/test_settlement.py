from datetime import timedelta

import pytest

from matching.core.settlement import find_payouts
from tests.matching.core.cast import TODAY, charge, payout, receipt


def stripe(transfer_id="t1", amount=50000, *, days=0, text="STRIPE PAYOUT", **changes):
    day = TODAY + timedelta(days=days)
    return receipt(text, amount, id=transfer_id, booking_date=day, counterparty_name="STRIPE", **changes)


def test_a_payout_is_found_by_amount_name_and_day():
    assert find_payouts([stripe(days=1)], [payout("po_1"), payout("po_2", 70000)]) == {"t1": "po_1"}


@pytest.mark.parametrize(
    "transfer",
    [
        stripe(amount=50001),
        stripe(amount=-50000),
        stripe(days=9),
        stripe(days=-5),
        stripe(currency="GBP"),
        receipt("hosting", 50000, counterparty_name="Anna Kowalska"),
        charge(50000),
    ],
)
def test_what_differs_is_no_payout(transfer):
    assert find_payouts([transfer], [payout()]) == {}


def test_two_equal_payouts_on_one_day_are_left_to_a_person():
    assert find_payouts([stripe("t1"), stripe("t2")], [payout("po_1"), payout("po_2")]) == {}


def test_a_trace_decides_between_equal_payouts():
    twins = [payout("po_1", trace_id="9XK22"), payout("po_2", trace_id="4TT17")]
    transfers = [stripe("t1", text="STRIPE 4TT17"), stripe("t2", text="STRIPE 9XK22")]

    assert find_payouts(transfers, twins) == {"t1": "po_2", "t2": "po_1"}


def test_the_nearer_day_decides_between_equal_payouts():
    found = find_payouts(
        [stripe("t1"), stripe("t2", days=3)], [payout("po_1"), payout("po_2", arrives=TODAY + timedelta(days=3))]
    )

    assert found == {"t1": "po_1", "t2": "po_2"}


def test_the_order_of_payouts_changes_nothing():
    payouts = [payout("po_1"), payout("po_2", arrives=TODAY + timedelta(days=2)), payout("po_3", 900)]
    transfers = [stripe("t1"), stripe("t2", days=2), stripe("t3", 900)]

    assert find_payouts(transfers, payouts) == find_payouts(transfers[::-1], payouts[::-1])
