"""Whether this process, its database, its broker and a worker do their work."""

from datetime import timedelta

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

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


def _worker() -> bool:
    heart = apps.get_model("tenants", "Heartbeat").objects.filter(name="worker").first()
    return heart is not None and heart.beaten_at > timezone.now() - WORKER_SILENT_AFTER


def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker and worker work, else 503; which part fails is in the logs."""
    database = _database()
    works = database and _broker() and _worker()
    return JsonResponse({"ready": works}, status=200 if works else 503)
