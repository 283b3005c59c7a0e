"""The daily comparison of bank, Payymo, WHMCS and gateways: what differs is told once, and again when it grows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from banking.models import StatementImport
from payymo.notices import words
from payymo.notices.models import Event, Notice
from payymo.notices.services import comparing
from payymo.notices.tasks import compare_books
from tests.factories import rows
from tests.matching.services.test_three_way import book, charge, in_order
from whmcs.models import WhmcsInstance

NOW = rows.NOW
DAY = timedelta(days=1)


def news(now=NOW):
    before = set(Event.objects.values_list("pk", flat=True))
    comparing.compare(now=now)
    return [(event.details["what"], event.details.get("count")) for event in Event.objects.exclude(pk__in=before)]


def taken(days, **fields):
    return charge(charged_at=NOW - days * DAY, available=-days, payout=rows.payout("49.00"), **fields)


def test_what_agrees_is_no_news(in_acme):
    in_order(charged_at=NOW - 5 * DAY)

    assert news() == []


def test_a_list_is_told_once_and_again_when_it_grows_and_not_while_it_is_worked_off(in_acme):
    first = taken(5)
    assert [news(), news(NOW + DAY)] == [[("captured_unpaid", 1)], []]

    taken(4)
    assert news(NOW + DAY) == [("captured_unpaid", 2)]
    book(first.charge_id)
    assert news(NOW + DAY) == []


def test_nothing_is_told_missing_in_whmcs_while_one_is_paused_and_its_book_stands(in_acme):
    taken(5)
    charge(charged_at=NOW - 20 * DAY, available=-18)
    WhmcsInstance.objects.update_or_create(pk=rows.instance().pk, defaults={"is_paused": True})

    assert news() == [("in_no_payout", 1)]

    WhmcsInstance.objects.update(is_paused=False)
    assert news(NOW + DAY) == [("captured_unpaid", 2)]


def test_what_is_young_or_older_than_35_days_is_left(in_acme):
    taken(1)
    taken(36)

    assert news() == []
    assert news(NOW + 2 * DAY) == [("captured_unpaid", 1)]


def test_another_amount_or_fee_in_whmcs_is_told(in_acme):
    book(taken(5).charge_id, "40.00", fees="2.00", booked_at=f"{NOW - 5 * DAY:%Y-%m-%d} 10:00:00")

    assert sorted(news()) == [("amount_differs", 1), ("fee_differs", 1)]


@pytest.mark.parametrize(("closing", "found"), [("40.00", []), ("41.00", [("balance", None)])])
def test_a_statement_that_says_another_balance_is_told(in_acme, closing, found):
    account = rows.account()
    rows.transfer("x", "40.00", into=account, booking_date=(NOW - 5 * DAY).date())
    day = (NOW - 2 * DAY).date().isoformat()
    span = {"first": "2026-11-01", "last": day, "number": "1", "opening": "0.00", "closing": closing}
    StatementImport.objects.create(
        account=account, file_name="a", file_sha256="0" * 64, file_sealed=b"", state="COMMITTED", spans=[span]
    )

    assert [news(), news(NOW + DAY)] == [found, []]
    if found:
        event = Event.objects.get()
        assert (Decimal(event.details["amount"]), event.account_id, words.path_of(event)) == (
            1, account.pk, "/reports/statement/",
        )  # fmt: skip


def test_whoever_decides_hears_of_it_in_their_language_and_a_stranger_does_not(in_acme, reviewer, stranger):
    taken(5)
    news()

    event = Event.objects.get()
    assert Notice.objects.filter(user_id=reviewer.pk, way="daily").exists()
    assert not Notice.objects.filter(user_id=stranger.pk).exists()
    assert words.path_of(event) == "/reports/three-way/"
    assert words.text_of(event) == "Captured, but the invoice is unpaid: 1, older than a few days."
    with override("de"):
        assert words.text_of(event).endswith(": 1, älter als ein paar Tage.")
    assert set(event.details) == {"what", "count"}
    event.details["what"] = "a_check_of_tomorrow"
    assert words.text_of(event) == "a_check_of_tomorrow: 1, older than a few days."


def test_the_job_runs_once_a_day_and_asks_as_often_for_one_finding_as_for_many(in_acme, queries_of):
    taken(5)
    few = queries_of(lambda: comparing.compare(now=NOW))
    for day in range(6, 16):
        taken(day)
    many = queries_of(lambda: comparing.compare(now=NOW))

    assert many <= few
    compare_books(tenant_id=str(in_acme.public_id))
    assert compare_books(tenant_id=str(in_acme.public_id)) is None
