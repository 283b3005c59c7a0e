"""Counting how a tenant is doing, so that the metrics read one table instead of every schema."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from django.db import transaction
from django.db.models import Count, Max, Min

from banking.models import BankAccount
from matching.models import Proposal
from payments.models import StripeConnection
from tenants import context
from tenants.models import TenantFigure
from whmcs import selectors
from whmcs.models import Posting, WhmcsInstance


def note_figures(*, now: datetime) -> int:
    """Count the current tenant's figures and keep them; return how many. What is not counted any more goes."""
    tenant = context.current()
    found = {(name, label): value for name, label, value in _figures(now)}
    with transaction.atomic():
        TenantFigure.objects.bulk_create(
            [
                TenantFigure(tenant=tenant, name=name, label=label, value=value, noted_at=now)
                for (name, label), value in found.items()
            ],
            update_conflicts=True,
            unique_fields=["tenant", "name", "label"],
            update_fields=["value", "noted_at"],
        )
        TenantFigure.objects.filter(tenant=tenant, noted_at__lt=now).delete()
    return len(found)


def _figures(now: datetime) -> Iterator[tuple[str, str, float]]:
    counted = dict(Posting.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in Posting.State.values:
        yield "postings", state, counted.get(state, 0)
    waits = selectors.postings_due(now=now).aggregate(since=Min("not_before"))
    yield "posting_waits_seconds", "", _age(waits["since"], now)
    queue = Proposal.objects.filter(status=Proposal.Status.OPEN, rank=1)
    oldest = queue.aggregate(since=Min("received_date"))["since"]
    yield "payments_to_review", "", queue.count()
    yield "review_waits_seconds", "", _age(oldest and datetime.combine(oldest, time(), tzinfo=UTC), now)
    sources = {
        "bank": BankAccount.objects.exclude(connection=None).exclude(is_paused=True),
        "stripe": StripeConnection.objects.exclude(state__in=["REMOVED", "PAUSED"]),
        "whmcs": WhmcsInstance.objects.exclude(state=WhmcsInstance.State.REMOVED).exclude(is_paused=True),
    }
    for kind, rows in sources.items():
        seen = rows.aggregate(newest=Max("last_success_at"), oldest=Min("last_success_at"), count=Count("pk"))
        if seen["count"]:
            # Of several the one that is furthest behind; never read at all is no age.
            yield "feed_age_seconds", kind, _age(seen["oldest"], now)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
