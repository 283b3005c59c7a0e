"""What clients owe, by how long it has been due: grouped by the database, whatever the number of invoices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from whmcs.models import Client, Invoice

# Days beyond the due date: from, to.
BUCKETS: tuple[tuple[str, int | None, int | None], ...] = (
    ("not_due", None, 0),
    ("to_30", 1, 30),
    ("to_60", 31, 60),
    ("to_90", 61, 90),
    ("over_90", 91, None),
)
_MONEY: "DecimalField[Any, Any]" = DecimalField(max_digits=24, decimal_places=3)
_CLIENT = ("client__company_name", "client__first_name", "client__last_name", "client__whmcs_id", "instance__name")


@dataclass(frozen=True, slots=True)
class Aged:
    """What one client owes in one currency, or all of them. Shape: `buckets` in the order of `BUCKETS`."""

    client: str
    instance: str
    currency: str
    buckets: tuple[Decimal, ...]
    total: Decimal
    count: int
    oldest: date | None


def by_client(*, on: date) -> Iterator[Aged]:
    """Return what each client owes on a day, the largest sum first; one query, read in pieces."""
    rows = _grouped(on, ("client", "currency", *_CLIENT)).order_by("currency", "-total", "client")
    for row in rows.iterator(chunk_size=2000):
        company, first, last, number, instance = (row[name] for name in _CLIENT)
        client = Client(company_name=company, first_name=first, last_name=last, whmcs_id=number)
        yield _aged(row, client.display_name, instance)


def by_currency(*, on: date) -> list[Aged]:
    """Return what all clients together owe in each currency; one query."""
    return [_aged(row, "", "") for row in _grouped(on, ("currency",)).order_by("currency")]


def waiting_to_be_read() -> int:
    """Return how many open invoices changed in WHMCS and are not read again yet: their sums may be those before."""
    return _open().filter(needs_reading=True).count()


def _open() -> "QuerySet[Invoice]":
    # A mass payment is an invoice over invoices: what it owes is in those.
    return Invoice.objects.filter(status__in=Invoice.OPEN, is_mass_payment=False, balance__gt=F("reserved"))


def _grouped(on: date, names: tuple[str, ...]) -> "QuerySet[Invoice, dict[str, Any]]":
    rows = _open().annotate(due=Coalesce("due_date", "issue_date", Value(on)))
    sums = {name: _sum(_between(on, first, last)) for name, first, last in BUCKETS}
    return rows.values(*names).annotate(**sums, total=_sum(Q()), count=Count("pk"), oldest=Min("due")).order_by()


def _sum(only: Q) -> Coalesce:
    owed = F("balance") - F("reserved")
    return Coalesce(Sum(owed, filter=only, output_field=_MONEY), Value(Decimal(0)), output_field=_MONEY)


def _between(on: date, first: int | None, last: int | None) -> Q:
    found = Q()
    if first is not None:
        found &= Q(due__lte=on - timedelta(days=first))
    if last is not None:
        found &= Q(due__gte=on - timedelta(days=last))
    return found


def _aged(row: dict[str, Any], client: str, instance: str) -> Aged:
    buckets = tuple(row[name] for name, _first, _last in BUCKETS)
    return Aged(client, instance, row["currency"], buckets, row["total"], row["count"], row["oldest"])
