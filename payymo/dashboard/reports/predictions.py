"""Predicted against actual: what was said about suggestions, and what came of them, month by month."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import dropwhile

from django.utils.translation import gettext as _

from matching import match_rates
from matching.match_rates import Month
from matching.models import Band
from payymo.dashboard import formats
from payymo.dashboard.reports.periods import Asked
from payymo.dashboard.reports.shape import Chart, Column, Group, Kind, Report, Row

_FIELDS = ("proposed", "followed", "changed", "rejected", "undone", "waiting")


def report(asked: Asked) -> Report:
    """Build it from decisions."""
    months = _from_the_first(match_rates.match_rates(first=asked.since, last=asked.until.replace(day=1)))
    return Report(
        name="match-rate",
        title=_("Predicted against actual"),
        period=asked.words,
        sentence=_sentence(months),
        columns=_columns(),
        rows=lambda: (row for month in months for row in _rows(month)),
        charts=_charts(months),
        notes=(
            _(
                "Said is the mean probability of the suggestions that were decided, came true the share of them that"
                " was followed and stood. Where both agree month after month, a probability means what it says."
            ),
        ),
    )


def _from_the_first(months: Sequence[Month]) -> Sequence[Month]:
    """Leave out the months before the first suggestion; one in between that has none is told."""
    return list(dropwhile(lambda month: not (month.decided or any(band.proposed for band in month.bands)), months))


def _columns() -> tuple[Column, ...]:
    return (
        Column("month", _("Month"), Kind.MONTH),
        Column("band", _("Band")),
        Column("proposed", _("Proposed"), Kind.COUNT),
        Column("followed", _("As proposed"), Kind.COUNT),
        Column("changed", _("Changed"), Kind.COUNT),
        Column("rejected", _("Rejected"), Kind.COUNT),
        Column("undone", _("Undone"), Kind.COUNT),
        Column("waiting", _("Waiting"), Kind.COUNT),
        Column("judged", _("Judged"), Kind.COUNT, is_shown=False),
        Column("said", _("Said"), Kind.SCORE),
        Column("right", _("Came true"), Kind.SCORE),
        Column("calibration_error", _("Calibration error"), Kind.SCORE),
        Column("decided", _("Decided"), Kind.COUNT, is_shown=False),
        Column("automatic", _("Automatic"), Kind.COUNT),
        Column("corrected", _("Corrected"), Kind.COUNT),
    )


def _rows(month: Month) -> Iterator[Row]:
    for band in month.bands:
        counts = (getattr(band, name) for name in _FIELDS)
        yield (month.month, str(Band(band.band).label), *counts, *([None] * 7))
    counts = (sum(getattr(band, name) for band in month.bands) for name in _FIELDS)
    yield (
        month.month, _("All"), *counts, month.judged, month.said, month.right, month.error, month.decided,
        month.automatic, month.corrected,
    )  # fmt: skip


def _sentence(months: Sequence[Month]) -> str:
    judged = sum(month.judged for month in months)
    if not judged:
        return _("Nothing was decided about a suggestion in these months.")
    said = sum((month.said or 0.0) * month.judged for month in months) / judged
    right = sum((month.right or 0.0) * month.judged for month in months) / judged
    automatic, corrected = sum(month.automatic for month in months), sum(month.corrected for month in months)
    text = _("Of %(n)s suggestions, %(said)s were expected to be right, and %(right)s were.") % {
        "n": formats.number(judged),
        "said": formats.percent(said),
        "right": formats.percent(right),
    }
    alone = _(" %(n)s payments were approved automatically; %(wrong)s of these were corrected.") % {
        "n": formats.number(automatic),
        "wrong": formats.number(corrected),
    }
    return text + alone if automatic else text


def _charts(months: Sequence[Month]) -> tuple[Chart, ...]:
    if not any(month.judged for month in months):
        return ()
    groups = tuple(Group(formats.month(month.month), (_share(month.said), _share(month.right))) for month in months)
    return (Chart(_("Right and expected to be right, by month"), (_("Said"), _("Came true")), groups, "%"),)


def _share(value: float | None) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))
