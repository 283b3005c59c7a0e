"""Background work of the accounts app."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.services import mailing
from accounts.services.pruning import prune
from tenants import context
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)


@shared_task(base=TenantTask, due_every=timedelta(hours=23))
def prune_sessions() -> dict[str, int]:
    """Delete what has run out for the tenant that `tenant_id` names, once a day; beat asks every hour."""
    deleted = prune(tenant=context.current(), now=timezone.now())
    logger.info("pruned", extra={"event": "pruned", "count": sum(deleted.values())})
    return deleted


@shared_task(base=TenantTask)
def send_mails() -> int:
    """Send the mails that wait for the tenant that `tenant_id` names."""
    return mailing.send_due(tenant=context.current(), now=timezone.now())
