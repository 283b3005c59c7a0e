"""How long people take for a decision, and what automation saved them.

Measured from when the payment was shown, as the browser says with the decision; without a browser, or with none that
says it, from the same person's decision before. A longer gap is a break.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncMonth

from matching.models import Decision
from tenants import context, days

LONGEST_GAP = timedelta(minutes=5)
LEAST_MEASURED = 20
"""A median of fewer decisions says nothing."""
_KINDS = ("APPROVE", "ALLOCATE", "REJECT", "IGNORE", "HOLD", "FIRST")

_BY_MONTH = """
    WITH acts AS (
        SELECT decided_at, kind, suggested_band,
               CASE WHEN batch IS NULL THEN
                   COALESCE(open_ms / 1000.0, EXTRACT(EPOCH FROM decided_at - lag(decided_at) OVER (
                       PARTITION BY decided_by_id ORDER BY decided_at, id)))
               END AS seconds
        FROM {table}
        WHERE source = 'person' AND kind = ANY(%(kinds)s)
          AND decided_at >= %(before)s AND decided_at < %(end)s
    ), measured AS (
        SELECT (date_trunc('month', decided_at AT TIME ZONE %(zone)s))::date AS month, kind, suggested_band,
               CASE WHEN seconds > 0 AND seconds <= %(longest)s THEN seconds END AS seconds
        FROM acts WHERE decided_at >= %(begin)s
    )
    SELECT month, count(*), count(seconds), sum(seconds), {medians}
    FROM measured GROUP BY GROUPING SETS ((month), ()) ORDER BY month NULLS LAST
"""
_MEDIANS = """
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'APPROVE' AND suggested_band = 'exact'),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'APPROVE' AND suggested_band = 'likely'),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'ALLOCATE')
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """One month, or with no month all of them.

    Shape: a median is None where nothing was measured; `saved` is None where too little was. Units: seconds, and
    hours of `saved`.
    """

    month: date | None
    decided: int
    measured: int
    spent: Decimal
    median: Decimal | None
    ninth: Decimal | None
    exact: Decimal | None
    likely: Decimal | None
    by_hand: Decimal | None
    automatic: int
    saved: Decimal | None


class _Measured(NamedTuple):
    """A row of the statement."""

    month: date | None
    decided: int = 0
    measured: int = 0
    spent: Decimal | None = None
    median: float | None = None
    ninth: float | None = None
    exact: float | None = None
    likely: float | None = None
    by_hand: float | None = None


def pace(*, since: date, until: date) -> list[Pace]:
    """Return the months with a decision, oldest first, then the whole; two queries.

    What automation saved is the number of its approvals that stand times the median of a person's decision: of that
    month where it was measured `LEAST_MEASURED` times, else of the whole period.
    """
    begin, end = days.moments(since, until)
    measured = {row.month: row for row in _measured(begin, end)}
    automatic = _automatic(begin, end)
    whole = measured.pop(None, _Measured(None))
    months = [
        _pace(measured.get(month, _Measured(month)), automatic.get(month, 0), whole)
        for month in sorted({month for month in (*measured, *automatic) if month is not None})
    ]
    saved = [month.saved for month in months if month.saved is not None]
    total = _pace(whole, sum(automatic.values()), whole)
    return [*months, replace(total, saved=sum(saved, Decimal(0)) if saved else None)]


def _measured(begin: datetime, end: datetime) -> list[_Measured]:
    statement = _BY_MONTH.format(table=connection.ops.quote_name(Decision._meta.db_table), medians=_MEDIANS)
    values = {
        "kinds": list(_KINDS), "zone": context.current().time_zone, "before": begin - LONGEST_GAP, "begin": begin,
        "end": end, "longest": LONGEST_GAP.total_seconds(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [_Measured(*row) for row in cursor.fetchall()]


def _automatic(begin: datetime, end: datetime) -> dict[date, int]:
    stands = Decision.objects.filter(
        source=Decision.Source.POLICY, kind=Decision.Kind.APPROVE, probability__isnull=False, undone_by=None,
        corrected_by=None, decided_at__gte=begin, decided_at__lt=end,
    )  # fmt: skip
    rows = stands.annotate(month=TruncMonth("decided_at", tzinfo=days.zone())).values_list("month")
    return {month.date(): count for month, count in rows.annotate(count=Count("pk")).order_by()}


def _pace(row: _Measured, automatic: int, whole: _Measured) -> Pace:
    usable = next((one.median for one in (row, whole) if one.measured >= LEAST_MEASURED), None)
    return Pace(
        row.month, row.decided, row.measured, Decimal(str(row.spent or 0)),
        *(_decimal(one) for one in (row.median, row.ninth, row.exact, row.likely, row.by_hand)),
        automatic=automatic,
        saved=None if usable is None else automatic * Decimal(str(usable)) / 3600,
    )  # fmt: skip


def _decimal(seconds: float | None) -> Decimal | None:
    return None if seconds is None else Decimal(str(seconds))
