"""How long a decision takes a person, and what automation saved."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from matching import pace
from matching.pace import Pace
from payymo.dashboard import formats
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row


def report(asked: Asked) -> Report:
    """Build it from the moments of decisions."""
    *months, whole = pace.pace(since=asked.since, until=asked.until)
    has_any = bool(months)
    return Report(
        name="speed",
        title=_("Time per decision and hours saved"),
        period=asked.words,
        sentence=_sentence(whole) if has_any else "",
        columns=_columns(),
        rows=lambda: map(_row, reversed(months)),
        totals=(_row(whole),) if has_any else (),
        charts=_charts(months),
        notes=_notes(),
    )


def _columns() -> tuple[Column, ...]:
    return (
        Column("month", _("Month"), Kind.MONTH),
        Column("decisions", _("Decisions by people"), Kind.COUNT),
        Column("measured", _("Measured"), Kind.COUNT),
        Column("median_seconds", _("Median"), Kind.SECONDS),
        Column("ninth_decile_seconds", _("9 of 10 within"), Kind.SECONDS),
        Column("exact_seconds", _("Exact"), Kind.SECONDS),
        Column("likely_seconds", _("Likely"), Kind.SECONDS),
        Column("by_hand_seconds", _("By hand"), Kind.SECONDS),
        Column("hours_spent", _("Hours spent"), Kind.HOURS),
        Column("automatic", _("Approved automatically"), Kind.COUNT),
        Column("hours_saved", _("Hours saved"), Kind.HOURS),
    )


def _row(row: Pace) -> Row:
    return (
        row.month or _("All"), row.decided, row.measured, _tenth(row.median), _tenth(row.ninth), _tenth(row.exact),
        _tenth(row.likely), _tenth(row.by_hand), _tenth(row.spent / 3600), row.automatic, _tenth(row.saved),
    )  # fmt: skip


def _tenth(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.1"))


def _sentence(whole: Pace) -> str:
    parts = []
    if whole.median is not None:
        text = _("Half of %(n)s measured decisions took at most %(median)s seconds.")
        median = formats.decimal_text(whole.median, digits=1)
        parts.append(text % {"n": formats.number(whole.measured), "median": median})
    if whole.saved is None:
        least = formats.number(pace.LEAST_MEASURED)
        parts.append(_("Hours saved are shown from %s measured decisions on.") % least)
    else:
        saved = formats.decimal_text(whole.saved, digits=1)
        text = _("%(n)s payments were approved automatically, which saved %(hours)s hours.")
        parts.append(text % {"n": formats.number(whole.automatic), "hours": saved})
    return " ".join(parts)


def _charts(months: Sequence[Pace]) -> tuple[Chart, ...]:
    if not months:
        return ()
    taken = tuple(Group(formats.month(month.month), (month.median or Decimal(0),)) for month in months if month.month)
    saved = tuple(Group(formats.month(month.month), (month.saved or Decimal(0),)) for month in months if month.month)
    charts = (
        Chart(_("Median seconds of a decision, by month"), (_("Median"),), taken, "s"),
        Chart(_("Hours saved, by month"), (_("Hours saved"),), saved, "h"),
    )
    return tuple(chart for chart in charts if any(any(group.values) for group in chart.groups))


def _notes() -> tuple[str, ...]:
    return (
        _(
            "Measured is the time from when a payment is shown until the person decides it, as their browser says;"
            " where none does, from the same person's decision before. After more than %d minutes it was a break,"
            " and what was approved in bulk is not measured."
        ) % (pace.LONGEST_GAP.total_seconds() // 60),
        _(
            "Hours saved = automatic approvals that stand × median seconds of a decision by a person ÷ 3600. The"
            " median is that of the month, or of the whole period where the month has fewer than %d measured."
        ) % pace.LEAST_MEASURED,
    )  # fmt: skip
