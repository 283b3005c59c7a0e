"""Payymo's staff inside a tenant: when somebody came in and when they left, in the tenant's own log."""

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User
from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from tenants.models import Tenant

_INSIDE = "payymo_inside"


def note_entry(*, session: SessionBase, tenant: Tenant, staff: User) -> None:
    """Write down that a member of staff came in, once until they leave or go to another tenant."""
    if session.get(_INSIDE) == str(tenant.public_id):
        return
    session[_INSIDE] = str(tenant.public_id)
    audit.record(action="staff.entered", about=tenant, by=Acting("staff", staff.public_id))


def note_leaving(*, session: SessionBase, tenant: Tenant, staff: User) -> None:
    """Write down that a member of staff left; coming back is another entry."""
    session.pop(_INSIDE, None)
    audit.record(action="staff.left", about=tenant, by=Acting("staff", staff.public_id))
