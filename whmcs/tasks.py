"""What beat starts for each tenant: reading what is due, and posting what is due."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from payymo.shared.errors import ProviderError
from tenants.breakers import SecretOff
from tenants.jobs import exclusive
from tenants.tasks import TenantTask
from whmcs import selectors
from whmcs.models import WhmcsInstance
from whmcs.services import connection, dispatching, health, invoice_sync

logger = logging.getLogger(__name__)
# Both end well before the soft limit of a task.
_SYNC_BUDGET = timedelta(seconds=80)
_POST_BUDGET = timedelta(seconds=60)


@shared_task(base=TenantTask)
def sync_due_instances() -> None:
    """Read every installation that is due, the one that waited longest first, for as long as the task may run."""
    with exclusive("whmcs.sync") as is_only_one:
        if not is_only_one:
            return
        began = timezone.now()
        due = Q(next_sync_at=None) | Q(next_sync_at__lte=began)
        for instance in selectors.working_instances().filter(due).order_by("next_sync_at", "pk"):
            left = began + _SYNC_BUDGET - timezone.now()
            if left <= timedelta():
                return
            _sync(instance, now=timezone.now(), budget=left)


def _sync(instance: WhmcsInstance, *, now: datetime, budget: timedelta) -> None:
    """One installation that does not answer never keeps the others from being read."""
    try:
        api = connection.api_for(instance)
    except SecretOff as error:
        health.note_failure(instance, error, now=now)
        extra = {"event": "sync_failed", "connection": instance.public_id, "reason": error.reason}
        logger.warning("whmcs not read", extra=extra)
        return
    try:
        invoice_sync.sync_instance(instance=instance, api=api, now=now, budget=budget)
    except ProviderError as error:
        logger.warning(
            "whmcs not read",
            extra={"event": "sync_failed", "connection": instance.public_id, "reason": error.reason},
        )


@shared_task(base=TenantTask)
def post_pending() -> None:
    """Post what is due."""
    with exclusive("whmcs.post") as is_only_one:
        if is_only_one:
            dispatching.post_pending(now=timezone.now(), api_for=connection.api_for, budget=_POST_BUDGET)
