"""Stops of automatic approval as lines of a timeline."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from matching.models import AutomationStop
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import Event
from payymo.dashboard.presenters.engine import stop_text

MOST = 50


def between(newest: datetime | None, oldest: datetime | None, *, now: datetime) -> list[Event]:
    """Return what was stopped and resumed in a stretch of time; None leaves that end open."""
    raised, resumed = Q(), Q(resumed_at__isnull=False)
    if newest is not None:
        raised, resumed = raised & Q(raised_at__lte=newest), resumed & Q(resumed_at__lte=newest)
    if oldest is not None:
        raised, resumed = raised & Q(raised_at__gt=oldest), resumed & Q(resumed_at__gt=oldest)
    stops = AutomationStop.objects.order_by("-pk")
    events = [_stopped(stop, now) for stop in stops.filter(raised)[:MOST]]
    return events + [_resumed(stop, now) for stop in stops.filter(resumed)[:MOST]]


def _stopped(stop: AutomationStop, now: datetime) -> Event:
    return Event(
        moment=formats.moment(stop.raised_at, now),
        actor=_("Payymo"),
        title=_("Stopped automatic approval"),
        detail=stop_text(stop),
        tone="bad",
        icon="triangle-alert",
        url=link("engine"),
    )


def _resumed(stop: AutomationStop, now: datetime) -> Event:
    assert stop.resumed_at is not None  # noqa: S101 - filtered
    return Event(
        moment=formats.moment(stop.resumed_at, now),
        actor=stop.resumed_by_name,
        title=_("Resumed automatic approval"),
        tone="ok",
        icon="check",
        url=link("engine"),
    )
