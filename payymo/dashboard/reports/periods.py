"""The day, days or months that a report is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto

from django.utils.translation import gettext as _

from matching.match_rates import MOST_MONTHS
from payymo.dashboard import formats
from payymo.shared.errors import BadInput
from tenants import days

MOST_DAYS = 3 * 366


class Span(Enum):
    """What a report is about: days, whole months, or how it stands at the end of a day."""

    DAYS = auto()
    MONTHS = auto()
    DAY = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """The period, with both days in it, and what else the address says.

    Shape: `today` is the tenant's; with `Span.DAY` both days are the one asked for.
    """

    since: date
    until: date
    today: date
    now: datetime
    span: Span
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The period in words."""
        if self.span is Span.DAY:
            return _("As of %s") % self.as_of
        write = formats.month if self.span is Span.MONTHS else formats.day
        first, last = write(self.since), write(self.until)
        return first if first == last else f"{first} – {last}"

    @property
    def as_of(self) -> str:
        """The day that is past, or the moment of looking."""
        is_past = self.span is Span.DAY and self.until < self.today
        return formats.day(self.until) if is_past else formats.full_moment(self.now)

    @property
    def query(self) -> dict[str, str]:
        """The parameters that ask for the same again."""
        if self.span is Span.DAY:
            # Today is the day on which somebody looks: a page that stays open goes on with the next one.
            return {**self.options, **({"on": self.until.isoformat()} if self.until < self.today else {})}
        shape = "%Y-%m" if self.span is Span.MONTHS else "%Y-%m-%d"
        return {**self.options, "from": self.since.strftime(shape), "to": self.until.strftime(shape)}


Usual = Callable[[date], tuple[date, date]]


def last_month(today: date) -> tuple[date, date]:
    """The whole month before this one."""
    first = days.month_before(today.replace(day=1))
    return first, days.last_of(first)


def last_days(today: date) -> tuple[date, date]:
    """The last 90 days."""
    return today - timedelta(days=90), today


def year_of_months(today: date) -> tuple[date, date]:
    """This month and the eleven before it."""
    first = today.replace(day=1)
    return days.month_before(first, 11), days.last_of(first)


def month_of(month: date, span: Span, *, now: datetime, options: Mapping[str, str] | None = None) -> Asked:
    """Ask as the pack of a month does: for its days, the year that ends with it, or its last day."""
    today, options = days.today(now), options or {}
    if span is Span.DAY:
        on = min(days.last_of(month), today)
        return Asked(on, on, today, now, span, options)
    since = days.month_before(month, 11) if span is Span.MONTHS else month
    return Asked(since, days.last_of(month), today, now, span, options)


def asked_of(query: Mapping[str, str], span: Span, usual: Usual, *, now: datetime, options: Mapping[str, str]) -> Asked:
    """Read the period of an address.

    Raises: BadInput that says which periods there are; `usually` is what to show then.
    """
    usually_asked = usually(span, usual, now=now, options=options)
    if span is Span.DAY:
        day = _day(query["on"], usually_asked.today) if query.get("on") else usually_asked.until
        return replace(usually_asked, since=day, until=day)
    since, until = query.get("from", ""), query.get("to", "")
    if not (since or until):
        return usually_asked
    today = usually_asked.today
    first, last = _months(since, until, usually_asked) if span is Span.MONTHS else _days(since, until)
    return Asked(first, last, today, now, span, options)


def usually(span: Span, usual: Usual, *, now: datetime, options: Mapping[str, str]) -> Asked:
    """Return what is shown when nothing is asked for."""
    today = days.today(now)
    since, until = (today, today) if span is Span.DAY else usual(today)
    return Asked(since, until, today, now, span, options)


def _day(written: str, today: date) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise BadInput(_("Choose a day such as 2026-10-31.")) from error
    if day > today:
        raise BadInput(_("That day has not come yet. Choose today or a day before it."))
    if day.year < 1990:
        raise BadInput(_("Choose a day such as 2026-10-31."))
    return day


def _days(since: str, until: str) -> tuple[date, date]:
    try:
        first, last = date.fromisoformat(since), date.fromisoformat(until)
    except ValueError as error:
        raise BadInput(_("Choose a first day and a last day that is not before it.")) from error
    if last < first or not (first.year >= 1990 and last.year < 2200):
        raise BadInput(_("Choose a first day and a last day that is not before it."))
    if (last - first).days > MOST_DAYS:
        raise BadInput(_("Choose at most three years."))
    return first, last


def _months(since: str, until: str, usually_asked: Asked) -> tuple[date, date]:
    text = _("Choose months such as 2026-01, at most %d of them.") % MOST_MONTHS
    try:
        first = date.fromisoformat(f"{since}-01") if since else usually_asked.since
        last = date.fromisoformat(f"{until}-01") if until else usually_asked.until.replace(day=1)
    except ValueError as error:
        raise BadInput(text) from error
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if not 1 <= count <= MOST_MONTHS or not (first.year >= 1990 and last.year < 2200):
        raise BadInput(text)
    return first, days.last_of(last)
