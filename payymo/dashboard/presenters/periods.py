"""The period that a list of moments is narrowed to: its first and last day, in the company's time zone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from payymo.dashboard import formats, paging
from payymo.dashboard.pages import FilterChip


def asked_moments(request: HttpRequest) -> tuple[datetime | None, datetime | None]:
    """Return from which moment on, and before which one; None for an end that is open or cannot be read."""
    since, until = paging.asked_date(request, "from"), paging.asked_date(request, "to")
    return _begin(since), _begin(until, after=1)


def _begin(day: date | None, *, after: int = 0) -> datetime | None:
    try:
        return day and timezone.make_aware(datetime.combine(day + timedelta(days=after), time()))
    except OverflowError:
        return None


def filled(request: HttpRequest, chips: Sequence[FilterChip]) -> dict[str, Any]:
    """Return what the filter bar needs to show the period, with the chips of the other filters."""
    since, until = paging.asked_date(request, "from"), paging.asked_date(request, "to")
    told = list(chips)
    if since:
        told.append(FilterChip(_("From %s") % formats.day(since), paging.without(request, "from")))
    if until:
        told.append(FilterChip(_("To %s") % formats.day(until), paging.without(request, "to")))
    return {
        "chips": tuple(told),
        "has_dates": True,
        "from_date": since.isoformat() if since else "",
        "to_date": until.isoformat() if until else "",
    }
