"""The nightly look at every open payment: what changed in the whole, and not in one invoice, is seen here.

It goes on beside new payments and beside people: each piece is a short transaction, what was proposed meanwhile is
left as it is, and a run that was stopped goes on with what it has not looked at.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.db.models import F

from matching.models import FullRun
from matching.services import indexing, proposing, saving
from matching.services.proposing import Outcome, Progress

NIGHT = time(1)
_REMEMBERED = timedelta(days=30)


def is_due(*, now: datetime) -> bool:
    """Whether a run is unfinished, or none was begun since the last night (UTC)."""
    night = datetime.combine(now.date(), NIGHT, tzinfo=now.tzinfo)
    begun_since = night if now >= night else night - timedelta(days=1)
    runs = FullRun.objects.order_by("-pk")
    return runs.filter(finished_at=None).exists() or not runs.filter(started_at__gte=begun_since).exists()


def run_all(*, now: datetime, goes_on: Callable[[], bool] = lambda: True, progress: Progress | None = None) -> Outcome:
    """Look at every open payment that was last looked at before the run began; `goes_on` may end it before a piece.

    Shape: the caller keeps others from running it for this tenant at the same time.
    """
    run = FullRun.objects.filter(finished_at=None).first()
    if run is None:
        run = FullRun.objects.create(started_at=now)
        saving.forget_replaced(before=now - _REMEMBERED)
        indexing.recount_words()
    left = proposing.Replay(
        proposing.open_bank().filter(proposed_at__lt=run.started_at),
        proposing.open_charges().filter(proposed_at__lt=run.started_at),
    )
    outcome = proposing.propose(receipts=left, now=now, goes_on=goes_on, progress=progress)
    FullRun.objects.filter(pk=run.pk).update(
        looked_at=F("looked_at") + outcome.looked_at,
        changed=F("changed") + len(outcome.changed),
        finished_at=now if goes_on() else None,
    )
    return outcome
