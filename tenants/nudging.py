"""Waking a worker when rows were committed that a periodic job would find later: a service level, never the queue."""

import logging
import time

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from tenants import context
from tenants.models import Tenant

logger = logging.getLogger(__name__)

# Until when a message of this process is on its way that covers what is committed meanwhile, by tenant and reason.
_on_its_way: dict[tuple[str, str], float] = {}
_MOST_KEPT = 1000


def nudge(what: str, *, within_seconds: int = 0, tenant: Tenant | None = None) -> None:
    """Wake a worker for a tenant, the current one if none is named, once the current transaction is committed.

    Shape: `what` is a key of the setting NUDGES, which names the job. With `within_seconds` the commits of that time
    share one message for each process, which is worked on when the time is over, so that it covers the last of them
    too. Without a broker nothing is lost: beat's next message does the same.
    """
    task = settings.NUDGES.get(what)
    if task is not None:
        tenant_id = str((tenant or context.current()).public_id)
        transaction.on_commit(lambda: _wake(what, task, tenant_id, within_seconds), robust=True)


def nudge_platform(task: str) -> None:
    """Wake a worker for a task that belongs to no tenant once the current transaction is committed."""
    transaction.on_commit(lambda: _send(task, {}, 0), robust=True)


def _wake(what: str, task: str, tenant_id: str, within_seconds: int) -> None:
    # Nobody is asked: hundreds of events a second would ask hundreds of times. What is remembered is only what this
    # process sent itself, since of another's message it could not know when it is worked on.
    began, key = time.monotonic(), (tenant_id, what)
    if within_seconds:
        if began < _on_its_way.get(key, 0):
            return
        if len(_on_its_way) >= _MOST_KEPT:
            _on_its_way.clear()
        _on_its_way[key] = began + within_seconds
    if not _send(task, {"tenant_id": tenant_id}, within_seconds):
        _on_its_way.pop(key, None)


def _send(task: str, arguments: dict[str, str], within_seconds: int) -> bool:
    options = {"countdown": within_seconds, "expires": 60 + within_seconds}
    try:
        current_app.send_task(task, kwargs=arguments, retry=False, **options)
    except OperationalError:
        logger.warning("no broker to wake a worker", extra={"event": "nudge_failed", "task": task})
        return False
    return True
