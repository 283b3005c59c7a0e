"""The period statement: its parts are the whole, to the cent, whatever happened to the money."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banking.models import StatementImport
from matching.ledger import statement
from matching.models import Decision, InvoiceMatch, Settlement
from payments.models import BalanceTransaction
from payymo.shared.models import ReceiptState
from tests.factories import rows
from whmcs.models import Posting

SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 30)
BEFORE, WITHIN, AFTER = date(2026, 10, 20), date(2026, 11, 18), date(2026, 12, 2)


def decision(tx, kind=Decision.Kind.APPROVE):
    return Decision.objects.create(kind=kind, source=Decision.Source.PERSON, bank_transaction=tx, decided_at=rows.NOW)


def match(tx, amount, state):
    """Give a part of the transfer to an invoice whose posting is in this state."""
    debt = rows.invoice("INV-1", amount)
    posting = Posting.objects.create(
        instance=debt.instance, invoice=debt, amount=amount, currency=tx.currency, paid_at=rows.NOW,
        gateway="banktransfer", transaction_id=f"t{tx.pk}-{debt.pk}", state=state, not_before=rows.NOW,
        posted_at=rows.NOW if state == Posting.State.POSTED else None,
    )  # fmt: skip
    return InvoiceMatch.objects.create(
        bank_transaction=tx, invoice=debt, amount=amount, currency=tx.currency, decision=decision(tx),
        posting=posting, allocated_at=rows.NOW,
    )  # fmt: skip


def received(amount, allocated="0", state=ReceiptState.UNRECONCILED, **fields):
    return rows.transfer("x", amount, allocated=Decimal(allocated), state=state, **fields)


def movement(net, *, kind="charge", fee="0", source="", day=WITHIN, currency="EUR"):
    number = BalanceTransaction.objects.count()
    return BalanceTransaction.objects.create(
        connection=rows.stripe_connection(), transaction_id=f"txn_{number}", kind=kind, source_id=source,
        amount=Decimal(net) + Decimal(fee), fee=fee, net=net, currency=currency, available_date=day,
        stripe_created_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
    )  # fmt: skip


def test_each_part_of_a_bank_account_is_where_it_belongs(in_acme):
    received("500.00", booking_date=BEFORE)
    booked = received("100.00", "100.00", ReceiptState.RECONCILED)
    match(booked, "100.00", Posting.State.POSTED)
    waiting = received("70.00", "50.00", ReceiptState.PARTLY_ALLOCATED)
    match(waiting, "50.00", Posting.State.QUEUED)
    received("-30.00", state=ReceiptState.IGNORED)
    received("9.99", booking_date=AFTER)

    [line] = statement(since=SINCE, until=UNTIL)

    assert (line.opening, line.matched, line.unmatched, line.in_transit, line.other, line.closing) == (
        500, 100, 20, 50, -30, 640,
    )  # fmt: skip
    assert (line.difference, line.count, line.is_from_first_entry) == (0, 3, True)


def test_a_match_that_was_taken_back_is_open_again(in_acme):
    tx = received("80.00")
    wrong = match(tx, "80.00", Posting.State.WITHDRAWN)
    InvoiceMatch.objects.create(
        bank_transaction=tx, invoice=wrong.invoice, amount=-80, currency="EUR", reverses=wrong,
        decision=decision(tx, Decision.Kind.UNDO), allocated_at=rows.NOW,
    )  # fmt: skip

    [line] = statement(since=SINCE, until=UNTIL)

    assert (line.matched, line.in_transit, line.unmatched, line.difference) == (0, 0, 80, 0)


def test_the_opening_balance_follows_from_what_the_bank_shows_now(in_acme):
    account = rows.account(booked_balance=Decimal("1000.00"), booked_balance_at=datetime(2026, 12, 5, tzinfo=UTC))
    received("100.00", booking_date=BEFORE, into=account)
    received("40.00", into=account)
    received("7.00", booking_date=AFTER, into=account)

    [line] = statement(since=SINCE, until=UNTIL)

    assert (line.opening, line.closing, line.is_from_first_entry) == (953, 993, False)


@pytest.mark.parametrize(("closing", "difference"), [("640.00", "0.00"), ("641.00", "1.00")])
def test_an_imported_statement_is_compared_with_the_movements(in_acme, closing, difference):
    account = rows.account()
    received("600.00", booking_date=BEFORE, into=account)
    received("40.00", into=account)
    spans = [
        {"first": "2026-10-01", "last": "2026-10-31", "number": "1", "opening": "0.00", "closing": "600.00"},
        {"first": "2026-11-01", "last": "2026-11-20", "number": "2", "opening": "600.00", "closing": closing},
    ]
    StatementImport.objects.create(
        account=account, file_name="a.xml", file_sha256="0" * 64, file_sealed=b"", state="COMMITTED", spans=spans
    )

    [line] = statement(since=SINCE, until=UNTIL)

    assert (line.stated_on, line.bank_difference) == (date(2026, 11, 20), Decimal(difference))


def test_a_stripe_balance_is_charges_fees_refunds_and_payouts(in_acme):
    movement("10.00", day=BEFORE)
    rows.charge("100.00", charge_id="ch_a", allocated=100, state=ReceiptState.RECONCILED)
    movement("97.00", fee="3.00", source="ch_a")
    rows.charge("50.00", charge_id="ch_b", allocated=20, state=ReceiptState.PARTLY_ALLOCATED)
    movement("48.50", fee="1.50", source="ch_b")
    movement("-25.00", kind="refund", source="re_a")
    found, lost = rows.payout("80.00", payout_id="po_a"), rows.payout("30.00", payout_id="po_b")
    movement("-80.00", kind="payout", source="po_a")
    movement("-30.00", kind="payout", source="po_b")
    entry = received("80.00", "80.00", ReceiptState.RECONCILED)
    Settlement.objects.create(
        payout=found, bank_transaction=entry, amount=80, currency="EUR", bank_amount=80, bank_currency="EUR",
        decision=decision(entry, Decision.Kind.SETTLE), settled_at=rows.NOW,
    )  # fmt: skip

    bank, stripe = statement(since=SINCE, until=UNTIL)

    assert (stripe.opening, stripe.matched, stripe.unmatched, stripe.in_transit) == (10, 120, 30, -30)
    # The refund, the payout that arrived, and both fees.
    assert (stripe.other, stripe.closing, stripe.difference) == (Decimal("-109.5"), Decimal("20.5"), 0)
    assert (bank.matched, bank.difference, lost.status) == (80, 0, "paid")


def test_currencies_are_never_added_up(in_acme):
    received("100.00", into=rows.account())
    received("90.00", into=rows.account("GBP"), currency="GBP")

    assert {(line.currency, line.closing) for line in statement(since=SINCE, until=UNTIL)} == {
        ("EUR", 100), ("GBP", 90),
    }  # fmt: skip


def test_a_period_that_ends_before_it_begins_is_refused(in_acme):
    with pytest.raises(ValueError, match="ends before"):
        statement(since=UNTIL, until=SINCE)


cents = st.integers(-2_000_000, 2_000_000).filter(bool).map(lambda minor: Decimal(minor) / 100)
entries = st.lists(
    st.tuples(cents, st.sampled_from(["open", "part", "whole", "ignored"]), st.sampled_from(Posting.State.values),
              st.integers(-40, 40), st.integers(0, 1)),
    max_size=8,
)  # fmt: skip
movements = st.lists(
    st.tuples(cents, st.integers(0, 500), st.sampled_from(["charge", "refund", "payout", "stripe_fee", "brand_new"]),
              st.integers(-40, 40), st.booleans()),
    max_size=8,
)  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=entries, movements=movements, first=st.integers(-30, 30), length=st.integers(0, 40))
def test_the_parts_are_the_whole_to_the_cent(in_acme, entries, movements, first, length):
    with transaction.atomic():
        accounts = [rows.account(), rows.account()]
        for amount, fate, state, day, place in entries:
            _happened(amount, fate, state, WITHIN + timedelta(days=day), accounts[place])
        for number, (net, fee, kind, day, is_known) in enumerate(movements):
            if kind == "charge" and is_known and net > 0:
                rows.charge(net, charge_id=f"ch_p{number}", allocated=net / 2, state=ReceiptState.PARTLY_ALLOCATED)
            movement(net, fee=Decimal(fee) / 100, kind=kind, source=f"ch_p{number}", day=WITHIN + timedelta(days=day))
        since = WITHIN + timedelta(days=first)

        lines = statement(since=since, until=since + timedelta(days=length))
        next_lines = statement(since=since + timedelta(days=length + 1), until=since + timedelta(days=99))

        assert [line.difference for line in lines] == [0] * len(lines)
        openings = {(line.account, line.currency): line.opening for line in next_lines}
        assert all(openings[line.account, line.currency] == line.closing for line in lines)
        transaction.set_rollback(True)


def _happened(amount, fate, state, day, account):
    if fate == "ignored":
        received(amount, state=ReceiptState.IGNORED, booking_date=day, into=account)
    elif amount < 0 or fate == "open":
        received(amount, booking_date=day, into=account)
    else:
        given = amount if fate == "whole" or amount < 2 else Decimal(1)
        whole = given == amount
        kept = ReceiptState.RECONCILED if whole else ReceiptState.PARTLY_ALLOCATED
        tx = received(amount, given, kept, booking_date=day, into=account)
        match(tx, given, state if state not in ("SENDING", "UNKNOWN") else "QUEUED")
