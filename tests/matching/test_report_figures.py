"""The figures behind the reports: cash by source, match rate and automation, evidence, and time per decision."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import automation, cash, pace
from matching.models import Decision, Proposal, Settlement
from tenants import days
from tests.factories import rows
from tests.factories.rows import NOW, TODAY

OCT, NOV = date(2026, 10, 1), date(2026, 11, 1)
WHOLE = {"since": OCT, "until": date(2026, 11, 30)}


@pytest.fixture
def in_berlin(in_acme):
    in_acme.time_zone = "Europe/Berlin"
    return in_acme


def decision(payment=None, **fields):
    payment = payment or rows.transfer("x", "1.00")
    values = {"kind": "APPROVE", "source": "person", "bank_transaction": payment, "decided_at": NOW, "decided_by_id": 7}
    return Decision.objects.create(**{**values, **fields})


def by_policy(payment=None, **fields):
    return decision(payment, **{"source": "policy", "probability": 0.99, "decided_by_id": None, **fields})


def test_a_day_begins_where_the_company_is(in_berlin):
    assert days.moments(TODAY, TODAY) == (
        datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC),
    )  # fmt: skip
    assert days.today(datetime(2026, 11, 20, 23, 30, tzinfo=UTC)) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("count", "month"), [(1, date(2025, 12, 1)), (13, date(2024, 12, 1)), (0, date(2026, 1, 1)), (-1, date(2026, 2, 1))]
)
def test_months_are_counted_over_the_turn_of_a_year(count, month):
    assert days.month_before(date(2026, 1, 1), count) == month
    assert days.last_of(date(2028, 2, 1)) == date(2028, 2, 29)


def test_a_charge_belongs_to_the_month_that_it_was_where_the_company_is(in_berlin):
    rows.charge("20.00", charged_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))

    assert [(row.month, row.kind, row.received) for row in cash.received(**WHOLE)] == [(NOV, "stripe", 20)]


def test_cash_is_what_came_in_by_source_without_payouts_debits_and_what_was_set_aside(in_acme):
    main, dollars = rows.account(), rows.account("USD")
    rows.transfer("a", "10.00", into=main, allocated=Decimal("4.00"))
    rows.transfer("b", "5.00", into=main, booking_date=date(2026, 10, 31))
    rows.transfer("c", "-3.00", into=main)
    rows.transfer("d", "7.00", into=main, state="IGNORED", ignored_reason="own_transfer")
    rows.transfer("e", "9.00", into=dollars, currency="USD")
    arrived = rows.transfer("STRIPE", "48.00", into=main, state="RECONCILED")
    payout = rows.payout("48.00")
    Settlement.objects.create(
        payout=payout, bank_transaction=arrived, amount=48, currency="EUR", bank_amount=48, bank_currency="EUR",
        decision=decision(arrived, kind="SETTLE"), settled_at=NOW,
    )  # fmt: skip
    rows.charge("50.00", amount_refunded=Decimal("20.00"))
    rows.charge("60.00").__class__.objects.filter(amount=60).update(status="failed")

    found = cash.received(**WHOLE)

    names = ("month", "currency", "kind", "count", "received", "matched", "refunded")
    assert [tuple(getattr(row, name) for name in names) for row in found] == [
        (OCT, "EUR", "bank", 1, 5, 0, 0), (NOV, "EUR", "bank", 1, 10, 4, 0), (NOV, "EUR", "stripe", 1, 50, 0, 20),
        (NOV, "USD", "bank", 1, 9, 0, 0),
    ]  # fmt: skip


def test_a_source_is_of_its_gateway(in_acme):
    rows.charge("50.00").connection.__class__.objects.update(gateway="gocardless")

    assert [row.kind for row in cash.received(**WHOLE)] == ["gocardless"]


def test_each_payment_of_a_month_is_in_exactly_one_state_and_automation_counts_what_stands(in_acme):
    by_policy(rows.transfer("a", "1.00", state="RECONCILED"))
    by_policy(rows.transfer("b", "1.00", state="RECONCILED"), probability=None)
    decision(rows.transfer("c", "1.00", state="RECONCILED"))
    undone = by_policy(rows.transfer("d", "1.00", state="UNRECONCILED"))
    decision(undone.bank_transaction, kind="UNDO", undoes=undone)
    rows.transfer("e", "1.00", state="PARTLY_ALLOCATED")
    rows.transfer("f", "1.00", state="IGNORED")

    with CaptureQueriesContext(connection) as queries:
        [month] = automation.by_month(**WHOLE)

    assert (month.received, month.matched, month.partly, month.set_aside, month.open) == (6, 3, 1, 1, 1)
    assert (month.automatic, month.linked, month.match_rate, month.automation) == (1, 1, 3 / 5, 2 / 3)
    assert sum(" FROM " in query["sql"] for query in queries) == 2


def test_evidence_counts_once_a_decision_and_knows_what_was_corrected(in_acme):
    def suggested(made, *codes):
        reasons = [{"code": code, "agrees": "yes"} for code in codes] + [{"code": "timing", "agrees": "no"}]
        Proposal.objects.create(
            bank_transaction=made.bank_transaction, decision=made, reasons=reasons, status="APPROVED", band="exact",
            probability=0.9, engine_version="1", amount=1, currency="EUR",
        )  # fmt: skip

    suggested(by_policy(), "number", "amount", "amount")
    wrong = decision()
    suggested(wrong, "number")
    decision(wrong.bank_transaction, kind="WRONG", corrects=wrong)
    suggested(decision(kind="REJECT"), "number")
    suggested(decision(decided_at=NOW - timedelta(days=90)), "domain")

    found = automation.by_reason(**WHOLE)

    assert [(row.code, row.decided, row.approved, row.automatic, row.wrong) for row in found] == [
        ("number", 3, 2, 1, 1), ("amount", 1, 1, 1, 0),
    ]  # fmt: skip


def decided_every(*seconds, person=7, start=NOW, **fields):
    at = start
    decision(decided_at=at, decided_by_id=person, **fields)
    for gap in seconds:
        at += timedelta(seconds=gap)
        decision(decided_at=at, decided_by_id=person, **fields)


def test_time_is_from_one_decision_of_a_person_to_the_next_and_a_break_is_none(in_acme):
    decided_every(2, 4, 6, 301, suggested_band="exact")
    decided_every(10, person=8, start=NOW + timedelta(seconds=1))

    [month, whole] = pace.pace(**WHOLE)

    assert (month.month, month.decided, month.measured, month.spent) == (NOV, 7, 4, 22)
    assert (month.median, month.exact, month.likely, month.by_hand) == (5, 4, None, None)
    assert (whole.month, whole.measured, whole.saved) == (None, 4, None)


def test_what_a_browser_measured_goes_before_the_gap_between_decisions(in_acme):
    decided_every(60, 60, open_ms=2500)

    [month, _whole] = pace.pace(**WHOLE)

    assert (month.decided, month.measured, month.median) == (3, 3, Decimal("2.5"))


def test_what_was_approved_in_bulk_is_not_measured(in_acme):
    decided_every(1, 1, batch="6dd6a8f5-0ce4-4f2c-bb8b-02f1b1ad0f2e")

    [month, _whole] = pace.pace(**WHOLE)

    assert (month.decided, month.measured, month.median) == (3, 0, None)


def test_hours_saved_are_what_stands_times_the_median_of_people(in_acme):
    decided_every(*[6] * pace.LEAST_MEASURED)
    for _ in range(3):
        by_policy()
    undone = by_policy(decided_at=NOW - timedelta(days=30))
    decision(undone.bank_transaction, kind="UNDO", undoes=undone, decided_at=NOW + timedelta(days=1))
    by_policy(decided_at=NOW - timedelta(days=30))

    october, november, whole = pace.pace(**WHOLE)

    assert (november.automatic, november.saved) == (3, Decimal(18) / 3600)
    # October was not measured, so that the median of the whole period holds.
    assert (october.automatic, october.saved) == (1, Decimal(6) / 3600)
    assert (whole.automatic, whole.saved) == (4, Decimal(24) / 3600)


def test_without_a_decision_there_is_only_an_empty_whole(in_acme):
    with CaptureQueriesContext(connection) as queries:
        [whole] = pace.pace(**WHOLE)

    assert (whole.decided, whole.automatic, whole.saved) == (0, 0, None)
    assert sum(" FROM " in query["sql"] for query in queries) == 2


def test_months_added_up_keep_their_rates(in_acme):
    months = [
        automation.MonthOfPayments(OCT, received=10, matched=4, set_aside=2, open=4, automatic=1),
        automation.MonthOfPayments(NOV, received=4, matched=4, linked=3),
    ]

    added = automation.whole(months)

    assert (added.received, added.matched, added.match_rate, added.automation) == (14, 8, 8 / 12, 4 / 8)
