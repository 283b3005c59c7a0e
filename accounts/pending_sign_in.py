"""Between password and code: who waits in this browser session, for five minutes. Nobody is signed in yet."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from accounts import permissions
from accounts.models import Membership, User
from tenants.models import Tenant

LIFE = timedelta(minutes=5)
_KEY = "payymo_pending_sign_in"
_STAFF_KEY = "payymo_pending_staff"


@dataclass(frozen=True, slots=True)
class Pending:
    """Whose password was right, and where they wanted to go."""

    membership: Membership
    onward: str


@dataclass(frozen=True, slots=True)
class PendingStaff:
    """Whose password was right on the staff host, and where they wanted to go."""

    user: User
    onward: str


def begin_staff(session: SessionBase, user: User, *, onward: str, now: datetime) -> None:
    """Remember a member of staff, under a new session id."""
    session.cycle_key()
    session[_STAFF_KEY] = {
        "user": user.pk,
        "stamp": user.get_session_auth_hash(),
        "since": int(now.timestamp()),
        "onward": onward,
    }


def find_staff(session: SessionBase, *, now: datetime) -> PendingStaff | None:
    """Return who waits, as long as they are staff, their password is the same and the time is not up."""
    kept = session.get(_STAFF_KEY)
    if not isinstance(kept, dict) or now.timestamp() - kept["since"] > LIFE.total_seconds():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True, is_staff=True).first()
    if user is None or not secrets.compare_digest(kept["stamp"], user.get_session_auth_hash()):
        return None
    return PendingStaff(user, kept["onward"])


def begin(session: SessionBase, membership: Membership, *, onward: str, now: datetime) -> None:
    """Remember the member, under a new session id."""
    session.cycle_key()
    session[_KEY] = {
        "membership": membership.pk,
        "stamp": membership.user.get_session_auth_hash(),
        "since": int(now.timestamp()),
        "onward": onward,
    }


def find(session: SessionBase, *, tenant: Tenant, now: datetime) -> Pending | None:
    """Return who waits, as long as they are a member here, their password is the same and the time is not up."""
    kept = session.get(_KEY)
    if not isinstance(kept, dict) or now.timestamp() - kept["since"] > LIFE.total_seconds():
        return None
    membership = permissions.active_memberships().filter(pk=kept["membership"], tenant=tenant).first()
    if membership is None or not secrets.compare_digest(kept["stamp"], membership.user.get_session_auth_hash()):
        return None
    return Pending(membership, kept["onward"])


def onward_of(session: SessionBase) -> str:
    """Return where somebody wanted to go who does not wait any more, or nothing."""
    kept = session.get(_KEY)
    return str(kept["onward"]) if isinstance(kept, dict) else ""


def forget(session: SessionBase) -> None:
    """Let nobody wait any more."""
    session.pop(_KEY, None)
    session.pop(_STAFF_KEY, None)
