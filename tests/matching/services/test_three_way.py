"""Charge, WHMCS transaction and payout line: what is missing, what differs, and what to do next."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import three_way
from matching.services import allocation, booked, proposing
from matching.services.allocation import Line
from matching.services.decisions import Actor
from matching.three_way import Check, NextStep
from matching.three_way_selectors import Period
from payments.models import BalanceTransaction, Refund
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW, TODAY
from whmcs.models import Posting, WhmcsTransaction

PERIOD = Period(TODAY - timedelta(days=30), TODAY)
_serial = count(1)


def charge(amount="50.00", *, fee="1.00", available=-3, **fields):
    fields.setdefault("payment_intent_id", f"pi_{next(_serial)}")
    fields.setdefault("settlement_currency", "EUR")
    row = rows.charge(amount, fee=fee, net=Decimal(amount) - Decimal(fee or 0), **fields)
    if available is not None:
        BalanceTransaction.objects.create(
            connection=row.connection, transaction_id=f"txn_{row.pk}", kind="charge", reporting_category="charge",
            source_id=row.charge_id, amount=row.amount, fee=row.fee or 0, net=row.net, currency="EUR",
            stripe_created_at=NOW, available_date=TODAY + timedelta(days=available),
        )  # fmt: skip
    return row


def book(transaction_id, amount="50.00", *, fees="1.00", invoice=None, **fields):
    debt = invoice or rows.invoice(f"INV-{next(_serial)}", "0.00", status="Paid", total=Decimal("50.00"))
    return WhmcsTransaction.objects.create(
        instance=debt.instance, whmcs_id=next(_serial), invoice=debt, gateway=fields.pop("gateway", "stripe"),
        booked_at=fields.pop("booked_at", f"{TODAY} 10:00:00"), amount_in=Decimal(amount), fees=Decimal(fees),
        transaction_id=transaction_id, **fields,
    )  # fmt: skip


def findings(check, period=PERIOD):
    return list(three_way.every_row(check, period, today=TODAY))


def only(check):
    [row] = findings(check)
    return row


def in_order(**fields):
    """A charge that Stripe, WHMCS and a payout agree on."""
    row = charge(payout=rows.payout("49.00"), **fields)
    book(row.charge_id)
    return row


@pytest.mark.parametrize("field", ["charge_id", "payment_intent_id", "balance_transaction_id"])
def test_what_agrees_is_in_no_list_whichever_id_whmcs_wrote_down(in_acme, field):
    row = charge(payout=rows.payout("49.00"), balance_transaction_id="txn_own")
    book(getattr(row, field))

    assert three_way.counts(PERIOD) == dict.fromkeys(Check, 0)


def test_an_empty_id_agrees_with_nothing(in_acme):
    charge(payment_intent_id="", payout=rows.payout("49.00"))
    book("", gateway="banktransfer")

    assert only(Check.CAPTURED_UNPAID).booking is None
    assert findings(Check.PAID_WITHOUT_CHARGE) == []


def test_a_charge_that_whmcs_does_not_show_waits_for_its_invoice(in_acme):
    row = charge(description="Invoice INV-77")
    assert only(Check.CAPTURED_UNPAID).next_step == NextStep.FIND_INVOICE

    rows.invoice("INV-77", "50.00")
    proposing.propose(receipts=proposing.waiting(), now=NOW)

    found = only(Check.CAPTURED_UNPAID)
    assert (found.charge, found.amount, found.next_step) == (row, 50, NextStep.APPROVE)


def test_a_charge_that_is_on_its_way_says_so_and_leaves_when_it_is_posted(in_acme, reviewer):
    row, debt = charge(), rows.invoice("INV-77", "50.00")
    allocation.allocate_by_hand(
        receipt_id=row.public_id, lines=[Line(debt.pk, Decimal("50.00"))], actor=Actor.person(reviewer), now=NOW
    )
    waiting = only(Check.CAPTURED_UNPAID)
    Posting.objects.update(state="CONFLICT")
    stopped = only(Check.CAPTURED_UNPAID)
    Posting.objects.update(state="POSTED", posted_at=NOW)

    assert (waiting.next_step, waiting.invoice) == (NextStep.WAIT_FOR_POSTING, debt)
    assert stopped.next_step == NextStep.LOOK_AT_POSTING
    assert findings(Check.CAPTURED_UNPAID) == []


def test_what_whmcs_booked_on_an_invoice_that_still_owes_is_unpaid(in_acme):
    row = charge()
    debt = rows.invoice("INV-77", "10.00", total=Decimal("60.00"))
    booking = book(row.charge_id, invoice=debt)

    found = only(Check.CAPTURED_UNPAID)

    assert (found.booking, found.invoice, found.next_step) == (booking, debt, NextStep.READ_INVOICE)


def test_what_was_refunded_whole_or_is_ignored_needs_no_invoice(in_acme):
    charge(amount_refunded=Decimal("50.00"))
    charge(state="IGNORED")

    assert findings(Check.CAPTURED_UNPAID) == []


def test_what_whmcs_shows_paid_without_a_charge(in_acme):
    in_order(charged_at=NOW - timedelta(days=20))
    foreign = book("ch_unknown")
    by_hand = book("", gateway="stripe")
    book("ch_long_ago", booked_at=f"{TODAY - timedelta(days=25)} 10:00:00")
    book("12345", gateway="banktransfer")

    found = {row.booking: row.next_step for row in findings(Check.PAID_WITHOUT_CHARGE)}

    assert found == {foreign: NextStep.CONNECT_ACCOUNT, by_hand: NextStep.NO_ID}


def test_a_day_that_whmcs_made_up_stops_nothing(in_acme):
    in_order(charged_at=NOW - timedelta(days=20))
    book("ch_unknown", booked_at="2026-11-0x 10:00:00")

    assert only(Check.PAID_WITHOUT_CHARGE).day == TODAY


def test_without_any_charge_nothing_can_be_missing(in_acme):
    book("ch_unknown")

    assert findings(Check.PAID_WITHOUT_CHARGE) == []


def test_what_payymo_posted_itself_is_not_without_a_charge(in_acme, reviewer):
    row, debt = charge(), rows.invoice("INV-77", "50.00")
    allocation.allocate_by_hand(
        receipt_id=row.public_id, lines=[Line(debt.pk, Decimal("50.00"))], actor=Actor.person(reviewer), now=NOW
    )
    posting = Posting.objects.get()
    booking = book(posting.transaction_id, invoice=debt)
    assert only(Check.PAID_WITHOUT_CHARGE).booking == booking

    Posting.objects.update(whmcs_transaction=booking)

    assert findings(Check.PAID_WITHOUT_CHARGE) == []


def test_another_amount_or_fee_in_whmcs_is_shown_beside_stripes(in_acme):
    wrong_fee, wrong_amount = charge(payout=rows.payout("1.00")), charge(payout=rows.payout("2.00"))
    book(wrong_fee.charge_id, fees="0.00")
    book(wrong_amount.charge_id, "49.99")

    fee, amount = only(Check.FEE_DIFFERS), only(Check.AMOUNT_DIFFERS)

    assert (fee.charge, fee.amount, fee.shown, fee.next_step) == (wrong_fee, 1, 0, NextStep.CORRECT_FEE)
    assert (amount.charge, amount.amount, amount.shown) == (wrong_amount, 50, Decimal("49.99"))
    assert amount.next_step == NextStep.CORRECT_AMOUNT


@pytest.mark.parametrize(("booked", "differs"), [("0.79", False), ("0.80", False), ("0.78", True), ("0.81", True)])
def test_parts_of_a_cent_are_no_other_fee(in_acme, booked, differs):
    row = charge(payout=rows.payout("49.00"), fee=Decimal("0.795"))
    book(row.charge_id, fees=booked)

    assert bool(findings(Check.FEE_DIFFERS)) is differs


def test_a_charge_for_two_invoices_is_compared_with_their_sum(in_acme):
    row = charge(payout=rows.payout("49.00"))
    book(row.charge_id, "20.00", fees="0.40")
    book(row.payment_intent_id, "30.00", fees="0.60")

    assert three_way.counts(PERIOD) == dict.fromkeys(Check, 0)


def test_a_fee_that_is_not_known_or_in_another_currency_is_not_compared(in_acme):
    for fields in ({"fee": None, "available": None}, {"settlement_currency": "USD"}):
        row = charge(payout=rows.payout("49.00"), **fields)
        book(row.charge_id, fees="7.00")

    assert findings(Check.FEE_DIFFERS) == []


@pytest.mark.parametrize(
    ("available", "step"),
    [
        (None, NextStep.WAIT_FOR_SETTLEMENT),
        (2, NextStep.WAIT_UNTIL_AVAILABLE),
        (-3, NextStep.WAIT_FOR_PAYOUT),
        (-8, NextStep.ASK_STRIPE),
    ],
)
def test_a_charge_in_no_payout_says_whether_to_wait(in_acme, available, step):
    row = charge(available=available)
    book(row.charge_id)

    found = only(Check.IN_NO_PAYOUT)

    assert (found.charge, found.next_step) == (row, step)
    assert (found.available_on is None) == (available is None)


def test_where_payouts_are_sent_by_hand_stripe_does_not_say(in_acme):
    row = charge(available=-8)
    book(row.charge_id)
    rows.payout("20.00", automatic=False)

    assert only(Check.IN_NO_PAYOUT).next_step == NextStep.MAYBE_BY_HAND


def a_refund(row, amount="50.00", **fields):
    return Refund.objects.create(
        payment=row, refund_id=f"re_{next(_serial)}", balance_transaction_id=f"txn_re_{next(_serial)}",
        amount=Decimal(amount), currency="EUR", status=fields.pop("status", "succeeded"), refunded_at=NOW,
    )  # fmt: skip


def test_a_refund_that_whmcs_does_not_show(in_acme):
    row = in_order()
    refund = a_refund(row)
    a_refund(row, status="failed")
    a_refund(charge(payout=rows.payout("49.00"), amount_refunded=Decimal("50.00")))

    found = only(Check.REFUND_NOT_IN_WHMCS)

    assert (found.refund, found.charge, found.next_step) == (refund, row, NextStep.RECORD_REFUND)
    assert found.booking.transaction_id == row.charge_id


@pytest.mark.parametrize("by", ["refund_id", "balance_transaction_id", "the booking"])
def test_a_refund_that_whmcs_shows_is_in_no_list(in_acme, by):
    row = in_order()
    refund, booking = a_refund(row), WhmcsTransaction.objects.get()
    shown = {"transaction_id": getattr(refund, by)} if by != "the booking" else {"refunds_whmcs_id": booking.whmcs_id}
    WhmcsTransaction.objects.create(
        instance=booking.instance, whmcs_id=next(_serial), booked_at=f"{TODAY} 11:00:00", amount_out=refund.amount,
        gateway="stripe", **shown,
    )  # fmt: skip

    assert findings(Check.REFUND_NOT_IN_WHMCS) == []


def test_only_the_period_is_looked_at(in_acme):
    row = charge(charged_at=NOW - timedelta(days=60))
    book("ch_unknown", booked_at=f"{TODAY - timedelta(days=60)} 10:00:00")
    a_refund(row)

    assert findings(Check.CAPTURED_UNPAID) == findings(Check.IN_NO_PAYOUT) == findings(Check.PAID_WITHOUT_CHARGE) == []


def test_another_tenants_findings_are_not_shown(in_acme, globex):
    charge()
    with context.inside(globex):
        assert three_way.counts(PERIOD) == dict.fromkeys(Check, 0)


def test_pages_follow_each_other_without_a_gap(in_acme):
    for _ in range(7):
        charge()
    for number in range(5):
        book(f"ch_unknown_{number}")

    for check, total in ((Check.CAPTURED_UNPAID, 7), (Check.PAID_WITHOUT_CHARGE, 5)):
        seen, after = [], ""
        while True:
            found = three_way.page(check, PERIOD, today=TODAY, after=after, size=2)
            seen += [row.charge or row.booking for row in found.rows]
            after = found.after
            if not after:
                break
        assert len(seen) == len(set(seen)) == total


@pytest.mark.parametrize("text", ["x", "_", "2026-13-01_1", "NaN_2", "\x00_1", f"{NOW.isoformat()}_{'9' * 40}"])
def test_a_position_that_cannot_be_read_shows_the_first_page(in_acme, text):
    charge()

    for check in Check:
        assert isinstance(three_way.page(check, PERIOD, today=TODAY, after=text).rows, tuple)
    assert len(three_way.page(Check.CAPTURED_UNPAID, PERIOD, today=TODAY, after=text).rows) == 1


@pytest.mark.parametrize("check", Check)
def test_the_queries_of_a_list_do_not_grow_with_its_rows(in_acme, check):
    def more():
        charge(available=-8)
        wrong = charge(payout=rows.payout("1.00"))
        book(wrong.charge_id, "49.00", fees="0.00")
        a_refund(wrong)
        book(f"ch_unknown_{next(_serial)}")
        booked.link_booked_charges(now=NOW)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            three_way.page(check, PERIOD, today=TODAY)
            three_way.counts(PERIOD)
        return len(queries)

    more()
    more()
    few, rows_before = cost(), len(findings(check))
    for _ in range(6):
        more()

    assert (cost(), len(findings(check)) > rows_before > 0) == (few, True)


def test_a_day_is_one_of_the_company(in_acme):
    in_acme.time_zone = "Europe/Berlin"
    rows.charge("50.00", charged_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    day = date(2026, 11, 20)

    before = three_way.page(Check.CAPTURED_UNPAID, Period(date(2026, 11, 1), date(2026, 11, 19)), today=day)
    on_it = three_way.page(Check.CAPTURED_UNPAID, Period(day, day), today=day)

    assert (before.rows, [row.day for row in on_it.rows]) == ((), [day])
