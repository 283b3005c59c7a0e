"""The page of all reports: a month in one file, its progress, its download, and what comes by itself."""

import pytest

from payymo.dashboard.tasks import make_reports
from payymo.operations.models import ReportPack, ReportSchedule
from tests.dashboard.conftest import Browser

PACK = {"pack-month": "2026-10", "pack-report": "ageing"}


def test_a_month_is_asked_for_made_and_fetched(as_viewer, as_owner, in_acme):
    assert as_viewer.post("/reports/packs/new/", PACK).status_code == 303
    assert as_viewer.get("/reports/").context["page"].packs.every == 3

    make_reports(tenant_id=str(in_acme.public_id))

    [row] = as_viewer.get("/reports/").context["page"].packs.rows
    answer = as_viewer.get(row.fetch_url)
    assert row.title.startswith("Ageing of open invoices, Oct")
    assert (answer["Content-Type"], answer.content[:2]) == ("application/zip", b"PK")
    assert 'filename="acme-2026-10.zip"' in answer["Content-Disposition"]
    assert as_owner.get(row.fetch_url).status_code == 404


def test_progress_is_sent_while_it_changes_only(as_viewer, in_acme):
    as_viewer.post("/reports/packs/new/", PACK)
    state = as_viewer.get("/reports/").context["page"].packs.state

    assert as_viewer.fragment("get", f"/reports/packs/?state={state}").status_code == 204
    ReportPack.objects.update(done=1, steps=3)
    html = as_viewer.fragment("get", f"/reports/packs/?state={state}").content.decode()
    assert 'max="3" value="1"' in html


def test_a_file_that_is_over_leads_back_and_says_so(as_viewer, in_acme):
    as_viewer.post("/reports/packs/new/", PACK)

    answer = as_viewer.get(f"/reports/packs/{ReportPack.objects.get().public_id}/", follow=True)

    assert "This file is not there" in answer.content.decode()


def test_a_schedule_is_made_shown_and_stopped(as_viewer, as_owner, in_acme):
    as_viewer.post("/reports/schedules/", {"schedule-day": "3", "schedule-report": ""})
    [row] = as_viewer.get("/reports/").context["page"].schedules

    assert as_owner.post(row.stop_url).status_code == 404
    assert ReportSchedule.objects.count() == 1
    assert "Stopped." in as_viewer.post(row.stop_url, follow=True).content.decode()
    assert not ReportSchedule.objects.exists()


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("packs/new/", {"pack-month": "x"}),
        ("packs/new/", {"pack-month": "2999-01"}),
        ("packs/new/", {"pack-month": "2026-10", "pack-report": "none"}),
        ("schedules/", {"schedule-day": "31"}),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(as_viewer, in_acme, path, sent):
    assert as_viewer.post(f"/reports/{path}", sent).status_code == 422
    assert not ReportPack.objects.exists()
    assert not ReportSchedule.objects.exists()


@pytest.mark.parametrize("path", ["packs/new/", "schedules/"])
def test_only_who_sees_reports_asks_for_them(as_newcomer, anonymous, globex, in_acme, viewer, path):
    stranger = Browser("globex.localhost", tenant=in_acme, user=viewer)

    assert as_newcomer.post(f"/reports/{path}", PACK).status_code == 403
    assert anonymous.post(f"/reports/{path}", PACK).status_code == 302
    assert stranger.post(f"/reports/{path}", PACK).status_code in (302, 404)
