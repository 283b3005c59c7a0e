"""What a company sets for itself: its time zone, how long an approval can be taken back, who may help."""

from datetime import datetime, timedelta
from zoneinfo import available_timezones

from django.db import transaction

from payymo.shared.errors import BadInput
from tenants.models import Tenant

MOST_UNDO_SECONDS = 600
SUPPORT_HOURS = (1, 8, 24, 72)


class UnusableSetting(BadInput):
    """The value is outside what is allowed."""

    code = "unusable_setting"


def time_zones() -> tuple[str, ...]:
    """Return the names of places a company may choose as its time zone."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(places))


@transaction.atomic
def change_general(*, tenant: Tenant, time_zone: str, undo_seconds: int) -> dict[str, str]:
    """Store the time zone and the undo window; return what changed, by name.

    Raises: UnusableSetting: nothing is written.
    """
    if time_zone != "UTC" and time_zone not in available_timezones():
        raise UnusableSetting("Choose a time zone of the list.")
    if not 0 <= undo_seconds <= MOST_UNDO_SECONDS:
        raise UnusableSetting(f"An approval can be taken back for 0 to {MOST_UNDO_SECONDS} seconds.")
    stored = Tenant.objects.select_for_update().get(pk=tenant.pk)
    changed = {}
    if stored.time_zone != time_zone:
        changed["time_zone"] = time_zone
    if stored.undo_seconds != undo_seconds:
        changed["undo_seconds"] = str(undo_seconds)
    Tenant.objects.filter(pk=tenant.pk).update(time_zone=time_zone, undo_seconds=undo_seconds)
    tenant.refresh_from_db()
    return changed


@transaction.atomic
def grant_support(*, tenant: Tenant, hours: int, now: datetime) -> datetime:
    """Let Payymo's staff look into the company for so many hours; return until when.

    Raises: UnusableSetting: nothing is written.
    """
    if hours not in SUPPORT_HOURS:
        raise UnusableSetting("Choose one of the offered lengths.")
    until = now + timedelta(hours=hours)
    Tenant.objects.filter(pk=tenant.pk).update(support_access_until=until)
    tenant.refresh_from_db()
    return until


@transaction.atomic
def end_support(*, tenant: Tenant) -> None:
    """Let nobody of Payymo's staff look into the company any more."""
    Tenant.objects.filter(pk=tenant.pk).update(support_access_until=None)
    tenant.refresh_from_db()
