"""Periodic work on the log."""

from celery import shared_task
from django.utils import timezone

from payymo.audit.services import proving
from tenants.tasks import TenantTask


@shared_task(base=TenantTask)
def anchor_head() -> None:
    """Write the head of the tenant's log down in the shared schema."""
    proving.anchor_head(now=timezone.now())
