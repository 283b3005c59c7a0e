"""What beat starts for each tenant: proposing for what is new, a look at everything by night, learning."""

import logging
import time
from collections.abc import Callable
from functools import partial

from celery import shared_task
from django.utils import timezone

from matching import second_process
from matching.services import full_run, learning, policy, proposing, rounds, taken_back, training
from tenants import context
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)
# Both end well before the soft limit of their task.
_ROUND_SECONDS, _FULL_RUN_SECONDS = 60, 600


def _for(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


@shared_task(base=TenantTask)
def propose_pending() -> None:
    """Settle payouts, link what WHMCS booked, propose for what is new or changed, approve what the policy allows.

    A payment that is stored during a round wakes a worker, which finds the round running and goes: so the round itself
    looks again once others can run.
    """
    goes_on = _for(_ROUND_SECONDS)
    while goes_on():
        with exclusive("propose") as alone:
            if not alone:
                return
            mark = proposing.newest_waiting()
            outcome = rounds.run(now=timezone.now(), goes_on=goes_on)
            if outcome.looked_at:
                logger.info("proposed", extra={"event": "proposed", "count": outcome.looked_at})
            policy.auto_approve(now=timezone.now())
        if not proposing.has_arrivals(after=mark):
            return


@shared_task(base=TenantTask, soft_time_limit=800, time_limit=840)
def propose_all() -> None:
    """Look at every open payment, once a night; one tenant at a time, so that the other workers stay free.

    A large run is shared with a second process, which is none of the workers.

    Asked often: a run that was stopped, or had to wait for another tenant's, goes on with the next message.
    """
    if not full_run.is_due(now=timezone.now()):
        return
    with exclusive("propose-all", for_all_tenants=True) as alone:
        if alone:
            tenant = context.current()
            second = partial(second_process.joined, tenant) if second_process.has_a_processor() else None
            outcome = full_run.run_all(now=timezone.now(), goes_on=_for(_FULL_RUN_SECONDS), second=second)
            logger.info("proposed for all", extra={"event": "proposed_all", "count": outcome.looked_at})


@shared_task(base=TenantTask, soft_time_limit=800, time_limit=840)
def train_when_due() -> None:
    """Forget what has faded, and learn from a week's decisions.

    Asked every hour: a message that was lost or expired costs an hour, not a week.
    """
    now = timezone.now()
    learning.forget_faded(on=now.date())
    if not training.is_due(now=now):
        return
    try:
        trained = training.train(now=now)
    except training.TrainingRuns:
        return
    logger.info("trained", extra={"event": "trained", "status": trained.outcome, "count": trained.decisions})


@shared_task(base=TenantTask)
def watch_taken_back() -> None:
    """Look whether WHMCS shows by now what was taken back of matched payments."""
    with exclusive("watch-taken-back") as alone:
        if alone:
            taken_back.watch(now=timezone.now())
