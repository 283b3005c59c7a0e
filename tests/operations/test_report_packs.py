"""A month's reports in one file: asked for, scheduled, made once, kept for a week, and nobody else's."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from accounts.models import Membership, OutgoingMail
from accounts.services import mailing, own_language
from payymo.dashboard.reports import packs
from payymo.dashboard.reports.catalogue import REPORTS
from payymo.operations.models import ReportPack, ReportSchedule
from payymo.operations.services import report_packs
from payymo.shared.errors import BadInput
from tenants import context
from tests.factories import rows

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
OCT = date(2026, 10, 1)


@pytest.fixture
def asked(in_acme, viewer):
    return report_packs.ask(user=viewer, report="", month=OCT, language="de", now=NOW)


def made(now=NOW, write=packs.write):
    return report_packs.make_next(write=write, now=now)


def scheduled(user, *, day=3, since=NOW - timedelta(days=60), report=""):
    row = report_packs.schedule(user=user, report=report, day=day, language="en")
    ReportSchedule.objects.filter(pk=row.pk).update(created_at=since)
    return row


def test_a_pack_holds_a_pdf_a_workbook_and_every_table_in_the_language_asked_for(asked, viewer):
    rows.transfer("x", "10.00", booking_date=date(2026, 10, 5))

    made()

    row, content = report_packs.content_of(user=viewer, pack_id=asked.public_id, now=NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        statement = archive.read("acme-2026-10/statement.csv").decode("utf-8-sig")
        workbook = archive.read("acme-2026-10/acme-2026-10.xlsx")
    assert names == {*(f"{name}.csv" for name in REPORTS), "acme-2026-10.pdf", "acme-2026-10.xlsx"}
    assert "2026-10-01,2026-10-31" in statement
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        assert "1 Kontenübersicht" in book.read("xl/workbook.xml").decode()
    assert (row.state, row.done, row.size) == ("ready", row.steps, len(content))
    assert row.steps == len(REPORTS) + 2


def test_what_is_kept_is_sealed_and_gone_after_a_week(asked, viewer):
    made()
    row = ReportPack.objects.get()
    assert b"PK" not in bytes(row.content_sealed)[:200]

    later = NOW + report_packs.KEPT
    with pytest.raises(report_packs.NothingToFetch):
        report_packs.content_of(user=viewer, pack_id=row.public_id, now=later)
    assert report_packs.end_old(now=later) == 1

    row.refresh_from_db()
    assert (row.state, bytes(row.content_sealed)) == ("over", b"")


def test_a_pack_is_its_members_own_and_its_tenants(asked, owner, viewer, globex):
    made()

    with pytest.raises(ReportPack.DoesNotExist):
        report_packs.content_of(user=owner, pack_id=asked.public_id, now=NOW)
    with context.inside(globex):
        assert report_packs.packs_of(viewer) == []
        assert report_packs.make_next(write=packs.write, now=NOW) is None


def test_the_same_is_made_once_at_a_time(asked, viewer):
    with pytest.raises(report_packs.PackUnderWay):
        report_packs.ask(user=viewer, report="", month=OCT, language="en", now=NOW)

    report_packs.ask(user=viewer, report="ageing", month=OCT, language="en", now=NOW)
    assert ReportPack.objects.count() == 2


@pytest.mark.parametrize("month", [date(2026, 12, 1), date(2026, 10, 2), date(1900, 1, 1)])
def test_a_month_that_is_none_or_has_not_begun_is_refused(in_acme, viewer, month):
    with pytest.raises(BadInput):
        report_packs.ask(user=viewer, report="", month=month, language="en", now=NOW)

    assert not ReportPack.objects.exists()


def test_a_schedule_makes_one_pack_a_month_and_one_mail_however_often_it_is_asked(in_acme, viewer):
    scheduled(viewer, report="ageing")

    assert [report_packs.due_now(now=NOW) for _ in range(3)] == [1, 0, 0]
    assert [made() is not None for _ in range(2)] == [True, False]
    assert report_packs.due_now(now=NOW + timedelta(days=2)) == 0

    [pack] = ReportPack.objects.all()
    assert (pack.month, pack.report, pack.state) == (OCT, "ageing", "ready")
    assert OutgoingMail.objects.filter(kind="report_ready", about=viewer.public_id).count() == 1
    assert report_packs.due_now(now=NOW + timedelta(days=14)) == 1


def test_the_mail_holds_a_link_and_no_figure(in_acme, viewer):
    rows.invoice("INV-1", "4711.00")
    scheduled(viewer)
    report_packs.due_now(now=NOW)
    made()

    assert mailing.send_due(tenant=in_acme, now=NOW) == 1

    [letter] = mail.outbox
    assert letter.to == ["viewer@acme.example"]
    assert "acme.localhost" in letter.body
    assert "/reports/" in letter.body
    assert "4711" not in letter.body
    assert letter.attachments == []


def test_a_day_that_is_to_come_and_one_before_the_schedule_was_made_are_not_due(in_acme, viewer, owner):
    scheduled(viewer, day=21)
    scheduled(owner, day=3, since=NOW - timedelta(days=1))

    assert report_packs.due_now(now=NOW) == 0
    assert report_packs.due_now(now=NOW + timedelta(days=1)) == 1


def test_the_day_is_that_of_the_company(in_acme, viewer):
    in_acme.time_zone = "Pacific/Auckland"
    scheduled(viewer, day=21)

    assert report_packs.due_now(now=datetime(2026, 11, 20, 10, 30, tzinfo=UTC)) == 0
    assert report_packs.due_now(now=datetime(2026, 11, 20, 11, 30, tzinfo=UTC)) == 1


def test_who_may_not_see_reports_any_more_gets_none_and_their_schedules_end(in_acme, viewer, asked):
    scheduled(viewer)
    Membership.objects.filter(user=viewer, tenant=in_acme).update(is_active=False)

    assert report_packs.due_now(now=NOW) == 0
    made()

    assert not ReportSchedule.objects.exists()
    assert ReportPack.objects.get().state == "failed"
    assert not OutgoingMail.objects.filter(kind="report_ready").exists()


def test_a_member_stops_only_their_own(in_acme, viewer, owner):
    row = scheduled(viewer)

    assert not report_packs.stop(user=owner, schedule_id=row.public_id)
    assert report_packs.stop(user=viewer, schedule_id=row.public_id)
    assert report_packs.due_now(now=NOW) == 0


@pytest.mark.parametrize("day", [0, 29])
def test_a_day_that_not_every_month_has_is_refused(in_acme, viewer, day):
    with pytest.raises(BadInput):
        report_packs.schedule(user=viewer, report="", day=day, language="en")


def test_the_same_report_scheduled_again_only_moves_its_day(in_acme, viewer):
    scheduled(viewer, day=3)
    scheduled(viewer, day=9)

    assert [row.day for row in report_packs.schedules_of(viewer)] == [9]


def test_what_fails_three_times_says_so_and_what_is_too_large_at_once(asked, monkeypatch):
    def broken(row, progress):
        raise OSError("no space left")

    for _ in range(report_packs.MOST_ATTEMPTS):
        with pytest.raises(OSError, match="no space"):
            made(write=broken)
    made(write=broken)
    assert ReportPack.objects.get().state == "failed"

    ReportPack.objects.update(state="waiting", attempts=0)
    monkeypatch.setattr(report_packs, "MOST_BYTES", 3)
    made(write=lambda row, progress: io.BytesIO(b"four"))
    assert (ReportPack.objects.get().state, bytes(ReportPack.objects.get().content_sealed)) == ("failed", b"")


@pytest.mark.parametrize(("chosen", "language"), [("de", "de"), ("", "en")])
def test_a_scheduled_pack_is_in_the_language_that_its_member_reads_by_then(in_acme, viewer, chosen, language):
    scheduled(viewer)
    own_language.choose(user=viewer, language=chosen)

    report_packs.due_now(now=NOW)

    assert ReportPack.objects.get().language == language
