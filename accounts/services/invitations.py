"""Inviting somebody by mail, and becoming a member by that link.

The one who invites learns nothing about the address: the same rows are written whether or not it has an account.
"""

import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Invitation, Membership, OutgoingMail, Role, User
from accounts.services import attempts, link_tokens, members, outbox, passwords, second_factor, security_events
from accounts.services.letters import Letter, compose, for_reader
from accounts.services.onboarding import check_email
from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict, DomainError
from tenants.links import address_of
from tenants.models import Tenant

LIFE = timedelta(hours=72)
KEPT = timedelta(days=30)


class AlreadyMember(Conflict):
    """This address belongs to a member, perhaps one whose membership was ended."""

    code = "already_member"


class AlreadyInvited(Conflict):
    """An invitation for this address is open."""

    code = "already_invited"


class InvitationOver(DomainError):
    """The invitation was accepted, withdrawn or has run out, or there never was one."""

    code = "invitation_over"
    status = 410

    def __init__(self) -> None:
        super().__init__(_("This invitation was used, withdrawn or has run out. Ask for a new one."))


class NotTheirs(BadInput):
    """The address has an account, and this is not its password or code."""

    code = "not_theirs"

    def __init__(self) -> None:
        super().__init__(_("The password or the code is not right."))


def invite(
    *, tenant: Tenant, email: str, role: Role, invited_by: User, granted: frozenset[str], now: datetime
) -> Invitation:
    """Invite an address to become a member with this role; a worker sends the mail.

    Shape: `granted` is what the caller may do. Must run inside the tenant's schema.
    Raises: onboarding.UnusableEmail; NotAllowed for a role beyond the caller; AlreadyMember; AlreadyInvited;
    LicenceLimit; attempts.TooManyAttempts. Nothing is written.
    """
    address = check_email(email)
    members.check_reach(permissions.permissions_of_role(role), granted)
    attempts.count_use(attempts.INVITATIONS, value="", tenant=tenant, now=now)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        if Membership.objects.filter(tenant=tenant, user__email=address).exists():
            raise AlreadyMember(gettext("This address belongs to a member. An ended membership can be resumed."))
        if open_invitations(tenant).filter(email=address).exists():
            raise AlreadyInvited(
                gettext("There is an open invitation for this address. Send it again, or withdraw it.")
            )
        waiting = open_invitations(tenant).filter(expires_at__gt=now).count()
        members.require_room(tenant=tenant, now=now, invited=waiting)
        row = Invitation.objects.create(
            tenant=tenant, email=address, role=role, invited_by=invited_by, expires_at=now + LIFE
        )
        outbox.post(kind=OutgoingMail.Kind.INVITATION, about=row.public_id, tenant=tenant, now=now)
        audit.record(action="member.invited", about=row, details={"role": role.code})
    return row


def open_invitations(tenant: Tenant) -> QuerySet[Invitation]:
    """Return those neither accepted nor withdrawn; one that has run out can be sent again."""
    return Invitation.objects.filter(tenant=tenant, accepted_at=None, withdrawn_at=None)


def resend(*, invitation: Invitation, granted: frozenset[str], now: datetime) -> None:
    """Send the mail again with a new link for another 72 hours; the link before dies at once.

    Raises: InvitationOver; NotAllowed; attempts.TooManyAttempts.
    """
    members.check_reach(permissions.permissions_of_role(invitation.role), granted)
    attempts.count_use(attempts.INVITATIONS, value="", tenant=invitation.tenant, now=now)
    with transaction.atomic():
        row = open_invitations(invitation.tenant).filter(pk=invitation.pk)
        if not row.update(token_hash=None, expires_at=now + LIFE):
            raise InvitationOver
        outbox.post(kind=OutgoingMail.Kind.INVITATION, about=invitation.public_id, tenant=invitation.tenant, now=now)
        audit.record(action="member.invited", about=invitation, details={"role": invitation.role.code})


def withdraw(*, invitation: Invitation, now: datetime) -> None:
    """Let the link open nothing any more.

    Raises: InvitationOver.
    """
    with transaction.atomic():
        if not open_invitations(invitation.tenant).filter(pk=invitation.pk).update(withdrawn_at=now):
            raise InvitationOver
        audit.record(action="member.uninvited", about=invitation)


def letter(about: uuid.UUID, tenant: Tenant, now: datetime) -> Letter | None:
    """Make the link and the mail around it; None for an invitation that is over."""
    row = open_invitations(tenant).select_related("role", "invited_by").filter(public_id=about).first()
    token = link_tokens.new(link_tokens.INVITATION)
    hashed = link_tokens.hash_of(token, link_tokens.INVITATION)
    if row is None or not open_invitations(tenant).filter(pk=row.pk).update(token_hash=hashed, expires_at=now + LIFE):
        return None
    with for_reader(User.objects.filter(email=row.email).first(), tenant):
        page = {
            "tenant_name": tenant.name,
            "inviter": row.invited_by.display_name if row.invited_by else tenant.name,
            "role": row.role.label,
            "hours": int(LIFE.total_seconds() // 3600),
            "url": address_of(tenant, f"/invite/{token}/"),
        }
        return compose(to=row.email, subject=_("Join %s on Payymo") % tenant.name, template="invitation", page=page)


def find(*, token: str, tenant: Tenant, now: datetime) -> Invitation:
    """Return the invitation that this link opens now.

    Raises: InvitationOver.
    """
    hashed = link_tokens.hash_of(token, link_tokens.INVITATION)
    row = open_invitations(tenant).select_related("role").filter(token_hash=hashed, expires_at__gt=now).first()
    if row is None:
        raise InvitationOver
    return row


def has_account(invitation: Invitation) -> bool:
    """Return whether the address signs in somewhere already; only the holder of the link is told."""
    return User.objects.filter(email=invitation.email).exists()


def accept(
    *,
    token: str,
    tenant: Tenant,
    name: str,
    password: str,
    code: str = "",
    language: str = "",
    address: str,
    now: datetime,
) -> Membership:
    """Become a member: a new person chooses a password, a known one proves theirs. Of any number at once one succeeds.

    Shape: `language` is what the browser speaks, and a new person's from then on; a known one keeps theirs.
    Raises: InvitationOver; NotTheirs; passwords.WeakPassword; AlreadyMember; attempts.TooManyAttempts. Nothing is
    written.
    """
    invitation = find(token=token, tenant=tenant, now=now)
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        passwords.check_strength(password=password, tenant=tenant, email=invitation.email, name=name)
    else:
        _check_theirs(user, tenant, password, code, address, now)
    try:
        with transaction.atomic():
            return _join(invitation, token, user, name=name, password=password, language=language, now=now)
    except IntegrityError as error:
        raise AlreadyMember(_("This address has just become somebody's. Open the link once more.")) from error


def _check_theirs(user: User, tenant: Tenant, password: str, code: str, address: str, now: datetime) -> None:
    attempt = attempts.count_attempt(email=user.email, address=address, tenant=tenant, now=now)
    right = user.is_active and user.check_password(password)
    if not right or (second_factor.is_set_up(user) and not second_factor.use_code(user=user, code=code, now=now)):
        security_events.record(kind="invitation_refused", tenant=tenant, user=user, now=now)
        raise NotTheirs
    attempts.forgive_attempt(attempt=attempt)


def _join(
    invitation: Invitation, token: str, user: User | None, *, name: str, password: str, language: str, now: datetime
) -> Membership:
    # Conditions on this table alone, so that PostgreSQL asks them again after waiting for the row.
    spent = Invitation.objects.filter(
        pk=invitation.pk,
        token_hash=link_tokens.hash_of(token, link_tokens.INVITATION),
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=now,
    ).update(accepted_at=now)
    if not spent:
        raise InvitationOver
    if user is None:
        user = User.objects.create_user(invitation.email, password, name=name.strip()[:120], language=language)
    Tenant.objects.select_for_update().get(pk=invitation.tenant_id)
    members.require_room(tenant=invitation.tenant, now=now)
    membership = Membership.objects.create(user=user, tenant=invitation.tenant, role=invitation.role)
    audit.record(
        action="member.joined",
        about=invitation,
        by=Acting("person", user.public_id),
        details={"member": str(user.public_id), "role": invitation.role.code},
    )
    security_events.record(kind="signed_in", tenant=invitation.tenant, user=user, now=now, detail="invitation")
    return membership
