"""Predicted against actual, month by month, as a page and as a table."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from matching import match_rates
from matching.core import charts
from matching.match_rates import Month
from matching.models import Band
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import MatchRatePage, MonthRow

CSV_HEADER = (
    "month", "band", "proposed", "followed", "changed", "rejected", "undone", "waiting", "judged", "said", "right",
    "calibration_error", "decided", "automatic", "corrected",
)  # fmt: skip


def asked_of(request: HttpRequest, *, now: datetime) -> tuple[list[Month], str]:
    """Return the months that the query asks for, and what is wrong with it; then the usual ones."""
    usual = match_rates.usual_range(now)
    try:
        first, last = _month(request.GET.get("from", ""), usual[0]), _month(request.GET.get("to", ""), usual[1])
        return match_rates.match_rates(first=first, last=last), ""
    except ValueError:
        text = _("Choose months such as 2026-01, at most %d of them.") % match_rates.MOST_MONTHS
        return match_rates.match_rates(first=usual[0], last=usual[1]), text


def _month(text: str, usual: date) -> date:
    return date.fromisoformat(f"{text}-01") if text else usual


def page(request: HttpRequest, *, now: datetime) -> MatchRatePage:
    """Build the page: a sentence, a picture and the table."""
    months, error = asked_of(request, now=now)
    first, last = (f"{month.month:%Y-%m}" for month in (months[0], months[-1]))
    return MatchRatePage(
        sentence=_sentence(months),
        chart=_chart(months),
        rows=tuple(row for month in reversed(months) for row in _rows(month)),
        first=first,
        last=last,
        csv_url=f"{link('match_rate_csv')}?{urlencode({'from': first, 'to': last})}",
        error=error,
    )


def _sentence(months: list[Month]) -> str:
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


def _chart(months: list[Month]) -> str:
    rows = [{"label": f"{month.month:%Y-%m}", "right": month.right, "said": month.said} for month in months]
    drawn = charts.months(rows, title=_("Right and expected to be right, by month"), up=_("Share of suggestions"))
    # The core escapes every text.
    return mark_safe(drawn)  # noqa: S308 - our own drawing of numbers  # nosec B703


def _rows(month: Month) -> Iterator[MonthRow]:
    name = f"{month.month:%Y-%m}"
    for number, band in enumerate(month.bands):
        counts = (band.proposed, band.followed, band.changed, band.rejected, band.undone, band.waiting)
        whole = _whole(month) if number == 0 else {}
        yield MonthRow(
            name if number == 0 else "",
            str(Band(band.band).label),
            tuple(formats.number(count) for count in counts),
            **whole,
        )


def _whole(month: Month) -> dict[str, Any]:
    share = month.automatic_share
    return {
        "said": "" if month.said is None else f"{month.said:.3f}",
        "right": "" if month.right is None else f"{month.right:.3f}",
        "error": "" if month.error is None else f"{month.error:.3f}",
        "automatic": "" if share is None else formats.percent(share),
        "corrected": formats.number(month.corrected) if month.automatic else "",
    }


def csv_rows(request: HttpRequest, *, now: datetime) -> Iterator[tuple[object, ...]]:
    """Return the same figures for a spreadsheet: one line a band, and one a month for what concerns all bands."""
    months, _error = asked_of(request, now=now)
    for month in months:
        name = f"{month.month:%Y-%m}"
        for band in month.bands:
            counts = (band.proposed, band.followed, band.changed, band.rejected, band.undone, band.waiting)
            yield (name, band.band, *counts, "", "", "", "", "", "", "")
        yield (
            name, "all", *(sum(getattr(band, field) for band in month.bands) for field in
                           ("proposed", "followed", "changed", "rejected", "undone", "waiting")),
            month.judged, month.said, month.right, month.error, month.decided, month.automatic, month.corrected,
        )  # fmt: skip
