"""What a company sets for itself: its time zone and language, how long an approval can be taken back, who may help."""

from datetime import datetime, timedelta
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext

from payymo.shared import languages
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
def change_general(*, tenant: Tenant, time_zone: str, language: str, undo_seconds: int) -> dict[str, str]:
    """Store the time zone, the language and the undo window; return what changed, by name.

    Raises: UnusableSetting, languages.UnusableLanguage: nothing is written.
    """
    if time_zone != "UTC" and time_zone not in available_timezones():
        raise UnusableSetting(gettext("Choose a time zone of the list."))
    if not 0 <= undo_seconds <= MOST_UNDO_SECONDS:
        raise UnusableSetting(gettext("An approval can be taken back for 0 to %s seconds.") % MOST_UNDO_SECONDS)
    wanted = {"time_zone": time_zone, "language": languages.check(language), "undo_seconds": undo_seconds}
    stored = Tenant.objects.select_for_update().get(pk=tenant.pk)
    changed = {name: str(value) for name, value in wanted.items() if getattr(stored, name) != value}
    Tenant.objects.filter(pk=tenant.pk).update(**wanted)
    tenant.refresh_from_db()
    return changed


@transaction.atomic
def grant_support(*, tenant: Tenant, hours: int, now: datetime) -> datetime:
    """Let Payymo's staff look into the company for so many hours; return until when.

    Raises: UnusableSetting: nothing is written.
    """
    if hours not in SUPPORT_HOURS:
        raise UnusableSetting(gettext("Choose one of the offered lengths."))
    until = now + timedelta(hours=hours)
    Tenant.objects.filter(pk=tenant.pk).update(support_access_until=until)
    tenant.refresh_from_db()
    return until


@transaction.atomic
def end_support(*, tenant: Tenant) -> None:
    """Let nobody of Payymo's staff look into the company any more."""
    Tenant.objects.filter(pk=tenant.pk).update(support_access_until=None)
    tenant.refresh_from_db()
