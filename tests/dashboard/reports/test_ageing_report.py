"""The ageing of open invoices as of a day: page, files, API, and in the pack of a month."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from payymo.dashboard import formats
from payymo.dashboard.reports import packs
from payymo.operations.services import report_packs
from tenants import days
from tests.factories import rows
from tests.whmcs.test_api import Api


@pytest.fixture
def then():
    return days.today(timezone.now()) - timedelta(days=5)


@pytest.fixture
def paid_since(in_acme, then):
    """Two invoices due ten days ago: one is open, one was paid just now; a third was cancelled nobody knows when."""
    due = {"due_date": then - timedelta(days=5), "issue_date": then - timedelta(days=20)}
    rows.invoice("INV-1", "10.00", **due)
    closed = {"total": Decimal("7.00"), "paid_at": timezone.now()}
    rows.invoice("INV-2", "0", status="Paid", **closed, **due)
    rows.invoice("INV-3", "0", status="Cancelled", total=Decimal("3.00"), **due)


def test_a_day_before_is_counted_back_and_says_what_is_not_known(as_viewer, paid_since, then):
    page = as_viewer.get(f"/reports/ageing/?on={then}").context["page"]

    notes = [note.replace("\u00a0", " ") for note in page.figures.notes]
    assert "2 open invoices of 17.00" in page.figures.sentence.replace("\u00a0", " ")
    assert "1 invoice of 3.00 EUR was cancelled since, nobody knows when, and is left out." in notes
    assert any(note.startswith("Not known of a day that is past") for note in notes)
    assert (page.on, page.figures.as_of) == (then.isoformat(), formats.day(then))


def test_today_is_what_whmcs_shows_now(as_viewer, paid_since, then):
    for asked in ("", f"?on={then + timedelta(days=5)}"):
        page = as_viewer.get(f"/reports/ageing/{asked}").context["page"]

        assert "1 open invoice of 10.00" in page.figures.sentence.replace("\u00a0", " ")
        assert not any("not known" in note.lower() for note in page.figures.notes)


def test_the_files_and_the_api_are_of_the_same_day(as_viewer, paid_since, then):
    answer = as_viewer.get(f"/reports/ageing/export.csv?on={then}")

    lines = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert sorted(line["total"] for line in lines) == ["10.00", "7.00"]
    api = Api("viewer")
    assert len(api.get(f"reports/ageing/table/?on={then}").json()["rows"]) == 2
    assert api.get(f"reports/ageing/table/?on={then + timedelta(days=6)}").status_code == 400


def test_queries_of_a_day_before_do_not_grow(as_viewer, in_acme, queries_of, then):
    def fill():
        rows.invoice("INV-1", "0", status="Paid", total=Decimal(7), paid_at=timezone.now(), issue_date=then)

    address = f"/reports/ageing/export.csv?on={then}"
    fill()
    as_viewer.get(address).getvalue()
    few = queries_of(lambda: as_viewer.get(address).getvalue())
    for _ in range(4):
        fill()

    assert queries_of(lambda: as_viewer.get(address).getvalue()) == few


def test_the_pack_of_a_month_is_as_of_its_last_day(in_acme, viewer):
    october = {"issue_date": date(2026, 10, 1), "due_date": date(2026, 10, 15)}
    paid_at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    rows.invoice("INV-1", "0", status="Paid", total=Decimal("7.00"), paid_at=paid_at, **october)
    rows.invoice("INV-2", "99.00", issue_date=date(2026, 11, 1), due_date=date(2026, 11, 2))
    asked = report_packs.ask(user=viewer, report="", month=date(2026, 10, 1), language="en", now=rows.NOW)
    report_packs.make_next(write=packs.write, now=rows.NOW)

    _row, content = report_packs.content_of(user=viewer, pack_id=asked.public_id, now=rows.NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [line] = csv.DictReader(io.StringIO(archive.read("acme-2026-10/ageing.csv").decode("utf-8-sig")))
    assert (line["to_30"], line["total"]) == ("7.00", "7.00")
