from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.core.evaluation import calibration_error
from matching.match_rates import MOST_MONTHS, BandRow, match_rates, usual_range
from matching.models import Decision, Proposal
from tenants import context
from tenants.models import Tenant
from tests.factories import rows

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
AT = datetime(2026, 11, 10, 9, tzinfo=UTC)


@pytest.fixture
def payment(in_acme):
    return rows.transfer("hosting", "10.00")


def decided(payment, *, kind="APPROVE", followed=True, said=0.9, at=AT, source="person", band="exact", **fields):
    return Decision.objects.create(
        kind=kind, source=source, bank_transaction=payment, decided_at=at, followed=followed, suggested_band=band,
        suggested_probability=said, **fields,
    )  # fmt: skip


def month(first=NOVEMBER):
    [found] = match_rates(first=first, last=first)
    return found


def test_each_suggestion_is_counted_once_by_what_became_of_it(payment):
    decided(payment)
    decided(payment, kind="ALLOCATE", followed=False)
    decided(payment, kind="REJECT", followed=False)
    undone = decided(payment)
    Decision.objects.create(kind="UNDO", source="person", bank_transaction=payment, decided_at=AT, undoes=undone)
    open_one = Proposal.objects.create(
        bank_transaction=payment, rank=1, band="exact", probability=0.9, engine_version="1", amount=1, currency="EUR"
    )
    Proposal.objects.filter(pk=open_one.pk).update(created_at=AT)

    assert month().bands == [BandRow("exact", 5, 1, 1, 1, 1, 1)]


def test_what_was_said_is_held_against_what_came_true(payment):
    for said, followed in ((0.9, True), (0.8, True), (0.7, False)):
        decided(payment, said=said, followed=followed)
    decided(payment, kind="IGNORE", said=None, followed=True, band="none")
    reported = decided(payment, said=1.0)
    Decision.objects.create(kind="WRONG", source="person", bank_transaction=payment, decided_at=AT, corrects=reported)

    found = month()

    assert (found.judged, found.said, found.right) == (4, pytest.approx(0.85), 0.5)
    assert found.error is None


def test_what_happened_alone_and_what_of_it_was_corrected(payment):
    alone = [decided(payment, source="policy", probability=0.9995) for _ in range(3)]
    Decision.objects.create(kind="UNDO", source="person", bank_transaction=payment, decided_at=AT, undoes=alone[0])
    Decision.objects.create(kind="WRONG", source="person", bank_transaction=payment, decided_at=AT, corrects=alone[1])
    decided(payment)
    decided(payment, source="policy", probability=None, band="", said=None, followed=None)

    found = month()

    assert (found.decided, found.automatic, found.corrected) == (4, 3, 2)
    assert found.automatic_share == 0.75


def test_the_calibration_error_is_that_of_the_core(payment):
    said = [0.5 + place / 400 for place in range(200)]
    Decision.objects.bulk_create(
        Decision(
            kind="APPROVE", source="person", bank_transaction=payment, decided_at=AT, suggested_band="likely",
            suggested_probability=probability, followed=place % 3 > 0,
        )
        for place, probability in enumerate(said)
    )  # fmt: skip

    expected = calibration_error([(probability, place % 3 > 0) for place, probability in enumerate(said)])

    assert month().error == pytest.approx(expected)


def test_months_are_those_of_the_tenants_time_zone(payment, in_acme):
    decided(payment, at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    assert (month(OCTOBER).judged, month(NOVEMBER).judged) == (1, 0)

    Tenant.objects.filter(pk=in_acme.pk).update(time_zone="Europe/Berlin")
    in_acme.refresh_from_db()

    assert (month(OCTOBER).judged, month(NOVEMBER).judged) == (0, 1)


def test_every_month_is_there_and_an_empty_one_says_nothing(payment):
    found = match_rates(first=date(2026, 1, 1), last=date(2026, 12, 1))

    assert [one.month.month for one in found] == list(range(1, 13))
    assert all((one.bands, one.said, one.right, one.automatic_share) == ([], None, None, None) for one in found)


@pytest.mark.parametrize(
    ("first", "last"),
    [(NOVEMBER, OCTOBER), (date(2026, 11, 2), NOVEMBER), (date(2020, 1, 1), NOVEMBER)],
    ids=["backwards", "within a month", "too long"],
)
def test_an_unusable_range_is_refused(in_acme, first, last):
    with pytest.raises(ValueError, match="month"):
        match_rates(first=first, last=last)


def test_the_usual_range_is_a_year_and_within_the_limit(in_acme):
    assert usual_range(AT) == (date(2025, 12, 1), NOVEMBER)
    assert len(match_rates(first=date(2023, 12, 1), last=NOVEMBER)) == MOST_MONTHS


def test_the_queries_do_not_grow_with_rows_or_months(payment):
    decided(payment)
    with CaptureQueriesContext(connection) as few:
        match_rates(first=NOVEMBER, last=NOVEMBER)
    for days in range(120):
        decided(payment, at=AT - timedelta(days=days), band=("exact", "likely", "possible")[days % 3])

    with CaptureQueriesContext(connection) as many:
        match_rates(first=date(2025, 1, 1), last=NOVEMBER)

    assert len(many) == len(few)


def test_a_tenant_counts_its_own_decisions_only(payment, globex):
    decided(payment)

    with context.inside(globex):
        assert match_rates(first=NOVEMBER, last=NOVEMBER)[0].decided == 0
