"""The base of every task that works for a tenant, the fan-out for beat, and the heartbeat."""

import logging
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.core.exceptions import ValidationError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from payymo.shared.languages import speaking
from tenants import context, release
from tenants.job_models import ParkedJob
from tenants.models import Heartbeat, Tenant
from tenants.services import data_keys, running

logger = logging.getLogger(__name__)
# Ends well before the soft limit of a task.
_BUDGET = timedelta(seconds=90)


class TenantTask(Task):
    """A task with an explicit `tenant_id` keyword: the schema is entered first, and asserted.

    Without a known and active tenant the message is parked; it never runs in the shared schema. Each job runs once at
    a time, and a tenant has only its share of the workers (`services/running.py`). With `due_every` a message that
    comes too early does nothing, so that beat may ask often and a missed time is caught up. It speaks the tenant's
    language, and leaves none behind.
    """

    abstract = True
    due_every: timedelta | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Enter the tenant and run; None when it must not run now."""
        tenant_id = str(kwargs.pop("tenant_id", None) or "")
        try:
            with context.inside_id(tenant_id) as tenant, speaking(tenant.language):
                assert context.current() == tenant  # noqa: S101 - an invariant, and cheap
                with running.running(task=self.name, arguments=kwargs, due_every=self.due_every) as may_run:
                    return super().__call__(*args, **kwargs) if may_run else None
        except context.TenantUnavailable:
            running.park(task=self.name, named_tenant=tenant_id, arguments=kwargs, reason=_reason(tenant_id))
            raise


def _reason(tenant_id: str) -> ParkedJob.Reason:
    if not tenant_id:
        return ParkedJob.Reason.NO_TENANT
    try:
        known = Tenant.objects.filter(public_id=tenant_id).exists()
    except ValidationError:
        known = False
    return ParkedJob.Reason.INACTIVE_TENANT if known else ParkedJob.Reason.UNKNOWN_TENANT


@shared_task
def fan_out(*, task: str) -> int:
    """Put one message of `task` per tenant that is served on the queue; return how many."""
    served = Tenant.objects.filter(state=Tenant.State.ACTIVE, schema_head=release.head())
    return sum(
        running.send(task, str(tenant_id)) for tenant_id in served.values_list("public_id", flat=True).iterator()
    )


@shared_task
def heartbeat() -> None:
    """Note that a real worker is consuming."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"beaten_at": timezone.now()})


def note_beat(**_: object) -> None:
    """Note that beat has just sent a heartbeat out; a database that does not answer must not stop the clock."""
    try:
        close_old_connections()
        Heartbeat.objects.update_or_create(name="beat", defaults={"beaten_at": timezone.now()})
    except DatabaseError as error:
        logger.warning("beat not noted", extra={"event": "beat_not_noted", "reason": type(error).__name__})


@shared_task(base=TenantTask)
def rotate_data_key() -> int:
    """Change the tenant's sealing key once a year, and go on with a change that has begun; return how many moved."""
    began = timezone.now()
    try:
        return data_keys.rotate(now=began, should_stop=lambda: timezone.now() > began + _BUDGET).moved
    except data_keys.RotationBusy:
        return 0
