"""The visits of Payymo's staff, as the company's own log has them."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.staff_visits import REASONS
from payymo.audit import selectors
from payymo.audit.actions import ACTIONS
from payymo.audit.models import AuditEntry
from payymo.dashboard import formats
from payymo.dashboard.pages.values import Event
from tenants.models import Tenant

_SHOWN = ("support.granted", "support.ended", "staff.entered", "staff.left")
MOST = 10


def visits(tenant: Tenant, *, now: datetime) -> tuple[Event, ...]:
    """Return who let staff look and who of the staff came, the newest first."""
    found = selectors.about(tenant.public_id, actions=_SHOWN)[:MOST]
    people = {row.public_id: row for row in User.objects.filter(public_id__in=[entry.actor_id for entry in found])}
    return tuple(
        Event(
            moment=formats.moment(entry.happened_at, now),
            actor=people[entry.actor_id].display_name if entry.actor_id in people else _("Payymo staff"),
            title=str(ACTIONS[entry.action]),
            detail=_why(entry),
            icon="users" if entry.actor_kind == "staff" else "shield-check",
            day=entry.happened_at.date(),
        )
        for entry in found
    )


def _why(entry: AuditEntry) -> str:
    """Say why staff came, where the entry tells."""
    reason = REASONS.get(entry.details.get("reason", ""))
    return ", ".join(str(each) for each in (reason, entry.details.get("reference")) if each)
