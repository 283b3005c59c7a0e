"""How the system works for a tenant, and for all of them: what waits, for how long, and who last showed life.

A fixed number of queries for a tenant, and for a page of tenants: those of all are read from the figures that workers
note in the shared schema.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import redis
from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet

from accounts.models import OutgoingMail
from payments.models import WebhookEvent
from payymo.notices.models import Delivery, Endpoint
from tenants import context
from tenants.models import Breaker, Heartbeat, Job, ParkedJob, Tenant, TenantFigure
from whmcs import selectors
from whmcs.models import Posting

SILENT_AFTER = timedelta(seconds=120)
# A queue that is older than this is behind: each has a sweep of a minute or less.
BEHIND_AFTER = timedelta(minutes=5)
MOST_ERRORS = 5
MOST_TENANTS = 100
_ON_THEIR_WAY = ("QUEUED", "SENDING", "UNKNOWN", "RETRYABLE")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work of one kind that is due: how much, and since when the oldest. Shape: `since` is None for none."""

    count: int
    since: datetime | None

    def is_behind(self, now: datetime) -> bool:
        """Return whether it should have been done long ago."""
        return self.since is not None and now - self.since > BEHIND_AFTER


@dataclass(frozen=True, slots=True)
class Hearts:
    """When a worker, and when the clock that sends work out, last showed life; None for never."""

    worker: datetime | None
    beat: datetime | None


@dataclass(frozen=True, slots=True)
class TenantHealth:
    """How the system works for one tenant."""

    hearts: Hearts
    jobs: Waiting
    postings: Waiting
    mails: Waiting
    deliveries: Waiting
    events: Waiting
    by_state: dict[str, int]
    errors: tuple[Posting, ...]
    parked: int
    endpoints_off: int
    breakers: tuple[str, ...]


def hearts() -> Hearts:
    """Read both heartbeats."""
    found = dict(Heartbeat.objects.filter(name__in=["worker", "beat"]).values_list("name", "beaten_at"))
    return Hearts(found.get("worker"), found.get("beat"))


def of_tenant(*, now: datetime) -> TenantHealth:
    """Read how the system works for the current tenant; eleven queries."""
    tenant = context.current()
    counted = dict(Posting.objects.order_by().values_list("state").annotate(Count("pk")))
    mails = OutgoingMail.objects.filter(tenant=tenant, sent_at=None, dropped_as="", due_at__lte=now)
    live = Endpoint.State.ACTIVE
    deliveries = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=now, endpoint__state=live)
    events = WebhookEvent.objects.filter(processed_at=None)
    errors = Posting.objects.exclude(last_error="").filter(state__in=["UNKNOWN", "RETRYABLE", "CONFLICT", "FAILED"])
    parked = ParkedJob.objects.filter(named_tenant=str(tenant.public_id), released_at=None)
    breakers = Breaker.objects.filter(tenant=tenant).exclude(opened_at=None).order_by("name")
    return TenantHealth(
        hearts=hearts(),
        jobs=_waiting(Job.objects.filter(tenant=tenant).exclude(waiting_since=None), "waiting_since"),
        postings=_waiting(selectors.postings_due(now=now), "not_before"),
        mails=_waiting(mails, "due_at"),
        deliveries=_waiting(deliveries, "due_at"),
        events=_waiting(events, "received_at"),
        by_state={state: counted.get(state, 0) for state in Posting.State.values},
        errors=tuple(errors.select_related("invoice").order_by("-pk")[:MOST_ERRORS]),
        parked=parked.count(),
        endpoints_off=Endpoint.objects.filter(state=Endpoint.State.OFF).count(),
        breakers=tuple(breakers.values_list("name", flat=True)),
    )


def _waiting(rows: QuerySet[Any], column: str) -> Waiting:
    found = rows.order_by().aggregate(count=Count("pk"), since=Min(column))
    return Waiting(found["count"], found["since"])


@dataclass(frozen=True, slots=True)
class TenantNumbers:
    """One tenant in numbers, as a worker last counted them. Shape: `noted_at` is None before the first count."""

    pk: int
    name: str
    slug: str
    state: str
    support_until: datetime | None
    to_review: int
    review_waits: timedelta
    needs_person: int
    on_their_way: int
    posting_waits: timedelta
    feed_age: timedelta
    jobs_waiting: int
    breakers: int
    noted_at: datetime | None

    def lets_in(self, now: datetime) -> bool:
        """Return whether the tenant grants support access now."""
        return self.state == Tenant.State.ACTIVE and self.support_until is not None and now < self.support_until

    def is_behind(self, now: datetime) -> bool:
        """Return whether it needs a look: nothing was counted lately, or what is due is not done."""
        if self.state != Tenant.State.ACTIVE:
            return False
        is_old = self.noted_at is None or now - self.noted_at > BEHIND_AFTER
        return is_old or self.posting_waits > BEHIND_AFTER or self.breakers > 0


@dataclass(frozen=True, slots=True)
class Installation:
    """All tenants in numbers. Shape: `queue_depth` is None when the broker does not answer; `more` says that a page
    after the last tenant of this one exists."""

    hearts: Hearts
    queue_depth: int | None
    jobs: Waiting
    parked: int
    tenants: tuple[TenantNumbers, ...]
    more: bool


def of_installation(*, after: int = 0) -> Installation:
    """Read a page of tenants behind primary key `after`; seven queries, however many there are."""
    rows = list(Tenant.objects.filter(pk__gt=after).order_by("pk")[: MOST_TENANTS + 1])
    shown = rows[:MOST_TENANTS]
    return Installation(
        hearts=hearts(),
        queue_depth=_queue_depth(),
        jobs=_waiting(Job.objects.exclude(waiting_since=None), "waiting_since"),
        parked=ParkedJob.objects.filter(released_at=None).count(),
        tenants=_numbers(shown),
        more=len(rows) > MOST_TENANTS,
    )


def _numbers(tenants: Sequence[Tenant]) -> tuple[TenantNumbers, ...]:
    keys = [tenant.pk for tenant in tenants]
    figures = TenantFigure.objects.filter(tenant__in=keys).order_by("tenant_id")
    noted: dict[int, list[TenantFigure]] = {
        key: list(group) for key, group in groupby(figures, key=lambda row: row.tenant_id)
    }
    waits = Job.objects.filter(tenant__in=keys).exclude(waiting_since=None).order_by().values_list("tenant")
    jobs = dict(waits.annotate(Count("pk")))
    is_open = Q(opened_at__isnull=False)
    breakers = dict(
        Breaker.objects.filter(is_open, tenant__in=keys).order_by().values_list("tenant").annotate(Count("pk"))
    )
    return tuple(_one(each, noted.get(each.pk, []), jobs.get(each.pk, 0), breakers.get(each.pk, 0)) for each in tenants)


def _one(tenant: Tenant, figures: list[TenantFigure], jobs: int, breakers: int) -> TenantNumbers:
    value = {(row.name, row.label): row.value for row in figures}

    def postings(*states: str) -> int:
        return int(sum(value.get(("postings", state), 0) for state in states))

    return TenantNumbers(
        pk=tenant.pk, name=tenant.name, slug=tenant.slug, state=tenant.state,
        support_until=tenant.support_access_until,
        to_review=int(value.get(("payments_to_review", ""), 0)),
        review_waits=timedelta(seconds=value.get(("review_waits_seconds", ""), 0)),
        needs_person=postings("CONFLICT", "FAILED"),
        on_their_way=postings(*_ON_THEIR_WAY),
        posting_waits=timedelta(seconds=value.get(("posting_waits_seconds", ""), 0)),
        feed_age=timedelta(seconds=max((found for (name, _), found in value.items() if name == "feed_age_seconds"),
                                       default=0)),
        jobs_waiting=jobs, breakers=breakers, noted_at=max((row.noted_at for row in figures), default=None),
    )  # fmt: skip


def _queue_depth() -> int | None:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        return int(client.llen(settings.CELERY_TASK_DEFAULT_QUEUE))
    except redis.RedisError:
        return None
    finally:
        client.close()
