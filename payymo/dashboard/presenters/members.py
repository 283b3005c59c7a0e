"""Members and open invitations as the page shows them."""

from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Invitation, Membership, Role
from accounts.services import invitations
from banking.models import BankAccount
from payymo.dashboard.formats import moment
from payymo.dashboard.links import link
from payymo.dashboard.pages.members import InvitationRow, MemberRow
from payymo.dashboard.pages.values import Chip, Choice

MOST = 500


def roles_to_give(request: HttpRequest) -> tuple[Role, ...]:
    """Return the roles that the person of this request may give, from the least to the most."""
    held: frozenset[str] = request.permissions
    found = Role.objects.filter(Q(tenant=None) | Q(tenant=request.tenant))
    fitting = [role for role in found if permissions.permissions_of_role(role) <= held]
    return tuple(sorted(fitting, key=lambda role: (len(role.permissions), role.name)))


def members(request: HttpRequest, roles: tuple[Role, ...], now: datetime) -> tuple[MemberRow, ...]:
    """Return everybody who belongs here or once did, those who do first."""
    rows = Membership.objects.filter(tenant=request.tenant).select_related("user", "role")
    ordered = rows.order_by("-is_active", "user__name", "user__email", "pk")[: MOST + 1]
    return tuple(_member(row, request, roles, now) for row in ordered)


def _member(row: Membership, request: HttpRequest, roles: tuple[Role, ...], now: datetime) -> MemberRow:
    is_you = row.user_id == request.user.pk
    within_reach = permissions.permissions_of_role(row.role) <= request.permissions
    choices = tuple(Choice(role.code, role.label, role.pk == row.role_id) for role in roles)
    return MemberRow(
        name=row.user.display_name,
        email=row.user.email,
        role=row.role.label,
        roles=choices,
        state=_state(row),
        since=moment(row.created_at, now),
        is_active=row.is_active,
        is_you=is_you,
        change_url=link("member_change", row.user.public_id) if within_reach and not is_you else "",
        accounts_url=link("member_accounts", row.user.public_id) if within_reach and not is_you else "",
    )


def limits_of(row: Membership) -> dict[str, object]:
    """Return what the form of a member's accounts begins with."""
    granted = permissions.reach_of(row).accounts or ()
    keys = BankAccount.objects.filter(pk__in=granted).values_list("public_id", flat=True)
    return {"is_limited": row.is_limited, "accounts": [str(key) for key in keys]}


def _state(row: Membership) -> Chip:
    if not (row.is_active and row.user.is_active):
        return Chip(_("Ended"), "neutral")
    return Chip(_("Some accounts"), "info") if row.is_limited else Chip(_("Active"), "ok")


def invited(request: HttpRequest, now: datetime) -> tuple[InvitationRow, ...]:
    """Return the open invitations, the newest first."""
    rows = invitations.open_invitations(request.tenant).select_related("role").order_by("-created_at", "-pk")
    return tuple(_invitation(row, now) for row in rows[:MOST])


def _invitation(row: Invitation, now: datetime) -> InvitationRow:
    return InvitationRow(
        email=row.email,
        role=row.role.label,
        state=Chip(_("Invited"), "info") if row.expires_at > now else Chip(_("Has run out"), "warn"),
        until=moment(row.expires_at, now),
        resend_url=link("invitation_change", row.public_id, "resend"),
        withdraw_url=link("invitation_change", row.public_id, "withdraw"),
        is_over=row.expires_at <= now,
    )
