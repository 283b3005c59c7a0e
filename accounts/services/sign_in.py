"""Checking who somebody is, with the same work, answer and count whether or not the account exists."""

from datetime import datetime

from django.contrib.auth.hashers import make_password

from accounts import permissions
from accounts.models import Membership
from accounts.services import attempts, security_events, sessions
from accounts.services.sessions import TokenPair
from payymo.shared.errors import DomainError
from tenants.models import Tenant


class SignInRefused(DomainError):
    """The e-mail address and the password do not belong to a member of this tenant; which of them is not said."""

    code = "sign_in_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is not right.")


def check_sign_in(*, email: str, password: str, tenant: Tenant, address: str, now: datetime) -> Membership:
    """Return the member of `tenant` whose address and password these are.

    Somebody who is no active member here is refused without their password being compared: a tenant's sign-in page
    tells nothing about accounts elsewhere.
    Raises: SignInRefused; TooManyAttempts.
    """
    attempt = attempts.count_attempt(email=email, address=address, tenant=tenant, now=now)
    membership = permissions.active_memberships().filter(tenant=tenant, user__email=email.strip().lower()).first()
    if membership is None:
        make_password(password)
        right = False
    else:
        right = membership.user.check_password(password)
    security_events.record(
        kind="signed_in" if right else "sign_in_refused",
        tenant=tenant,
        user=membership.user if membership else None,
        now=now,
    )
    if membership is None or not right:
        raise SignInRefused
    attempts.forgive_attempt(attempt=attempt)
    return membership


def sign_in_to_api(*, email: str, password: str, tenant: Tenant, address: str, now: datetime) -> TokenPair:
    """Open an API session of the member whose address and password these are.

    Raises: SignInRefused; TooManyAttempts.
    """
    membership = check_sign_in(email=email, password=password, tenant=tenant, address=address, now=now)
    return sessions.open_session(membership=membership, now=now)
