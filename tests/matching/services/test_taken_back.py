from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import reach
from matching import taken_back_selectors as selectors
from matching.models import StripeInvoiceMatch, TakenBack
from matching.services import allocation, corrections, pairing, taken_back, undoing
from matching.services.decisions import Actor
from payments.models import Dispute, Refund
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Invoice, Posting

LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _inside(in_acme):
    return in_acme


def booked(receipt, who, *amounts):
    """Match a payment with invoices, and let WHMCS have booked it."""
    debts = [rows.invoice(f"INV-{300 + serial}", amount) for serial, amount in enumerate(amounts or [receipt.amount])]
    decision = allocation.allocate_by_hand(
        receipt_id=receipt.public_id, lines=[allocation.Line(debt.pk, debt.balance) for debt in debts],
        actor=Actor.person(who), now=NOW,
    ).decision  # fmt: skip
    for serial, posting in enumerate(Posting.objects.filter(invoice__in=debts).order_by("pk")):
        booking = posting.instance.transactions.create(
            whmcs_id=receipt.pk * 100 + serial, invoice=posting.invoice, amount_in=posting.amount, gateway="stripe",
            transaction_id=posting.transaction_id, booked_at="2026-11-18 08:00:00",
        )  # fmt: skip
        Posting.objects.filter(pk=posting.pk).update(state="POSTED", posted_at=NOW, whmcs_transaction=booking)
    Invoice.objects.filter(pk__in=[debt.pk for debt in debts]).update(status="Paid", balance=0, reserved=0, read_at=NOW)
    return decision, debts


def refund(charge, amount, **fields):
    serial = Refund.objects.count()
    return Refund.objects.create(
        payment=charge, refund_id=fields.pop("refund_id", f"re_{serial}"), amount=amount, currency="EUR",
        status=fields.pop("status", "succeeded"), refunded_at=NOW, **fields,
    )  # fmt: skip


def dispute(charge, status="lost"):
    return Dispute.objects.create(
        payment=charge, dispute_id="dp_1", amount=charge.amount, currency="EUR", status=status, disputed_at=NOW
    )


def given_back(debt, amount, **fields):
    fields = {"gateway": "stripe", "booked_at": "2026-11-21 10:00:00", **fields}
    serial = debt.instance.transactions.count()
    return debt.instance.transactions.create(whmcs_id=900_000 + serial, invoice=debt, amount_out=amount, **fields)


def booking_of(debt):
    return debt.instance.transactions.get(invoice=debt, amount_in__gt=0).whmcs_id


def waiting():
    return [selectors.money_of(row)[0] for row in selectors.to_deal_with()]


def test_a_refund_of_a_booked_charge_waits_until_whmcs_shows_it_and_bears_its_day(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50)

    assert taken_back.watch(now=NOW) == {"taken_back": 1, "shown_in_whmcs": 0}
    assert waiting() == [50]

    row = given_back(debt, 50, refunds_whmcs_id=booking_of(debt))
    assert taken_back.watch(now=LATER) == {"taken_back": 0, "shown_in_whmcs": 1}
    assert waiting() == []
    ticked = TakenBack.objects.get()
    assert (ticked.shown_at, ticked.shown_day, ticked.shown_by) == (LATER, date(2026, 11, 21), row)
    assert taken_back.watch(now=LATER) == {"taken_back": 0, "shown_in_whmcs": 0}


@pytest.mark.parametrize("name", ["re_0", "txn_9"])
def test_whmcs_may_name_the_refund_by_either_id_of_the_gateway(reviewer, name):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50, balance_transaction_id="txn_9")
    given_back(debt, 50, transaction_id=name, booked_at="2026-11-01 10:00:00")

    assert taken_back.watch(now=NOW) == {"taken_back": 1, "shown_in_whmcs": 1}


def test_a_row_that_says_nothing_counts_on_the_invoice_but_not_from_before_the_refund(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50)
    given_back(debt, 50, booked_at="2026-11-19 10:00:00")
    assert taken_back.watch(now=NOW)["shown_in_whmcs"] == 0

    given_back(debt, 50, booked_at="2026-11-20 12:00:00")

    assert taken_back.watch(now=NOW)["shown_in_whmcs"] == 1


def test_a_credit_note_of_whmcs_9_is_no_money_that_was_given_back(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50)
    given_back(debt, 50, gateway="", refunds_whmcs_id=booking_of(debt))

    assert taken_back.watch(now=NOW) == {"taken_back": 1, "shown_in_whmcs": 0}


def test_of_two_refunds_only_the_one_that_whmcs_shows_is_ticked(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 20)
    refund(charge, 30)
    given_back(debt, 30, refunds_whmcs_id=booking_of(debt))

    taken_back.watch(now=NOW)

    assert waiting() == [20]
    given_back(debt, 20, refunds_whmcs_id=booking_of(debt))
    taken_back.watch(now=NOW)
    assert waiting() == []


@pytest.mark.parametrize(("status", "waits"), [("lost", [50]), ("needs_response", []), ("won", [])])
def test_a_dispute_waits_once_it_is_lost(reviewer, status, waits):
    charge = rows.charge("50.00")
    booked(charge, reviewer)
    dispute(charge, status)

    taken_back.watch(now=NOW)

    assert waiting() == waits


def test_a_failed_refund_and_one_of_a_charge_that_is_not_matched_ask_nothing(reviewer):
    charge = rows.charge("50.00")
    booked(charge, reviewer)
    refund(charge, 50, status="failed")
    refund(rows.charge("10.00"), 10, refund_id="re_other")

    assert taken_back.watch(now=NOW)["taken_back"] == 0


def test_a_refund_that_fails_later_asks_nothing_any_more(reviewer):
    charge = rows.charge("50.00")
    booked(charge, reviewer)
    made = refund(charge, 50)
    taken_back.watch(now=NOW)

    Refund.objects.filter(pk=made.pk).update(status="failed")

    assert waiting() == []


def test_a_return_of_several_invoices_waits_for_all_of_them(reviewer):
    entry = rows.transfer("Invoices", "50.00", end_to_end_id="E2E-1")
    _, debts = booked(entry, reviewer, "20.00", "30.00")
    rows.transfer("Return", "-50.00", end_to_end_id="E2E-1", return_sign="bank", booking_date=date(2026, 11, 19))
    pairing.pair_found(now=NOW)
    given_back(debts[0], 20, refunds_whmcs_id=booking_of(debts[0]))

    taken_back.watch(now=NOW)
    assert waiting() == [50]
    given_back(debts[1], 30, refunds_whmcs_id=booking_of(debts[1]), booked_at="2026-11-24 10:00:00")
    taken_back.watch(now=NOW)

    assert waiting() == []
    assert TakenBack.objects.get().shown_day == date(2026, 11, 24)


def test_an_invoice_that_whmcs_calls_refunded_is_shown(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50)

    Invoice.objects.filter(pk=debt.pk).update(status="Refunded")

    assert taken_back.watch(now=NOW) == {"taken_back": 1, "shown_in_whmcs": 1}
    assert TakenBack.objects.get().shown_day == NOW.date()


def test_the_invoices_of_what_waits_are_read_again_every_six_hours(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50)

    taken_back.watch(now=NOW + timedelta(hours=5))
    assert not Invoice.objects.filter(needs_reading=True).exists()
    taken_back.watch(now=NOW + timedelta(hours=6))

    assert Invoice.objects.get(needs_reading=True) == debt


def test_of_many_that_wait_those_read_longest_ago_come_first(reviewer, monkeypatch):
    monkeypatch.setattr(taken_back, "_READ_AT_ONCE", 1)
    for serial in range(2):
        charge = rows.charge("50.00")
        booked(charge, reviewer)
        refund(charge, 50, refund_id=f"re_of_{serial}")
    older = Invoice.objects.order_by("pk").last()
    Invoice.objects.filter(pk=older.pk).update(read_at=NOW - timedelta(hours=1))

    taken_back.watch(now=NOW + timedelta(hours=6))

    assert Invoice.objects.get(needs_reading=True) == older


def test_a_match_that_is_reported_as_wrong_asks_nothing_any_more(reviewer):
    charge = rows.charge("50.00")
    decision, _ = booked(charge, reviewer)
    refund(charge, 50)
    taken_back.watch(now=NOW)

    corrections.report_wrong(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW, reason="wrong")

    assert waiting() == []


def test_while_nothing_was_sent_the_match_can_be_undone_and_that_ends_it(reviewer):
    charge = rows.charge("50.00")
    decision = allocation.allocate_by_hand(
        receipt_id=charge.public_id, lines=[allocation.Line(rows.invoice("INV-1", "50.00").pk, charge.amount)],
        actor=Actor.person(reviewer), now=NOW,
    ).decision  # fmt: skip
    refund(charge, 50)
    taken_back.watch(now=NOW)
    [row] = selectors.to_deal_with()
    assert selectors.standings([row])[row.pk].is_unsent

    undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert waiting() == []


def test_a_person_deals_with_it_once_and_it_is_not_ticked_afterwards(reviewer):
    charge = rows.charge("50.00")
    _, [debt] = booked(charge, reviewer)
    refund(charge, 50)
    taken_back.watch(now=NOW)
    [row] = selectors.to_deal_with()

    taken_back.deal_with(item_id=row.public_id, by=reviewer, now=NOW)
    with pytest.raises(taken_back.NothingToDealWith):
        taken_back.deal_with(item_id=row.public_id, by=reviewer, now=LATER)
    given_back(debt, 50, refunds_whmcs_id=booking_of(debt))
    taken_back.watch(now=LATER)

    row.refresh_from_db()
    assert (row.dealt_with_at, row.dealt_with_by_id, row.shown_at) == (NOW, reviewer.pk, None)


def test_somebody_limited_to_an_account_sees_no_refund_of_a_gateway(reviewer):
    charge = rows.charge("50.00")
    booked(charge, reviewer)
    refund(charge, 50)
    taken_back.watch(now=NOW)
    [row] = selectors.to_deal_with()

    with reach.of(reach.Reach(accounts=frozenset({rows.account().pk}))):
        assert waiting() == []
        assert selectors.of_receipt(charge) == []
        with pytest.raises(taken_back.NothingToDealWith):
            taken_back.deal_with(item_id=row.public_id, by=reviewer, now=NOW)


def test_many_cost_no_more_queries_than_one(reviewer):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            taken_back.watch(now=NOW)
        return len(caught)

    for serial in range(6):
        charge = rows.charge("50.00")
        booked(charge, reviewer)
        refund(charge, 50, refund_id=f"re_of_{serial}")
        if serial == 0:
            one = queries()

    assert queries() == one
    assert (len(waiting()), StripeInvoiceMatch.objects.count()) == (6, 6)
