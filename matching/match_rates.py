"""Predicted against actual, month by month: counted by the database, in four queries whatever the number of rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Avg, Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from matching.models import Band, Decision, Proposal
from tenants import context

MOST_MONTHS = 36
USUAL_MONTHS = 12
BINS = 10
LEAST_FOR_ERROR = 100
"""Of fewer judged suggestions a month, a calibration error is noise and is not shown."""
_BANDS = (Band.EXACT, Band.LIKELY, Band.POSSIBLE, Band.NONE)
_STANDS = Q(undone_by=None)
_AUTOMATIC = Q(source=Decision.Source.POLICY, kind=Decision.Kind.APPROVE, probability__isnull=False)
_CORRECTED = Q(undone_by__isnull=False) | Q(corrected_by__isnull=False)

_ERRORS = """
    SELECT month, sum(n * abs(said - came_true)) / sum(n)
    FROM (
        SELECT month, bin, count(*) AS n, avg(said) AS said, avg(came_true) AS came_true
        FROM (
            SELECT month, said, came_true, ntile(%(bins)s) OVER (PARTITION BY month ORDER BY said, id) AS bin
            FROM (
                SELECT decision.id, (date_trunc('month', decision.decided_at AT TIME ZONE %(zone)s))::date AS month,
                       decision.suggested_probability AS said,
                       CASE WHEN decision.followed AND wrong.id IS NULL THEN 1.0 ELSE 0.0 END AS came_true
                FROM {table} AS decision
                LEFT JOIN {table} AS undo ON undo.undoes_id = decision.id
                LEFT JOIN {table} AS wrong ON wrong.corrects_id = decision.id
                WHERE decision.decided_at >= %(since)s AND decision.decided_at < %(until)s
                  AND decision.suggested_probability IS NOT NULL AND undo.id IS NULL
            ) AS judged
        ) AS sorted
        GROUP BY month, bin
    ) AS bins
    GROUP BY month
"""


@dataclass(frozen=True, slots=True)
class BandRow:
    """What became of one band's suggestions in a month.

    Shape: `proposed` = `followed` + `changed` + `rejected` + `undone` + `waiting`.
    """

    band: str
    proposed: int
    followed: int
    changed: int
    rejected: int
    undone: int
    waiting: int


@dataclass(slots=True)
class Month:
    """One month, in the tenant's time zone.

    Shape: `said` and `right` are None without a judged suggestion; `error` is None below `LEAST_FOR_ERROR` of them.
    """

    month: date
    bands: list[BandRow] = field(default_factory=list)
    judged: int = 0
    said: float | None = None
    right: float | None = None
    error: float | None = None
    decided: int = 0
    automatic: int = 0
    corrected: int = 0

    @property
    def automatic_share(self) -> float | None:
        """Which share of the decided payments was approved without a person."""
        return self.automatic / self.decided if self.decided else None


def usual_range(now: datetime) -> tuple[date, date]:
    """Return the first days of the first and the last of the usual months, this one last."""
    last = now.astimezone(ZoneInfo(context.current().time_zone)).date().replace(day=1)
    return _months_before(last, USUAL_MONTHS - 1), last


def match_rates(*, first: date, last: date) -> list[Month]:
    """Return every month from `first` to `last` (first days of months), oldest first, empty ones too.

    Raises: ValueError for more than 36 months, or an end before the start.
    """
    months = {month: Month(month) for month in _every_month(first, last)}
    zone = ZoneInfo(context.current().time_zone)
    since = datetime.combine(first, time(), tzinfo=zone).astimezone(UTC)
    until = datetime.combine(_next(last), time(), tzinfo=zone).astimezone(UTC)
    decisions = Decision.objects.filter(decided_at__gte=since, decided_at__lt=until)
    waiting = Proposal.objects.filter(status=Proposal.Status.OPEN, rank=1, created_at__gte=since, created_at__lt=until)
    open_rows = waiting.annotate(month=TruncMonth("created_at", tzinfo=zone)).values_list("month", "band")
    still_open = {(month.date(), band): n for month, band, n in open_rows.annotate(n=Count("pk")).order_by()}
    _fill_bands(months, decisions, still_open, zone)
    _fill_totals(months, decisions, zone)
    _fill_errors(months, since, until)
    return list(months.values())


def _fill_bands(
    months: dict[date, Month], decisions: "QuerySet[Decision]", still_open: dict[tuple[date, str], int], zone: ZoneInfo
) -> None:
    rejected = Q(kind=Decision.Kind.REJECT)
    rows = (
        decisions.exclude(suggested_band="")
        .annotate(month=TruncMonth("decided_at", tzinfo=zone))
        .values_list("month", "suggested_band")
        .annotate(
            as_said=Count("pk", filter=_STANDS & Q(followed=True)),
            changed=Count("pk", filter=_STANDS & ~rejected & Q(followed=False)),
            turned_down=Count("pk", filter=_STANDS & rejected),
            taken_back=Count("pk", filter=Q(undone_by__isnull=False)),
        )
        .order_by()
    )
    decided = {(month.date(), band): counts for month, band, *counts in rows}
    for month, row in months.items():
        for band in _BANDS:
            counts, left = decided.get((month, band), [0, 0, 0, 0]), still_open.get((month, band), 0)
            if any(counts) or left:
                row.bands.append(BandRow(band.value, sum(counts) + left, *counts, left))


def _fill_totals(months: dict[date, Month], decisions: "QuerySet[Decision]", zone: ZoneInfo) -> None:
    claims = _STANDS & Q(suggested_probability__isnull=False)
    settled = Q(kind__in=[Decision.Kind.APPROVE, Decision.Kind.ALLOCATE]) & (_AUTOMATIC | _STANDS)
    # A link to what WHMCS had booked is nobody's decision.
    by_engine_or_person = _AUTOMATIC | ~Q(source=Decision.Source.POLICY)
    rows = (
        decisions.annotate(month=TruncMonth("decided_at", tzinfo=zone))
        .values_list("month")
        .annotate(
            judged=Count("pk", filter=claims),
            said=Avg("suggested_probability", filter=claims),
            came_true=Count("pk", filter=claims & Q(followed=True, corrected_by=None)),
            decided=Count("pk", filter=settled & by_engine_or_person),
            automatic=Count("pk", filter=_AUTOMATIC),
            corrected=Count("pk", filter=_AUTOMATIC & _CORRECTED),
        )
        .order_by()
    )
    for month, judged, said, came_true, decided, automatic, corrected in rows:
        row = months[month.date()]
        row.judged, row.said, row.right = judged, said, came_true / judged if judged else None
        row.decided, row.automatic, row.corrected = decided, automatic, corrected


def _fill_errors(months: dict[date, Month], since: datetime, until: datetime) -> None:
    statement = _ERRORS.format(table=connection.ops.quote_name(Decision._meta.db_table))
    values = {"bins": BINS, "zone": context.current().time_zone, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for month, error in cursor.fetchall():
            if months[month].judged >= LEAST_FOR_ERROR:
                months[month].error = float(error)


def _every_month(first: date, last: date) -> Iterable[date]:
    if first.day != 1 or last.day != 1 or first > last or last.year >= date.max.year:
        raise ValueError("the range goes from the first day of a month to the first day of a later one")
    month, found = first, []
    while month <= last:
        found.append(month)
        month = _next(month)
        if len(found) > MOST_MONTHS:
            raise ValueError(f"at most {MOST_MONTHS} months")
    return found


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _months_before(month: date, count: int) -> date:
    for _ in range(count):
        month = (month - timedelta(days=1)).replace(day=1)
    return month
