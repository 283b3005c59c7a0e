"""Whether this process, its database, its broker and a worker do their work."""

import logging
from collections import Counter
from datetime import timedelta

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from payymo.shared.operator import is_operator

logger = logging.getLogger(__name__)
WORKER_SILENT_AFTER = timedelta(seconds=120)


def live(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process runs; needs nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except DatabaseError:
        return False


def _broker() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _worker_silent() -> timedelta | None:
    heart = apps.get_model("tenants", "Heartbeat").objects.filter(name="worker").first()
    return None if heart is None else timezone.now() - heart.beaten_at


_migrated = False


def _migrations() -> bool:
    """Compare the shared schema with the migrations on disk; once they agree, this process asks no more."""
    global _migrated
    if not _migrated:
        shared = {config.label for config in apps.get_app_configs() if config.name in settings.SHARED_APPS}
        wanted = {key for key in MigrationLoader(None).disk_migrations or {} if key[0] in shared}
        _migrated = wanted <= MigrationRecorder(connection).applied_migrations().keys()
    return _migrated


def _off() -> dict[str, int]:
    """Return for how many tenants a provider is left alone, or a feature is off because its secret cannot be had."""
    names = apps.get_model("tenants", "Breaker").objects.exclude(opened_at=None).values_list("name", flat=True)
    return dict(Counter(":".join(name.split(":")[:2]) for name in names.iterator()))


def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker, worker and migrations are right, else 503; an operator sees which is not."""
    parts = {"database": _database(), "broker": _broker(), "worker": False, "migrations": False}
    silent = _worker_silent() if parts["database"] else None
    parts["worker"] = silent is not None and silent < WORKER_SILENT_AFTER
    parts["migrations"] = parts["database"] and _migrations()
    works = all(parts.values())
    if not works:
        failing = ",".join(name for name, is_right in parts.items() if not is_right)
        logger.warning("not ready", extra={"event": "not_ready", "reason": failing})
    answer: dict[str, object] = {"ready": works}
    if is_operator(request):
        silent_seconds = silent and round(silent.total_seconds())
        answer |= {**parts, "worker_silent_seconds": silent_seconds, "off": _off() if parts["database"] else {}}
    return JsonResponse(answer, status=200 if works else 503)
