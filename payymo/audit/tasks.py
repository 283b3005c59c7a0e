"""Periodic work on the log."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from payymo.audit.services import proving
from tenants.tasks import TenantTask


@shared_task(base=TenantTask, due_every=timedelta(hours=23))
def anchor_head() -> None:
    """Write the head of the tenant's log down in the shared schema, once a day; beat asks every hour."""
    proving.anchor_head(now=timezone.now())


@shared_task
def anchor_platform() -> None:
    """Write the head of the platform's log down; beat asks every hour, and an unchanged head is noted once."""
    proving.anchor_platform(now=timezone.now())
