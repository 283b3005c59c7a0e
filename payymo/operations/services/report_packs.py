"""Months of reports as files: asked for by a member, or due by a schedule; made by a worker, kept sealed for a week.

Which reports there are, and how they are written, is the dashboard's: `make_next` is given what writes them.
"""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import IO

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext

from accounts.models import Membership, OutgoingMail, User
from accounts.permissions import active_memberships, permissions_of_member
from accounts.services import outbox
from payymo.operations.models import ReportPack, ReportSchedule
from payymo.shared.errors import BadInput, Conflict
from tenants import context, days, sealing
from tenants.nudging import nudge

KEPT = timedelta(days=7)
MOST_BYTES = 32 << 20
MOST_ATTEMPTS = 3
MOST_SCHEDULES = 10
LISTED = 10
RIGHT = "reports.view"
State = ReportPack.State
Progress = Callable[[int, int], None]
Writer = Callable[[ReportPack, Progress], IO[bytes]]


class PackUnderWay(Conflict):
    """The same is being made already."""

    code = "pack_under_way"


class NothingToFetch(Conflict):
    """It is not made yet, or its week is over."""

    code = "nothing_to_fetch"


def ask(*, user: User, report: str, month: date, language: str, now: datetime) -> ReportPack:
    """Ask for a month's file of one report, or with an empty name of all; a worker makes it.

    Raises: BadInput for a month that has not begun; PackUnderWay.
    """
    if month.day != 1 or not date(1990, 1, 1) <= month <= days.today(now):
        raise BadInput(gettext("Choose a month that has begun."))
    try:
        with transaction.atomic():
            row = ReportPack.objects.create(user_id=user.pk, report=report, month=month, language=language)
            nudge("reports")
    except IntegrityError as error:
        raise PackUnderWay(gettext("This is being made already.")) from error
    return row


def schedule(*, user: User, report: str, day: int, language: str) -> ReportSchedule:
    """Let the member get the month before, on this day of each month, from the next such day on.

    Raises: BadInput for a day that not every month has, or too many schedules.
    """
    if not 1 <= day <= 28:
        raise BadInput(gettext("Choose a day from 1 to 28, which every month has."))
    mine = ReportSchedule.objects.filter(user_id=user.pk)
    if not mine.filter(report=report).exists() and mine.count() >= MOST_SCHEDULES:
        raise BadInput(gettext("These are enough; stop one first."))
    row, _ = mine.update_or_create(
        report=report, defaults={"day": day, "language": language}, create_defaults={
            "user_id": user.pk, "day": day, "language": language,
        },
    )  # fmt: skip
    return row


def stop(*, user: User, schedule_id: uuid.UUID) -> bool:
    """Stop one of the member's own schedules; False when there is none."""
    return bool(ReportSchedule.objects.filter(user_id=user.pk, public_id=schedule_id).delete()[0])


def schedules_of(user: User) -> list[ReportSchedule]:
    """Return the member's schedules."""
    return list(ReportSchedule.objects.filter(user_id=user.pk).order_by("report"))


def packs_of(user: User) -> list[ReportPack]:
    """Return the member's newest files, without what is in them."""
    return list(ReportPack.objects.filter(user_id=user.pk).defer("content_sealed").order_by("-pk")[:LISTED])


def content_of(*, user: User, pack_id: uuid.UUID, now: datetime) -> tuple[ReportPack, bytes]:
    """Return one of the member's own files.

    Raises: ReportPack.DoesNotExist; NothingToFetch.
    """
    row = ReportPack.objects.get(user_id=user.pk, public_id=pack_id)
    if row.state != State.READY or row.expires_at is None or row.expires_at <= now:
        raise NothingToFetch(gettext("This file is not there. Ask for a new one."))
    return row, sealing.data_key().unseal(bytes(row.content_sealed), bound_to=_binding(row))


def due_now(*, now: datetime) -> int:
    """Put the files that schedules want now among those that wait; return how many. Once a month, however often.

    Shape: the first is for the first such day after the schedule was made. Who may not see reports any more gets
    none, and their schedules end. It is in the language that the member reads now, or was asked for in by whoever
    chose none.
    """
    today, added = days.today(now), 0
    reads = {member.user_id: member.user.language for member in _members_who_may()}
    ReportSchedule.objects.exclude(user_id__in=reads).delete()
    month = days.month_before(today.replace(day=1))
    done = ReportPack.objects.filter(month=month).values("schedule")
    for row in ReportSchedule.objects.filter(day__lte=today.day).exclude(pk__in=done.exclude(schedule=None)):
        if today.replace(day=row.day) < days.today(row.created_at):
            continue
        with transaction.atomic():
            _, created = ReportPack.objects.get_or_create(
                schedule=row, month=month,
                defaults={
                    "user_id": row.user_id, "report": row.report, "language": reads[row.user_id] or row.language,
                },
            )  # fmt: skip
        added += created
    return added


def _members_who_may() -> list[Membership]:
    members = active_memberships().filter(tenant=context.current())
    return [member for member in members if RIGHT in permissions_of_member(member)]


def make_next(*, write: Writer, now: datetime) -> ReportPack | None:
    """Make the file that has waited longest, and end those whose week is over; None when nothing waits.

    Shape: what a killed or failed attempt left is tried again, three times in all. Whoever scheduled it is told by
    mail, once, in the transaction that makes it ready.
    """
    end_old(now=now)
    row = ReportPack.objects.filter(state=State.WAITING).order_by("pk").first()
    if row is None:
        return None
    if row.attempts >= MOST_ATTEMPTS or row.user_id not in {member.user_id for member in _members_who_may()}:
        ReportPack.objects.filter(pk=row.pk).update(state=State.FAILED)
        return row
    ReportPack.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1, done=0)

    def progress(done: int, steps: int) -> None:
        ReportPack.objects.filter(pk=row.pk).update(done=done, steps=steps)

    with write(row, progress) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        ReportPack.objects.filter(pk=row.pk).update(state=State.FAILED)
        return row
    _keep(row, content, now)
    return row


@transaction.atomic
def _keep(row: ReportPack, content: bytes, now: datetime) -> None:
    sealed = sealing.data_key().seal(content, bound_to=_binding(row))
    kept = ReportPack.objects.filter(pk=row.pk, state=State.WAITING).update(
        state=State.READY, made_at=now, expires_at=now + KEPT, size=len(content), content_sealed=sealed,
        done=F("steps"),
    )  # fmt: skip
    if kept and row.schedule_id is not None:
        user = User.objects.get(pk=row.user_id)
        outbox.post(kind=OutgoingMail.Kind.REPORT_READY, about=user.public_id, tenant=context.current(), now=now)


def _binding(row: ReportPack) -> bytes:
    return sealing.binding_of(ReportPack._meta.db_table, "content_sealed", row.public_id)


def end_old(*, now: datetime) -> int:
    """Delete what is in the files whose week is over; return how many."""
    over = ReportPack.objects.filter(state=State.READY, expires_at__lte=now)
    return over.update(state=State.OVER, content_sealed=b"")
