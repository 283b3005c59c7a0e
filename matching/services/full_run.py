"""The nightly look at every open payment: what changed in the whole, and not in one invoice, is seen here.

It goes on beside new payments and beside people: each piece is a short transaction, what was proposed meanwhile is
left as it is, and a run that was stopped goes on with what it has not looked at.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta

from django.db.models import F

from matching.models import FullRun
from matching.services import indexing, proposing, saving
from matching.services.proposing import Outcome, Progress

NIGHT = time(1)
WORTH_TWO = 10_000
"""A second process reads the whole book, too: for fewer payments that takes longer than they do."""
_REMEMBERED = timedelta(days=30)


def is_due(*, now: datetime) -> bool:
    """Whether a run is unfinished, or none was begun since the last night (UTC)."""
    night = datetime.combine(now.date(), NIGHT, tzinfo=now.tzinfo)
    begun_since = night if now >= night else night - timedelta(days=1)
    runs = FullRun.objects.order_by("-pk")
    return runs.filter(finished_at=None).exists() or not runs.filter(started_at__gte=begun_since).exists()


def run_all(
    *,
    now: datetime,
    goes_on: Callable[[], bool] = lambda: True,
    progress: Progress | None = None,
    second: Callable[[], AbstractContextManager[object]] | None = None,
) -> Outcome:
    """Look at every open payment that was last looked at before the run began; `goes_on` may end it before a piece.

    Shape: the caller keeps others from running it for this tenant at the same time. `second` starts a process that
    calls `join`, where there are enough payments for two; what that one did is in the row, not in the outcome.
    """
    run = FullRun.objects.filter(finished_at=None).first()
    if run is None:
        run = FullRun.objects.create(started_at=now)
        saving.forget_replaced(before=now - _REMEMBERED)
        indexing.recount_words()
    if second is None or len(_left(run)) < WORTH_TWO:
        outcome = proposing.propose(receipts=_left(run), now=now, goes_on=goes_on, progress=progress)
    else:
        with second():
            outcome = proposing.propose(receipts=_left(run), now=now, goes_on=goes_on, progress=progress)
        # What the second process was lost with.
        outcome.add(proposing.propose(receipts=_left(run), now=now, goes_on=goes_on))
    _count(run, outcome)
    FullRun.objects.filter(pk=run.pk).update(finished_at=now if goes_on() else None)
    return outcome


def join(*, now: datetime, goes_on: Callable[[], bool]) -> Outcome:
    """Take payments of the unfinished run from its other end until it meets the first process, which ends the run.

    Both may judge the piece on which they meet; only one writes it.
    """
    run = FullRun.objects.filter(finished_at=None).first()
    if run is None:
        return Outcome()
    outcome = proposing.propose(receipts=_left(run, newest_first=True), now=now, goes_on=goes_on)
    _count(run, outcome)
    return outcome


def _left(run: FullRun, *, newest_first: bool = False) -> proposing.Replay:
    return proposing.Replay(
        proposing.open_bank().filter(proposed_at__lt=run.started_at),
        proposing.open_charges().filter(proposed_at__lt=run.started_at),
        newest_first=newest_first,
    )


def _count(run: FullRun, outcome: Outcome) -> None:
    FullRun.objects.filter(pk=run.pk).update(
        looked_at=F("looked_at") + outcome.looked_at, changed=F("changed") + len(outcome.changed)
    )
