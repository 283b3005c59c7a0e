"""Running jobs of tenants: each once at a time, a few a tenant, none that kills its workers.

A job is a task with its tenant. Locks belong to the database session, so a killed worker leaves none behind; that it
died is told by the row, which only a run that ends puts back.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from tenants import context
from tenants.job_models import Job, ParkedJob
from tenants.jobs import exclusive

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 2
MOST_DEATHS = 3
# A message that nobody took before the next round is worthless: the row is the queue.
EXPIRES = 300
_LONGEST_NAME = 64


@contextmanager
def running(*, task: str, arguments: Mapping[str, Any], due_every: timedelta | None = None) -> Iterator[bool]:
    """Run a job of the current tenant; yields False when it must not run now.

    Shape: it does not run while it runs already or while the tenant has its share of workers (then it is noted and
    woken when one is free), before `due_every` has passed since it last succeeded, or while it is parked.
    """
    tenant = context.current()
    job, _ = Job.objects.get_or_create(tenant=tenant, task=task, arguments=dict(arguments))
    if due_every and job.succeeded_at and timezone.now() - job.succeeded_at < due_every:
        yield False
        return
    with exclusive(f"job:{job.pk}") as alone, _share(wanted=alone) as free:
        if not free:
            Job.objects.filter(pk=job.pk).update(waiting_since=timezone.now())
        if not (free and _began(job)):
            yield False
            return
        ended: dict[str, Any] = {"running_since": None, "deaths": 0}
        try:
            yield True
            ended["succeeded_at"] = timezone.now()
        finally:
            # A job that fails is none that kills: its worker lives to say so.
            Job.objects.filter(pk=job.pk).update(**ended)
    _wake_next()


@contextmanager
def _share(*, wanted: bool) -> Iterator[bool]:
    """Hold one of the tenant's places at work; yields False when all are taken, or none is wanted."""
    with ExitStack() as held:
        places = range(MOST_AT_ONCE) if wanted else ()
        yield any(held.enter_context(exclusive(f"share:{place}")) for place in places)


def _began(job: Job) -> bool:
    """Note that the job runs; False when it is parked, which it is once too many workers died on it.

    The caller holds the job's lock, so a run that is noted here and did not end has died.
    """
    job.refresh_from_db()
    if job.running_since is not None:
        job.deaths += 1
        if job.deaths >= MOST_DEATHS:
            _park(job)
    is_parked = ParkedJob.objects.filter(
        task=job.task, named_tenant=str(context.current().public_id), arguments=job.arguments,
        reason=ParkedJob.Reason.KILLED_WORKERS, released_at=None,
    ).exists()  # fmt: skip
    job.running_since = None if is_parked else timezone.now()
    job.waiting_since = None
    job.save(update_fields=["running_since", "waiting_since", "deaths"])
    return not is_parked


def _park(job: Job) -> None:
    park(
        task=job.task,
        named_tenant=str(context.current().public_id),
        arguments=job.arguments,
        reason=ParkedJob.Reason.KILLED_WORKERS,
    )


def park(*, task: str, named_tenant: str, arguments: Mapping[str, Any], reason: ParkedJob.Reason) -> None:
    """Keep a message that must not be worked on, with the reason, where staff sees it; an equal one is counted."""
    now = timezone.now()
    row, is_new = ParkedJob.objects.get_or_create(
        task=task, named_tenant=named_tenant[:_LONGEST_NAME], arguments=dict(arguments), reason=reason,
        released_at=None, defaults={"parked_at": now, "last_at": now},
    )  # fmt: skip
    if not is_new:
        ParkedJob.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=now)
    level = logging.ERROR if reason == ParkedJob.Reason.KILLED_WORKERS else logging.WARNING
    extra = {"event": "task_parked", "task": task, "reason": reason.value}
    logger.log(level, "task parked", extra=extra)


def release(*, parked: ParkedJob) -> bool:
    """Let a parked message be worked on again; False when somebody released it before."""
    if not ParkedJob.objects.filter(pk=parked.pk, released_at=None).update(released_at=timezone.now()):
        return False
    jobs = Job.objects.filter(task=parked.task, arguments=parked.arguments)
    if parked.reason == ParkedJob.Reason.KILLED_WORKERS:
        jobs.filter(tenant__public_id=parked.named_tenant).update(deaths=0, running_since=None)
    if parked.named_tenant:
        send(parked.task, parked.named_tenant, parked.arguments)
    return True


def _wake_next() -> None:
    """Send the job of this tenant that has waited longest for a place at work."""
    tenant = context.current()
    waiting = Job.objects.filter(tenant=tenant).exclude(waiting_since=None).order_by("waiting_since", "pk").first()
    if waiting is None:
        return
    # Of two workers that end together one sends it.
    if Job.objects.filter(pk=waiting.pk, waiting_since=waiting.waiting_since).update(waiting_since=None):
        send(waiting.task, str(tenant.public_id), waiting.arguments)


def send(task: str, tenant_id: str, arguments: Mapping[str, Any] | None = None) -> bool:
    """Put one message on the queue; False without a broker, when the next round does the same."""
    kwargs = {**(arguments or {}), "tenant_id": tenant_id}
    try:
        current_app.send_task(task, kwargs=kwargs, expires=EXPIRES, retry=False)
    except OperationalError:
        logger.warning("no broker to send to", extra={"event": "send_failed", "task": task})
        return False
    return True
