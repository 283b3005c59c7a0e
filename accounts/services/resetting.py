"""A forgotten password: asking for a link, and choosing a new password by it.

Asking does the same work whether or not anybody has the address; only the worker that would send the mail looks.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import OutgoingMail, PasswordReset, User
from accounts.services import attempts, link_tokens, outbox, passwords, security_events
from accounts.services.letters import Letter, compose, for_reader
from accounts.services.onboarding import check_email
from payymo.shared.errors import DomainError
from tenants.links import address_of
from tenants.models import Tenant

LIFE = timedelta(minutes=30)


class ResetOver(DomainError):
    """The link was used or has run out, or there never was one."""

    code = "reset_over"
    status = 410

    def __init__(self) -> None:
        super().__init__(_("This link was used or has run out. Ask for a new one."))


def request_reset(*, email: str, tenant: Tenant, address: str, now: datetime) -> None:
    """Ask for a link. Must run inside the tenant's schema.

    Raises: onboarding.UnusableEmail; attempts.TooManyAttempts.
    """
    wanted = check_email(email)
    attempts.count_use(attempts.RESETS_PER_ADDRESS, value=address, tenant=tenant, now=now)
    attempts.count_use(attempts.RESETS_PER_ACCOUNT, value=wanted, tenant=tenant, now=now)
    attempts.count_use(attempts.RESETS_PER_TENANT, value="", tenant=tenant, now=now)
    with transaction.atomic():
        row = PasswordReset.objects.create(tenant=tenant, email=wanted, expires_at=now + LIFE)
        outbox.post(kind=OutgoingMail.Kind.PASSWORD_RESET, about=row.public_id, tenant=tenant, now=now)


def letter(about: uuid.UUID, tenant: Tenant, now: datetime) -> Letter | None:
    """Make the link for a member; a request for an address that is nobody's here is forgotten."""
    row = PasswordReset.objects.filter(public_id=about, tenant=tenant, used_at=None).first()
    if row is None:
        return None
    membership = permissions.active_memberships().filter(tenant=tenant, user__email=row.email).first()
    if membership is None or row.created_at < now - LIFE * 4:
        row.delete()
        return None
    token = link_tokens.new(link_tokens.PASSWORD_RESET)
    row.user = membership.user
    row.token_hash = link_tokens.hash_of(token, link_tokens.PASSWORD_RESET)
    row.expires_at = now + LIFE
    row.save(update_fields=["user", "token_hash", "expires_at"])
    security_events.record(kind="password_reset_asked", tenant=tenant, user=membership.user, now=now)
    page = {
        "tenant_name": tenant.name,
        "minutes": int(LIFE.total_seconds() // 60),
        "url": address_of(tenant, f"/password/reset/{token}/"),
    }
    with for_reader(membership.user, tenant):
        return compose(to=row.email, subject=_("Choose a new Payymo password"), template="password_reset", page=page)


def find(*, token: str, tenant: Tenant, now: datetime) -> User:
    """Return whose password this link changes now.

    Raises: ResetOver.
    """
    hashed = link_tokens.hash_of(token, link_tokens.PASSWORD_RESET)
    row = PasswordReset.objects.filter(tenant=tenant, token_hash=hashed, used_at=None, expires_at__gt=now).first()
    member = permissions.active_memberships().filter(tenant=tenant, user=row.user).first() if row and row.user else None
    if member is None:
        raise ResetOver
    return member.user


def reset_password(*, token: str, tenant: Tenant, new: str, now: datetime) -> None:
    """Choose a new password by the link and end every session everywhere; the second factor stays asked for.

    Raises: ResetOver; passwords.WeakPassword. Nothing is changed; of any number at once one succeeds.
    """
    user = find(token=token, tenant=tenant, now=now)
    passwords.check_strength(password=new, tenant=tenant, email=user.email, name=user.name)
    hashed = link_tokens.hash_of(token, link_tokens.PASSWORD_RESET)
    with transaction.atomic():
        spent = PasswordReset.objects.filter(
            tenant_id=tenant.pk, token_hash=hashed, used_at=None, expires_at__gt=now
        ).update(used_at=now)
        if not spent:
            raise ResetOver
        PasswordReset.objects.filter(user=user, used_at=None).update(used_at=now)
        passwords.set_password(user=user, tenant=tenant, new=new, keep=None, now=now)
