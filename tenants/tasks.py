"""The base of every task that works for a tenant, the fan-out for beat, and the heartbeat."""

import logging
from datetime import timedelta
from typing import Any

from celery import Task, current_app, shared_task
from django.utils import timezone

from tenants import context, release
from tenants.models import Heartbeat, Tenant
from tenants.services import data_keys

logger = logging.getLogger(__name__)
# Ends well before the soft limit of a task.
_BUDGET = timedelta(seconds=90)


class TenantTask(Task):
    """A task with an explicit `tenant_id` keyword: the schema is entered first, and asserted.

    A missing, unknown or inactive tenant ends the task with a log line; it never runs in the shared schema.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Enter the tenant and run."""
        tenant_id = kwargs.pop("tenant_id", None)
        if not tenant_id:
            logger.error("task refused: no tenant", extra={"event": "task_refused", "task": self.name})
            raise context.TenantUnavailable(f"{self.name} was called without tenant_id")
        try:
            with context.inside_id(tenant_id) as tenant:
                assert context.current() == tenant  # noqa: S101 - an invariant, and cheap
                return super().__call__(*args, **kwargs)
        except context.TenantUnavailable:
            logger.warning("task parked: tenant not active", extra={"event": "task_parked", "task": self.name})
            raise


@shared_task
def fan_out(*, task: str) -> int:
    """Put one message of `task` per tenant that is served on the queue; return how many."""
    sent = 0
    served = Tenant.objects.filter(state=Tenant.State.ACTIVE, schema_head=release.head())
    for tenant_id in served.values_list("public_id", flat=True).iterator():
        # A message nobody took before the next round is worthless: the row is the queue.
        current_app.send_task(task, kwargs={"tenant_id": str(tenant_id)}, expires=300)
        sent += 1
    return sent


@shared_task
def heartbeat() -> None:
    """Note that a real worker is consuming."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"beaten_at": timezone.now()})


@shared_task(base=TenantTask)
def rotate_data_key() -> int:
    """Change the tenant's sealing key once a year, and go on with a change that has begun; return how many moved."""
    began = timezone.now()
    try:
        return data_keys.rotate(now=began, should_stop=lambda: timezone.now() > began + _BUDGET).moved
    except data_keys.RotationBusy:
        return 0
