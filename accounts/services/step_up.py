"""Showing once more that it is you, before what would hurt most in somebody else's hands.

A sign-in counts for a quarter of an hour; after that a password or second factor is asked for again.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext

from accounts.models import Session, User
from accounts.services import attempts, passkeys, second_factor, security_events
from accounts.services.passkeys import Place
from payymo.shared.errors import BadInput, NotAllowed
from tenants.models import Tenant

FRESH_FOR = timedelta(minutes=15)
ENDPOINT = "/api/v1/auth/step-up/"


class StepUpNeeded(NotAllowed):
    """The caller may do this, but must first show that it is them; an API key cannot."""

    code = "step_up_needed"

    def __init__(self) -> None:
        text = gettext("Confirm that it is you: send your password or a code to %(endpoint)s, then try again.")
        super().__init__(text % {"endpoint": ENDPOINT})
        self.members = {"step_up": ENDPOINT}


class NotConfirmed(BadInput):
    """The password or the code is not right."""

    code = "not_confirmed"

    def __init__(self) -> None:
        super().__init__(gettext("This is not right. Codes change every 30 seconds, and each can be used once."))


def is_fresh(confirmed_at: datetime | None, *, now: datetime) -> bool:
    """Return whether somebody showed a moment ago that it is them."""
    return confirmed_at is not None and now - confirmed_at < FRESH_FOR


def confirm(
    *,
    session_id: int,
    user: User,
    tenant: Tenant,
    password: str = "",
    code: str = "",
    passkey: str = "",
    place: Place | None = None,
    address: str,
    now: datetime,
) -> datetime:
    """Make the session fresh again by a password, a code or a passkey, and return until when.

    Shape: guesses count as at sign-in; a passkey needs the `place` where it was used.

    Raises: NotConfirmed; attempts.TooManyAttempts.
    """
    attempt = attempts.count_attempt(email=user.email, address=address, tenant=tenant, now=now)
    if passkey and place is not None:
        right = passkeys.use(user=user, tenant=tenant, place=place, answer=passkey, now=now)
    elif password:
        right = user.check_password(password)
    else:
        right = second_factor.use_code(user=user, code=code, now=now)
    if not right:
        security_events.record(kind="step_up_refused", tenant=tenant, user=user, now=now)
        raise NotConfirmed
    attempts.forgive_attempt(attempt=attempt)
    note(session_id=session_id, now=now)
    return now + FRESH_FOR


def note(*, session_id: int, now: datetime) -> None:
    """Remember that the owner of the session has just shown that it is them."""
    Session.objects.filter(pk=session_id).update(confirmed_at=now)
