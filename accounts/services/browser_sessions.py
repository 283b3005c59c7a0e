"""A browser's session: the cookie's server-side data names one host and one row, and the row says whether it lives."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from accounts.models import Session, User
from accounts.services import sessions
from tenants.models import Tenant

_USE_NOTED_EVERY = timedelta(minutes=1)
_REALM = "payymo_realm"
_ROW = "payymo_session"
_STAFF = "staff"


def realm_of(tenant: Tenant | None, *, staff: bool) -> str:
    """Return the mark that sessions of this host carry. Below `/admin/t/<tenant>/` it is still the staff host."""
    return _STAFF if staff or tenant is None else str(tenant.public_id)


def begin(
    session: SessionBase,
    *,
    user: User,
    tenant: Tenant | None,
    staff: bool = False,
    agent: str = "",
    address: str = "",
    now: datetime,
) -> Session:
    """Make the session count on this host only, for seven days at most; a sign-in is fresh for a while."""
    row = Session.objects.create(
        kind=Session.Kind.BROWSER,
        user=user,
        tenant=None if staff else tenant,
        created_at=now,
        last_used_at=now,
        confirmed_at=now,
        expires_at=now + timedelta(seconds=settings.SESSION_SECONDS),
        agent=agent,
        address=address,
    )
    session[_REALM] = realm_of(tenant, staff=staff)
    session[_ROW] = str(row.public_id)
    return row


def find(session: SessionBase, *, user: User, realm: str, now: datetime) -> Session | None:
    """Return the row of a session that was opened on this host by this user and can still be used, and note its use."""
    if session.get(_REALM) != realm or not is_bound(session):
        return None
    row = Session.objects.filter(
        public_id=session[_ROW],
        kind=Session.Kind.BROWSER,
        user_id=user.pk,
        revoked_at=None,
        expires_at__gt=now,
        last_used_at__gt=now - sessions.UNUSED,
    ).first()
    if row is not None and row.last_used_at <= now - _USE_NOTED_EVERY:
        Session.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def is_row_of(session: SessionBase, row: Session) -> bool:
    """Return whether the session still hangs on this row; signing out or in as somebody else takes it off."""
    return bool(session.get(_ROW) == str(row.public_id))


def is_bound(session: SessionBase) -> bool:
    """Return whether the session hangs on a row of some host."""
    return _ROW in session


def end_row_of(session: SessionBase, *, reason: str, now: datetime) -> None:
    """End the row of a session that is being thrown away."""
    if is_bound(session):
        sessions.end(Session.objects.filter(public_id=session[_ROW]), reason=reason, now=now)
