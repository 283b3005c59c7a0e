"""GoCardless's payments in Stripe's words: what counts as received, what came back, and parts of a cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.clients import gocardless_values as values
from payments.clients.gateway import Subject
from payments.clients.gateways import GATEWAYS
from payments.core.payout_sum import Movement, add_up
from payymo.shared.errors import Refused


def payment(**more):
    return {
        "id": "PM1", "created_at": "2026-11-02T09:00:00.000Z", "charge_date": "2026-11-20", "amount": 4990,
        "amount_refunded": 0, "currency": "EUR", "description": "Hosting", "reference": "RE-2026-00042",
        "metadata": {"invoice": "42"}, "status": "paid_out", "links": {"mandate": "MD1", "payout": "PO1"}, **more,
    }  # fmt: skip


def sent(amount):
    return values.payout(
        {"id": "PO1", "created_at": "2026-11-20T09:00:00Z", "amount": amount, "currency": "EUR", "status": "paid"}
    )


def item(kind, amount, **links):
    return {"type": kind, "amount": amount, "links": links, "taxes": []}


@pytest.mark.parametrize(
    ("status", "links", "received", "intent"),
    [
        ("pending_customer_approval", {}, False, "processing"),
        ("pending_submission", {}, False, "processing"),
        ("submitted", {}, False, "processing"),
        ("confirmed", {}, False, "processing"),
        ("paid_out", {"payout": "PO1"}, True, "succeeded"),
        ("cancelled", {}, False, "canceled"),
        ("customer_approval_denied", {}, False, "canceled"),
        ("failed", {}, False, "requires_payment_method"),
        ("failed", {"payout": "PO1"}, True, "succeeded"),
        ("charged_back", {"payout": "PO1"}, True, "succeeded"),
        ("a_status_of_tomorrow", {}, False, "processing"),
    ],
)
def test_only_what_was_paid_out_is_received(status, links, received, intent):
    data = payment(status=status, links=links)

    assert values.charge(data).is_received is received
    assert values.intent(data).status == intent


def test_a_payment_is_of_the_day_it_was_collected_and_says_what_it_is_for():
    charge = values.charge(payment())

    assert (charge.created_at.date().isoformat(), charge.amount, charge.currency) == (
        "2026-11-20",
        Decimal("49.90"),
        "EUR",
    )
    assert (charge.description, charge.metadata) == ("Hosting RE-2026-00042", {"invoice": "42"})
    assert values.charge(payment(charge_date=None)).created_at.date().isoformat() == "2026-11-02"


@pytest.mark.parametrize(
    ("status", "outcome", "moved"),
    [("charged_back", "lost", [-4990]), ("failed", "lost", [-4990]), ("paid_out", "won", [-4990, 4990])],
)
def test_what_came_back_is_a_dispute_and_one_that_was_cancelled_is_won(status, outcome, moved):
    dispute = values.dispute(payment(status=status))

    assert (dispute.status, [int(one.amount * 100) for one in dispute.movements]) == (outcome, moved)


@pytest.mark.parametrize(
    ("status", "said", "waits"),
    [("pending", "in_transit", "in_progress"), ("paid", "paid", "completed"), ("bounced", "failed", "completed")],
)
def test_a_payout_is_explained_once_it_is_paid(status, said, waits):
    payout = values.payout(
        {"id": "PO1", "created_at": "2026-11-20T09:00:00Z", "arrival_date": None, "amount": 100, "currency": "GBP",
         "status": status, "reference": "ACME-7F"}
    )  # fmt: skip

    assert (payout.status, payout.reconciliation_status, payout.statement_descriptor) == (said, waits, "ACME-7F")
    assert payout.arrival_date.isoformat() == "2026-11-20"


def test_the_fees_of_a_payment_are_on_its_own_movement_and_other_fees_stand_alone():
    found = list(
        values.movements(
            sent(4860),
            [
                item("payment_paid_out", "5000.0", payment="PM1"), item("gocardless_fee", "-70.5", payment="PM1"),
                item("app_fee", "-9.5", payment="PM1"), item("gocardless_fee", "-60.0"),
            ],
        )
    )  # fmt: skip

    assert [(one.source_id, one.amount, one.fee, one.net, one.reporting_category) for one in found] == [
        ("PM1", Decimal(50), Decimal("0.80"), Decimal("49.20"), "charge"),
        ("", Decimal("-0.60"), 0, Decimal("-0.60"), "fee"),
        ("PO1", Decimal("-48.60"), 0, Decimal("-48.60"), "payout"),
    ]


def test_equal_items_are_apart_and_have_the_same_ids_again():
    items = [
        item("revenue_share", "10.0"),
        item("revenue_share", "10.0"),
        item("payment_charged_back", "-5.0", payment="PM1"),
    ]

    first, again = list(values.movements(sent(15), items)), list(values.movements(sent(15), items))

    assert first == again
    assert len({one.transaction_id for one in first}) == 4
    assert all(len(one.transaction_id) <= 64 for one in first)


amounts = st.integers(min_value=-(10**9), max_value=10**9).map(lambda tenths: f"{Decimal(tenths) / 10:.1f}")
kinds = st.sampled_from(
    ["payment_paid_out", "payment_failed", "payment_charged_back", "payment_refunded", "refund",
     "refund_funds_returned", "gocardless_fee", "app_fee", "revenue_share", "surcharge_fee", "of_tomorrow"]
)  # fmt: skip


@given(
    st.lists(
        st.builds(lambda kind, amount, of: item(kind, amount, payment=f"PM{of}"), kinds, amounts, st.integers(1, 3))
    )
)
def test_no_part_of_a_cent_is_lost_between_items_and_equation(items):
    exact = sum((Decimal(one["amount"]) for one in items), Decimal(0)) / 100
    found = list(values.movements(sent(1), items))[:-1]

    equation = add_up(
        amount=exact,
        movements=[Movement(one.kind, one.reporting_category, one.source_id, one.amount, one.net) for one in found],
    )

    assert equation.difference == 0


@pytest.mark.parametrize("wrong", [None, 5.5, "", "NaN", "1e5", "12,5", [], "--1"])
def test_an_item_without_an_amount_is_refused_and_never_nothing(wrong):
    with pytest.raises(Refused):
        list(values.movements(sent(100), [item("payment_paid_out", wrong, payment="PM1")]))


@pytest.mark.parametrize(
    "more", [{"id": ""}, {"amount": "4990"}, {"amount": True}, {"currency": "EURO"}, {"created_at": "yesterday"}]
)
def test_an_object_that_lacks_what_it_must_have_is_refused(more):
    with pytest.raises(Refused, match="cannot be read"):
        values.intent(payment(**more))


@pytest.mark.parametrize(
    ("kind", "object_id", "subject"),
    [
        ("payments.paid_out", "PM1", Subject.INTENT),
        ("payments.charged_back", "PM1", Subject.DISPUTE),
        ("payments.chargeback_cancelled", "PM1", Subject.DISPUTE),
        ("payments.late_failure_settled", "PM1", Subject.DISPUTE),
        ("refunds.paid", "RF1", Subject.REFUND),
        ("payouts.paid", "PO1", Subject.PAYOUT),
        ("payouts.paid", "", None),
        ("mandates.active", "MD1", None),
        ("of_tomorrow.happened", "XX1", None),
    ],
)
def test_an_event_says_what_is_read_again(kind, object_id, subject):
    assert GATEWAYS["gocardless"].subject_of(kind, object_id) is subject
