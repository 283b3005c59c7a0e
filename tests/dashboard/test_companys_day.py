"""A day of review begins and ends at midnight where the company is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from matching import queue_selectors
from matching.models import Decision
from matching.services import proposing, setting_aside
from matching.services.decisions import Actor
from payymo.dashboard.presenters import decided
from payymo.dashboard.presenters.review import panel
from payymo.shared.errors import BadInput
from tests.factories import rows

# Friday evening in Los Angeles, and Saturday already in Greenwich.
EVENING = datetime(2026, 11, 21, 2, tzinfo=UTC)
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture
def payment(in_acme):
    in_acme.time_zone = "America/Los_Angeles"
    rows.invoice("INV-1", "20.00", due_date=FRIDAY)
    row = rows.transfer("INV-1", "20.00")
    proposing.propose(receipts=[row], now=EVENING)
    return row


def hold(payment, owner, until):
    return setting_aside.hold_receipt(
        receipt_id=payment.public_id, until=until, actor=Actor.person(owner), now=EVENING
    )  # fmt: skip


def test_a_payment_is_put_off_until_the_companys_tomorrow(payment, owner):
    hold(payment, owner, SATURDAY)

    page = decided.progress(now=EVENING, counts=queue_selectors.band_counts(on=FRIDAY))
    assert (page.left_count, Decision.objects.get().reason) == (0, "2026-11-21")


def test_it_is_not_put_off_until_the_companys_today(payment, owner):
    with pytest.raises(BadInput):
        hold(payment, owner, FRIDAY)

    assert not Decision.objects.exists()


def test_decided_today_counts_from_the_companys_midnight(payment, owner):
    # At 17:00 and 09:00 on Friday, which Greenwich has on two days, and on Thursday.
    for hours in (1, 9, 25):
        other = rows.transfer("hosting", "20.00")
        setting_aside.ignore_receipt(
            receipt_id=other.public_id, reason="other", actor=Actor.person(owner), now=EVENING - timedelta(hours=hours)
        )

    assert decided.progress(now=EVENING, counts={}).done_today == 2


def test_what_is_due_today_where_the_company_is_is_not_late(payment):
    shown = panel(payment, may_decide=True, now=EVENING)

    assert shown.candidates[0].lines[0].due_text == "today"
    assert shown.hold_until == "2026-11-27"
