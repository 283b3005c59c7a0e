"""The installation's figures for Prometheus, read when they are asked for: the shared schema, and the broker."""

import time
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tenants.models import Breaker, Heartbeat, Job, ParkedJob, Tenant, TenantFigure

_MOST_BREAKERS = 1000
_TENANTS = {
    "postings": ("payymo_postings", "Postings by state", ("tenant", "state")),
    "posting_waits_seconds": ("payymo_posting_waits_seconds", "How long the oldest due posting waits", ("tenant",)),
    "payments_to_review": ("payymo_payments_to_review", "Payments that wait for a person", ("tenant",)),
    "review_waits_seconds": (
        "payymo_review_waits_seconds",
        "Since the oldest payment that waits for a person was received",
        ("tenant",),
    ),
    "feed_age_seconds": (
        "payymo_feed_age_seconds",
        "Since the last good read, by source",
        ("tenant", "source"),
    ),
}


class InstallationCollector(Collector):
    """Answers also when the database or the broker does not: then their part is missing, and `payymo_up` says so."""

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        up = GaugeMetricFamily("payymo_up", "Whether the part answers", labels=("part",))
        parts = {"database": self._database, "broker": self._broker}
        for name, read in parts.items():
            try:
                yield from list(read())
                up.add_metric((name,), 1)
            except (DatabaseError, redis.RedisError):
                up.add_metric((name,), 0)
        yield up

    def _database(self) -> Iterator[Metric]:
        now = timezone.now()
        beaten = dict(Heartbeat.objects.values_list("name", "beaten_at"))
        for name, text in (("worker", "Since a worker last beat the heart"), ("beat", "Since beat last sent work out")):
            silent = (now - beaten[name]).total_seconds() if name in beaten else time.time()
            yield GaugeMetricFamily(f"payymo_{name}_silent_seconds", text, value=silent)
        off = GaugeMetricFamily(
            "payymo_breaker_open", "Since when a provider is left alone or a feature is off", labels=("tenant", "name")
        )
        for row in Breaker.objects.exclude(opened_at=None).select_related("tenant").order_by("pk")[:_MOST_BREAKERS]:
            off.add_metric((row.tenant.slug, row.name), row.opened_at.timestamp())
        yield off
        waiting = Job.objects.exclude(waiting_since=None).aggregate(count=Count("pk"), since=Min("waiting_since"))
        oldest = (now - waiting["since"]).total_seconds() if waiting["since"] else 0
        yield GaugeMetricFamily("payymo_jobs_waiting", "Jobs that wait for a place at work", value=waiting["count"])
        yield GaugeMetricFamily("payymo_job_waits_seconds", "How long the oldest of them waits", value=oldest)
        parked = GaugeMetricFamily("payymo_jobs_parked", "Jobs that nobody works on", labels=("reason",))
        counted = dict(ParkedJob.objects.filter(released_at=None).values_list("reason").annotate(Count("pk")))
        for reason in ParkedJob.Reason.values:
            parked.add_metric((reason,), counted.get(reason, 0))
        yield parked
        tenants = GaugeMetricFamily("payymo_tenants", "Tenants by state", labels=("state",))
        for state, count in Tenant.objects.order_by().values_list("state").annotate(Count("pk")):
            tenants.add_metric((state,), count)
        yield tenants
        yield from self._tenants()

    def _tenants(self) -> Iterator[Metric]:
        families = {name: GaugeMetricFamily(*text, labels=labels) for name, (*text, labels) in _TENANTS.items()}
        rows = TenantFigure.objects.filter(name__in=families).order_by("pk")
        for tenant, name, label, value in rows.values_list("tenant__public_id", "name", "label", "value"):
            families[name].add_metric((str(tenant), label) if len(_TENANTS[name][2]) == 2 else (str(tenant),), value)
        yield from families.values()

    def _broker(self) -> Iterator[Metric]:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
        try:
            depth = client.llen(settings.CELERY_TASK_DEFAULT_QUEUE)
        finally:
            client.close()
        yield GaugeMetricFamily("payymo_queue_depth", "Messages that no worker has taken", value=depth)
