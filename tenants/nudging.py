"""Waking a worker when rows were committed that a periodic job would find later: a service level, never the queue."""

import logging

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

from tenants import context
from tenants.models import Tenant

logger = logging.getLogger(__name__)


def nudge(what: str, *, within_seconds: int = 0, tenant: Tenant | None = None) -> None:
    """Wake a worker for a tenant, the current one if none is named, once the current transaction is committed.

    Shape: `what` is a key of the setting NUDGES, which names the job. With `within_seconds` many commits share one
    message, which is worked on when that time is over. Without a broker nothing is lost: beat's next message does the
    same.
    """
    task = settings.NUDGES.get(what)
    if task is not None:
        tenant_id = str((tenant or context.current()).public_id)
        transaction.on_commit(lambda: _wake(what, task, tenant_id, within_seconds), robust=True)


def nudge_platform(task: str) -> None:
    """Wake a worker for a task that belongs to no tenant once the current transaction is committed."""
    transaction.on_commit(lambda: _send(task, {}, 0), robust=True)


def _wake(what: str, task: str, tenant_id: str, within_seconds: int) -> None:
    if within_seconds and not cache.add(f"nudge:{tenant_id}:{what}", True, timeout=within_seconds):
        return
    _send(task, {"tenant_id": tenant_id}, within_seconds)


def _send(task: str, arguments: dict[str, str], within_seconds: int) -> None:
    options = {"countdown": within_seconds, "expires": 60 + within_seconds}
    try:
        current_app.send_task(task, kwargs=arguments, retry=False, **options)
    except OperationalError:
        logger.warning("no broker to wake a worker", extra={"event": "nudge_failed", "task": task})
