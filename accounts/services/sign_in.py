"""Checking who somebody is, with the same work, answer and count whether or not the account exists."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Membership, User
from accounts.services import attempts, passkeys, second_factor, security_events, sessions
from accounts.services.passkeys import Place
from accounts.services.sessions import TokenPair
from payymo.shared.errors import DomainError
from tenants.models import Tenant


class SignInRefused(DomainError):
    """The e-mail address and the password do not belong to a member of this tenant; which of them is not said."""

    code = "sign_in_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__(gettext("The e-mail address or the password is not right."))


class SecondFactorNeeded(DomainError):
    """Address and password are right; the code of the authenticator app is missing."""

    code = "otp_required"
    status = 401

    def __init__(self, membership: Membership) -> None:
        super().__init__(gettext("Send the six digits of your authenticator app, or a recovery code, as `otp`."))
        self.membership = membership


def check_sign_in(
    *, email: str, password: str, tenant: Tenant, address: str, now: datetime, code: str = ""
) -> Membership:
    """Return the member of `tenant` whose address, password and (where one is set up) second factor these are.

    Somebody who is no active member here is refused without their password being compared: a tenant's sign-in page
    tells nothing about accounts elsewhere.
    Raises: SignInRefused; SecondFactorNeeded when only the code is missing; TooManyAttempts.
    """
    attempt = attempts.count_attempt(email=email, address=address, tenant=tenant, now=now)
    membership = permissions.active_memberships().filter(tenant=tenant, user__email=email.strip().lower()).first()
    if membership is None:
        make_password(password)
        right = False
    else:
        right = membership.user.check_password(password)
    asked = right and membership is not None and second_factor.is_set_up(membership.user)
    if membership is None or not right:
        security_events.record(
            kind="sign_in_refused", tenant=tenant, user=membership.user if membership else None, now=now
        )
        raise SignInRefused
    if asked and not code.strip():
        # The account keeps its count, or a known password would give any number of guesses at the code.
        attempts.forgive_attempt(attempt=attempt, account=False)
        raise SecondFactorNeeded(membership)
    if asked and not second_factor.use_code(user=membership.user, code=code, now=now):
        security_events.record(kind="second_factor_refused", tenant=tenant, user=membership.user, now=now)
        raise SignInRefused
    attempts.forgive_attempt(attempt=attempt)
    security_events.record(kind="signed_in", tenant=tenant, user=membership.user, now=now)
    return membership


def finish_sign_in(
    *, membership: Membership, code: str = "", passkey: str = "", place: Place, address: str, now: datetime
) -> None:
    """Check the second factor of somebody whose password was right a moment ago; guesses count like passwords.

    Raises: SignInRefused; TooManyAttempts.
    """
    user, tenant = membership.user, membership.tenant
    attempt = attempts.count_attempt(email=user.email, address=address, tenant=tenant, now=now)
    if passkey:
        right = passkeys.use(user=user, tenant=tenant, place=place, answer=passkey, now=now)
    else:
        right = second_factor.use_code(user=user, code=code, now=now)
    if not right:
        security_events.record(kind="second_factor_refused", tenant=tenant, user=user, now=now)
        raise SignInRefused
    attempts.forgive_attempt(attempt=attempt)
    security_events.record(kind="signed_in", tenant=tenant, user=user, now=now)


def finish_staff_sign_in(
    *, user: User, code: str = "", passkey: str = "", place: Place, address: str, now: datetime
) -> None:
    """Check the second factor of a member of staff whose password was right a moment ago; guesses count.

    Raises: SignInRefused; TooManyAttempts.
    """
    attempt = attempts.count_attempt(email=user.email, address=address, tenant=None, now=now)
    if passkey:
        right = passkeys.use(user=user, tenant=None, place=place, answer=passkey, now=now)
    else:
        right = second_factor.use_code(user=user, code=code, now=now)
    if not right:
        security_events.record(kind="staff_sign_in_refused", tenant=None, user=user, now=now)
        raise SignInRefused
    attempts.forgive_attempt(attempt=attempt)
    security_events.record(kind="staff_signed_in", tenant=None, user=user, now=now)


def sign_in_to_api(
    *, email: str, password: str, tenant: Tenant, address: str, now: datetime, code: str = "", agent: str = ""
) -> TokenPair:
    """Open an API session of the member whose address and password these are.

    Raises: SignInRefused; SecondFactorNeeded; second_factor.SetUpNeeded; TooManyAttempts.
    """
    membership = check_sign_in(email=email, password=password, tenant=tenant, address=address, now=now, code=code)
    second_factor.check_is_enough(membership)
    return sessions.open_session(membership=membership, now=now, agent=agent, address=address)
