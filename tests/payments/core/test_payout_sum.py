from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.core.payout_sum import Movement, Part, add_up, part_of


def movement(kind="charge", category="charge", amount="100", fee="0", source_id="ch_1"):
    return Movement(kind, category, source_id, Decimal(amount), Decimal(amount) - Decimal(fee))


def test_a_payout_is_its_charges_less_fees_refunds_and_disputes():
    equation = add_up(
        amount=Decimal("61.50"),
        movements=[
            movement(amount="120.00", fee="2.50"),
            movement(amount="30.00", fee="1.00"),
            movement("refund", "refund", "-20.00"),
            movement("adjustment", "dispute", "-50.00", "15.00", "dp_1"),
        ],
    )

    assert dict(equation.parts) == {
        Part.CHARGES: Decimal("150.00"), Part.FEES: Decimal("-18.50"), Part.REFUNDS: Decimal("-20.00"),
        Part.DISPUTES: Decimal("-50.00"),
    }  # fmt: skip
    assert (equation.difference, equation.counts[Part.CHARGES]) == (0, 2)


def test_a_dispute_that_was_won_comes_back_with_its_fee():
    equation = add_up(
        amount=Decimal("0.00"),
        movements=[
            movement("adjustment", "dispute", "-50.00", "15.00", "dp_1"),
            movement("adjustment", "dispute_reversal", "50.00", "-15.00", "dp_1"),
        ],
    )

    assert (equation.part(Part.DISPUTES), equation.part(Part.FEES), equation.difference) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "category", "source_id", "part"),
    [
        ("payment", "charge", "py_1", Part.CHARGES),
        ("payment", "", "py_1", Part.CHARGES),
        ("payment_failure_refund", "charge_failure", "py_1", Part.REFUNDS),
        ("refund_failure", "refund_failure", "re_1", Part.REFUNDS),
        ("refund", "partial_capture_reversal", "re_1", Part.REFUNDS),
        ("adjustment", "adjustment", "dp_1", Part.DISPUTES),
        ("adjustment", "other_adjustment", "", Part.ADJUSTMENTS),
        ("stripe_fee", "fee", "", Part.FEES),
        ("tax_fee", "tax", "", Part.FEES),
        ("payout_failure", "payout_reversal", "po_1", Part.RETURNED_PAYOUTS),
        ("payout_cancel", "", "po_1", Part.RETURNED_PAYOUTS),
        ("reserved_funds", "risk_reserved_funds", "", Part.ADJUSTMENTS),
        ("topup", "topup", "tu_1", Part.ADJUSTMENTS),
        ("what_stripe_invents_next", "never_seen", "x", Part.ADJUSTMENTS),
    ],
)
def test_every_movement_has_its_part(kind, category, source_id, part):
    assert part_of(kind=kind, category=category, source_id=source_id) is part


def test_the_fee_of_an_instant_payout_is_taken_beside_its_amount():
    equation = add_up(amount=Decimal("99.00"), payout_fee=Decimal("1.00"), movements=[movement()])

    assert equation.difference == 0


def test_what_does_not_add_up_is_the_difference():
    assert add_up(amount=Decimal("98.77"), movements=[movement()]).difference == Decimal("-1.23")


AMOUNTS = st.decimals(-10_000, 10_000, places=3)
MOVEMENTS = st.lists(
    st.builds(
        lambda kind, category, source_id, amount, fee: Movement(kind, category, source_id, amount, amount - fee),
        st.sampled_from(["charge", "payment", "refund", "adjustment", "stripe_fee", "payout_failure", "unheard_of"]),
        st.sampled_from(["charge", "refund", "dispute", "fee", "tax", "payout_reversal", "", "unheard_of"]),
        st.sampled_from(["ch_1", "dp_1", "du_2", "re_1", "po_1", ""]),
        AMOUNTS,
        AMOUNTS,
    ),
    max_size=30,
)


@given(MOVEMENTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_the_parts_are_all_the_money_and_the_difference_is_the_rest(movements, amount, fee, carried_in):
    equation = add_up(amount=amount, movements=movements, payout_fee=fee, carried_in=carried_in)

    assert sum(equation.parts.values()) == sum(one.net for one in movements)
    assert equation.amount == carried_in + sum(one.net for one in movements) - fee + equation.difference
    assert sum(equation.counts.values()) == len(movements)


@given(MOVEMENTS, st.randoms(use_true_random=False))
def test_order_and_grouping_change_nothing(movements, chance):
    total = sum((one.net for one in movements), Decimal(0))
    shuffled = list(movements)
    chance.shuffle(shuffled)

    assert add_up(amount=total, movements=shuffled) == add_up(amount=total, movements=movements)
    assert add_up(amount=total, movements=movements).difference == 0
