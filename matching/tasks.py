"""One round of the engine for a tenant."""

import logging

from celery import shared_task
from django.utils import timezone

from matching.services import learning, policy, rounds, training
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)


@shared_task(base=TenantTask)
def propose_pending() -> None:
    """Settle payouts, link what WHMCS booked, propose for what is new or changed, approve what the policy allows."""
    with exclusive("propose") as alone:
        if not alone:
            return
        now = timezone.now()
        outcome = rounds.run(now=now)
        if outcome.looked_at:
            logger.info("proposed", extra={"event": "proposed", "count": outcome.looked_at})
        policy.auto_approve(now=timezone.now())


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
