"""What ties a browser session to one host: the mark of the tenant (or of the staff host) and the time of sign-in."""

from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from tenants.models import Tenant

_REALM = "payymo_realm"
_SIGNED_IN_AT = "payymo_signed_in_at"
_STAFF = "staff"


def realm_of(tenant: Tenant | None, *, staff: bool) -> str:
    """Return the mark that sessions of this host carry. Below `/admin/t/<tenant>/` it is still the staff host."""
    return _STAFF if staff or tenant is None else str(tenant.public_id)


def bind(session: SessionBase, realm: str, *, now: datetime) -> None:
    """Make the session count on this host only, from now on."""
    session[_REALM] = realm
    session[_SIGNED_IN_AT] = int(now.timestamp())


def belongs_to(session: SessionBase, realm: str) -> bool:
    """Return whether the session was opened on this host."""
    return bool(session.get(_REALM) == realm)


def is_alive(session: SessionBase, *, now: datetime, lifetime: timedelta) -> bool:
    """Return whether the sign-in is known and younger than `lifetime`."""
    signed_in_at = session.get(_SIGNED_IN_AT)
    return isinstance(signed_in_at, int) and now.timestamp() - signed_in_at < lifetime.total_seconds()
