"""Payymo's staff inside a tenant: who came in, why, and when they left, in the tenant's own log."""

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from tenants.models import Tenant

REASONS = {
    "asked": _("The company asked for help"),
    "error": _("An error is looked into"),
    "posting": _("A payment or a posting must be put right"),
    "connection": _("A connection does not work"),
}
_INSIDE = "payymo_inside"


def is_inside(*, session: SessionBase, tenant: Tenant) -> bool:
    """Return whether staff came in and did not leave since the tenant granted the access that counts now."""
    return session.get(_INSIDE) == _grant(tenant)


def note_entry(*, session: SessionBase, tenant: Tenant, staff: User, reason: str, reference: str) -> None:
    """Write down that a member of staff came in, until they leave, go to another tenant or the access is another.

    Raises: KeyError for a reason that is none.
    """
    REASONS[reason]
    audit.record(
        action="staff.entered",
        about=tenant,
        by=Acting("staff", staff.public_id),
        details={"reason": reason, "reference": reference},
    )
    session[_INSIDE] = _grant(tenant)


def note_leaving(*, session: SessionBase, tenant: Tenant, staff: User) -> None:
    """Write down that a member of staff left; coming back is another entry."""
    session.pop(_INSIDE, None)
    audit.record(action="staff.left", about=tenant, by=Acting("staff", staff.public_id))


def _grant(tenant: Tenant) -> str:
    return f"{tenant.public_id} {tenant.support_access_until}"
