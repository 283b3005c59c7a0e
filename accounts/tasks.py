"""Background work of the accounts app."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.services import mailing, signing_keys
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


@shared_task
def send_staff_mails() -> int:
    """Send the mails that wait for members of staff; no tenant's business."""
    return mailing.send_due(tenant=None, now=timezone.now())


@shared_task
def keep_signing_keys() -> None:
    """Rotate the key that signs tokens when it is due, and clear what is left of old ones; no tenant's business."""
    now = timezone.now()
    signing_keys.rotate_when_due(now=now)
    gone = signing_keys.prune_signing_keys(now=now)
    logger.info("signing keys kept", extra={"event": "signing_keys_kept", "count": gone})
