"""What clients owed at the end of a day that is past, counted back from what WHMCS shows now.

Payments count on their own day, as WHMCS books them, also where they were matched later. Totals and due dates are those
of today. What was cancelled since is left out, since it is not known when; `cancelled_since` tells how much it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from tenants import days
from whmcs.ageing import BUCKETS, Aged
from whmcs.models import Client, Invoice

_CLOSED_BY_MONEY = (Invoice.Status.PAID, Invoice.Status.REFUNDED)
# Of an open invoice: what is left now, and what came later, will come later, or was paid with credit later. Of one that
# was paid since: its total less what had come. No invoice ever owed more than it was worth.
_OWED = """
    WITH later AS MATERIALIZED (
        SELECT invoice_id, sum(paid) AS paid, sum(credit) AS credit FROM (
            SELECT invoice_id, amount_in - amount_out AS paid, 0 AS credit FROM whmcs_whmcstransaction
            WHERE booked_at >= %(next_day)s AND invoice_id IS NOT NULL
            UNION ALL SELECT invoice_id, amount, 0 FROM whmcs_posting
            WHERE kind = 'POST' AND state NOT IN ('POSTED', 'WITHDRAWN') AND paid_at >= %(end)s
            UNION ALL SELECT invoice_id, 0, -amount FROM whmcs_creditmovement
            WHERE booked_on > %(day)s AND amount < 0 AND invoice_id IS NOT NULL
        ) AS movements GROUP BY invoice_id
    ), owed AS MATERIALIZED (
        SELECT invoice.client_id, invoice.currency, coalesce(due_date, issue_date, %(day)s) AS due,
               least(total + invoice.credit, CASE WHEN status = ANY(%(open)s)
                   THEN balance - reserved + coalesce(later.paid, 0) + coalesce(later.credit, 0)
                   ELSE total + coalesce(later.credit, 0) - coalesce((
                       SELECT sum(booking.amount_in - booking.amount_out) FROM whmcs_whmcstransaction booking
                       WHERE booking.invoice_id = invoice.id AND booking.booked_at < %(next_day)s), 0)
               END) AS amount
        FROM whmcs_invoice invoice LEFT JOIN later ON later.invoice_id = invoice.id
        WHERE NOT is_mass_payment AND NOT is_credit_account AND (issue_date IS NULL OR issue_date <= %(day)s)
          AND (status = ANY(%(open)s) AND (balance > reserved OR later.invoice_id IS NOT NULL)
               OR status = ANY(%(closed)s) AND paid_at >= %(end)s)
    )
    SELECT {names}, owed.currency, {buckets}, sum(amount) AS total, count(*), min(due)
    FROM owed {joins} WHERE amount > 0 GROUP BY {groups} ORDER BY owed.currency, total DESC, {groups}
"""
_CLIENT = {
    "names": "company_name, first_name, last_name, client.whmcs_id, instance.name",
    "joins": "JOIN whmcs_client client ON client.id = owed.client_id "
    "JOIN whmcs_whmcsinstance instance ON instance.id = client.instance_id",
    "groups": "client.id, instance.id, owed.currency",
}
_CURRENCY = {"names": "'', '', '', 0, ''", "joins": "", "groups": "owed.currency"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Invoices of one currency of which it is not known whether they were owed on the day."""

    currency: str
    count: int
    total: Decimal


def by_client(*, on: date) -> Iterator[Aged]:
    """Return what each client owed at the end of the day, the largest sum first; one query."""
    return _aged(on, _CLIENT)


def by_currency(*, on: date) -> list[Aged]:
    """Return what all clients together owed in each currency; one query."""
    return list(_aged(on, _CURRENCY))


def cancelled_since(*, on: date) -> list[LeftOut]:
    """Return what was issued by then and is cancelled now, unless WHMCS has not touched it since; one query."""
    told = Q(remote_updated_at="") | Q(remote_updated_at__gte=_next(on))
    rows = Invoice.objects.filter(told, issue_date__lte=on, is_mass_payment=False, is_credit_account=False, total__gt=0)
    gone = rows.exclude(status__in=[*Invoice.OPEN, *_CLOSED_BY_MONEY, Invoice.Status.DRAFT])
    sums = gone.values("currency").annotate(count=Count("pk"), sum=Sum("total")).order_by("currency")
    return [LeftOut(row["currency"], row["count"], row["sum"]) for row in sums]


def _next(on: date) -> str:
    """Write the day after as WHMCS writes days: its moments are texts, and sort like them."""
    return (on + timedelta(days=1)).isoformat()


def _aged(on: date, shape: dict[str, str]) -> Iterator[Aged]:
    _begin, end = days.moments(on, on)
    values: dict[str, Any] = {
        "day": on, "end": end, "next_day": _next(on), "open": list(Invoice.OPEN), "closed": list(_CLOSED_BY_MONEY)
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OWED.format(buckets=_SUMS, **shape), values)
        for company, first, last, number, instance, currency, *sums, total, count, oldest in cursor.fetchall():
            client = Client(company_name=company, first_name=first, last_name=last, whmcs_id=number)
            name = client.display_name if number else ""
            yield Aged(name, instance, currency, tuple(sums), total, count, oldest)


def _sum(first: int | None, last: int | None) -> str:
    wanted = [
        *([] if first is None else [f"%(day)s - due >= {first}"]),
        *([] if last is None else [f"%(day)s - due <= {last}"]),
    ]
    return f"coalesce(sum(amount) FILTER (WHERE {' AND '.join(wanted)}), 0)"


_SUMS = ", ".join(_sum(first, last) for _name, first, last in BUCKETS)
