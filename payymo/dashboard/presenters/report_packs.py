"""The list of reports with the member's files and schedules."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from payymo.dashboard import formats
from payymo.dashboard.forms_reports import PackForm, ScheduleForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import Chip
from payymo.dashboard.pages.reports import PackRow, Packs, ReportsPage, ScheduleRow
from payymo.dashboard.presenters import reports
from payymo.dashboard.reports.catalogue import REPORTS
from payymo.operations.models import ReportPack, ReportSchedule
from payymo.operations.services import report_packs
from tenants import days

State = ReportPack.State
_OFTEN, _SELDOM = 3, 60


def page(
    user: User, *, now: datetime, pack_form: PackForm | None = None, schedule_form: ScheduleForm | None = None
) -> ReportsPage:
    """Build the page; a form that came back with errors is shown as it was sent."""
    last = days.month_before(days.today(now).replace(day=1))
    return ReportsPage(
        tiles=reports.tiles(),
        packs=packs(user, now=now),
        packs_url=link("report_packs"),
        pack_form=pack_form or PackForm(initial={"month": last}, prefix="pack"),
        pack_url=link("report_pack_ask"),
        schedules=tuple(map(_schedule, report_packs.schedules_of(user))),
        schedule_form=schedule_form or ScheduleForm(prefix="schedule"),
        schedule_url=link("report_schedule"),
    )


def packs(user: User, *, now: datetime) -> Packs:
    """Return the member's files, and how often to look while one is being made."""
    found = report_packs.packs_of(user)
    waits = any(row.state == State.WAITING for row in found)
    return Packs(
        state=".".join(f"{row.pk}-{row.state}-{row.done}" for row in found),
        every=_OFTEN if waits else _SELDOM,
        rows=tuple(_row(row, now) for row in found),
    )


def _title(report: str) -> str:
    return str(REPORTS[report].title) if report in REPORTS else _("All reports")


def _row(row: ReportPack, now: datetime) -> PackRow:
    is_there = row.state == State.READY and row.expires_at is not None and row.expires_at > now
    chips = {
        State.WAITING: Chip(_("Being made"), "info"), State.FAILED: Chip(_("Failed"), "bad"),
        State.READY: Chip(_("Ready"), "ok"), State.OVER: Chip(_("Gone"), "neutral"),
    }  # fmt: skip
    return PackRow(
        title=f"{_title(row.report)}, {formats.month(row.month)}",
        state=chips[State(row.state)] if is_there or row.state != State.READY else chips[State.OVER],
        asked=formats.moment(row.created_at, now),
        done=row.done,
        steps=row.steps if row.state == State.WAITING else 0,
        text=_text(row, now) if is_there else _failed(row),
        fetch_url=link("report_pack", row.public_id) if is_there else "",
    )


def _text(row: ReportPack, now: datetime) -> str:
    assert row.expires_at is not None  # noqa: S101 - what is ready has an end
    size = formats.number(max(1, row.size // 1000))
    return _("%(size)s KB. It goes %(until)s.") % {"size": size, "until": formats.moment(row.expires_at, now).text}


def _failed(row: ReportPack) -> str:
    text = _("It could not be made. Ask for it again, or for fewer reports.")
    return text if row.state == State.FAILED else ""


def _schedule(row: ReportSchedule) -> ScheduleRow:
    text = _("On day %d of each month, for the month before.") % row.day
    return ScheduleRow(_title(row.report), text, link("report_schedule_stop", row.public_id))
