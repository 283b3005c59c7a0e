"""Days and months of the current tenant, as moments: a day begins at midnight where the company is."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tenants import context


def zone() -> ZoneInfo:
    """Return the time zone of the current tenant."""
    return ZoneInfo(context.current().time_zone)


def today(now: datetime) -> date:
    """Return the day that it is for the current tenant."""
    return now.astimezone(zone()).date()


def moments(since: date, until: date) -> tuple[datetime, datetime]:
    """Return the first moment of `since` and the first after `until`."""
    begin = datetime.combine(since, time(), tzinfo=zone())
    return begin.astimezone(UTC), datetime.combine(until + timedelta(days=1), time(), tzinfo=zone()).astimezone(UTC)


def month_before(month: date, count: int = 1) -> date:
    """Return the first day of the month that is `count` months before this one."""
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


def last_of(month: date) -> date:
    """Return the last day of the month."""
    return month_before(month, -1) - timedelta(days=1)
