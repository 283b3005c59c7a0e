"""The ageing of unmatched payments as a page, a file, a table of the API and in the pack of a month."""

import csv
import io
import zipfile
from datetime import date, timedelta

import pytest
from django.utils import timezone

from matching.services import setting_aside
from matching.services.decisions import Actor
from payymo.dashboard.reports import packs
from payymo.dashboard.reports.periods import Span, month_of
from payymo.operations.services import report_packs
from tenants import days
from tests.factories import rows
from tests.whmcs.test_api import Api

OCT = date(2026, 10, 1)
NOW = rows.NOW


@pytest.fixture
def api(in_acme):
    return Api("viewer")


@pytest.fixture
def today():
    return days.today(timezone.now())


@pytest.fixture
def waiting(in_acme, reviewer, today):
    """Two payments of ten days ago, of which one was ignored just now."""
    day = today - timedelta(days=10)
    kept, ignored = (rows.transfer("x", amount, booking_date=day) for amount in ("10.00", "7.00"))
    setting_aside.ignore_receipt(
        receipt_id=ignored.public_id, reason="other", actor=Actor.person(reviewer), now=timezone.now()
    )
    return kept


def cells(page):
    [row] = page.figures.rows
    return {cell.label: cell.text.replace("\u00a0", " ") for cell in row}


def test_the_page_is_of_today_and_says_nothing_of_since(as_viewer, waiting, today):
    page = as_viewer.get("/reports/unmatched/").context["page"]

    row = cells(page)
    assert (row["Payments"], row["8–30 days"], row["Unmatched"]) == ("1", "10.00 EUR", "10.00 EUR")
    assert "Still unmatched" not in row
    assert (page.on, page.latest, page.error) == (today.isoformat(), today.isoformat(), "")
    assert "1 payment holds 10.00" in page.figures.sentence.replace("\u00a0", " ")
    [chart] = page.figures.charts
    assert len(chart.boxes) == 1


def test_a_day_before_shows_what_was_unmatched_then_and_what_was_decided_since(as_viewer, waiting, today):
    asked = f"on={today - timedelta(days=2)}"

    page = as_viewer.get(f"/reports/unmatched/?{asked}").context["page"]

    row = cells(page)
    assert (row["Payments"], row["Unmatched"], row["Decided since"], row["Still unmatched"]) == (
        "2", "17.00 EUR", "7.00 EUR", "10.00 EUR",
    )  # fmt: skip
    assert all(asked in file.url for file in page.exports)
    assert asked in page.figures_url


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_the_files_are_of_the_same_day(as_viewer, waiting, today, form):
    answer = as_viewer.get(f"/reports/unmatched/export.{form}?on={today - timedelta(days=2)}")

    content = answer.getvalue()
    assert answer.status_code == 200
    if form == "csv":
        [line] = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        assert (line["total"], line["decided_since"], line["still_unmatched"]) == ("17.00", "7.00", "10.00")


@pytest.mark.parametrize("written", ["tomorrow", "2026-13-01", "1900-01-01", "{tomorrow}"])
def test_a_day_that_is_none_or_to_come_is_refused_and_today_is_shown(as_viewer, waiting, today, written):
    asked = written.format(tomorrow=today + timedelta(days=1))

    page = as_viewer.get(f"/reports/unmatched/?on={asked}").context["page"]

    assert page.error == (
        "That day has not come yet. Choose today or a day before it."
        if written == "{tomorrow}"
        else "Choose a day such as 2026-10-31."
    )
    assert (page.on, cells(page)["Unmatched"]) == (today.isoformat(), "10.00 EUR")
    assert as_viewer.get(f"/reports/unmatched/export.csv?on={asked}").status_code == 302


def test_the_api_takes_the_day_too(api, waiting, today):
    table = api.get(f"reports/unmatched/table/?on={today - timedelta(days=2)}").json()

    [row] = table["rows"]
    assert (row["total"], row["still_unmatched"]) == (
        {"amount": "17.00", "currency": "EUR"}, {"amount": "10.00", "currency": "EUR"},
    )  # fmt: skip
    to_come = today + timedelta(days=1)
    for path in (f"unmatched/table/?on={to_come}", "unmatched/table/?on=soon", f"cash/table/?on={today}"):
        assert api.get(f"reports/{path}").status_code == 400


def test_the_pack_of_a_month_is_as_of_its_last_day(in_acme, viewer, reviewer):
    account = rows.account()
    rows.transfer("x", "10.00", booking_date=date(2026, 10, 31), into=account)
    rows.transfer("y", "99.00", booking_date=date(2026, 11, 1), into=account)
    late = rows.transfer("z", "7.00", booking_date=date(2026, 8, 1), into=account)
    setting_aside.ignore_receipt(receipt_id=late.public_id, reason="other", actor=Actor.person(reviewer), now=NOW)

    [statement], [unmatched] = _tables_of_october(viewer, "statement", "unmatched")

    assert (unmatched["to_7"], unmatched["over_90"], unmatched["total"]) == ("10.00", "7.00", "17.00")
    assert unmatched["still_unmatched"] == "10.00" == statement["unmatched"]


def _tables_of_october(viewer, *names):
    asked = report_packs.ask(user=viewer, report="", month=OCT, language="en", now=NOW)
    report_packs.make_next(write=packs.write, now=NOW)
    _row, content = report_packs.content_of(user=viewer, pack_id=asked.public_id, now=NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in names:
            text = archive.read(f"acme-2026-10/{name}.csv").decode("utf-8-sig")
            yield list(csv.DictReader(io.StringIO(text)))


def test_the_pack_of_a_month_that_goes_on_is_as_of_today(in_acme):
    asked = month_of(date(2026, 11, 1), Span.DAY, now=NOW)

    assert (asked.since, asked.until) == (rows.TODAY, rows.TODAY)
    assert month_of(OCT, Span.DAY, now=NOW).until == date(2026, 10, 31)
