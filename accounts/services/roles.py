"""Roles of a tenant's own: made, changed, and deleted with another role for whoever had them."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Invitation, Membership, Role
from accounts.services.members import check_limit, check_reach
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from tenants.models import Tenant

MOST_ROLES = 50


class UnusableRole(BadInput):
    """The role does not exist here, or what is asked of it makes no sense."""

    code = "unusable_role"


class RoleInUse(Conflict):
    """Members have this role."""

    code = "role_in_use"


def find_role(*, tenant: Tenant, code: str) -> Role:
    """Return the built-in role or the tenant's own.

    Raises: UnusableRole.
    """
    role = Role.objects.filter(code=code, tenant=None).first() or Role.objects.filter(code=code, tenant=tenant).first()
    if role is None:
        raise UnusableRole(gettext("There is no role %s.") % repr(code))
    return role


def code_for(*, tenant: Tenant, name: str) -> str:
    """Return a code for a new role of this name that no other role has."""
    taken = {*permissions.BUILTIN_ROLES, *Role.objects.filter(tenant=tenant).values_list("code", flat=True)}
    plain = slugify(name)[:30] or "role"
    numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (plain, *numbered) if code not in taken)


def save_role(*, tenant: Tenant, granted: frozenset[str], code: str, name: str, codenames: Sequence[str]) -> Role:
    """Make or change a role of the tenant's own; it counts from the next request of whoever has it.

    Raises: NotAllowed for a right that the caller lacks, be it given or taken; UnusableRole for a built-in role, an
    unknown permission, a name that another role has, or one role too many; NotLimitable. Nothing is changed.
    """
    if code in permissions.BUILTIN_ROLES:
        raise UnusableRole(gettext("The built-in roles stay as they are. Make a role of your own."))
    if unknown := sorted(set(codenames) - permissions.PERMISSIONS.keys()):
        raise UnusableRole(gettext("Unknown permission: %(names)s.") % {"names": ", ".join(unknown)[:200]})
    if not codenames or not name.strip():
        raise UnusableRole(gettext("A role has a name and at least one permission."))
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        role = Role.objects.filter(tenant=tenant, code=code).first() or Role(tenant=tenant, code=code)
        check_reach(frozenset(codenames) | permissions.permissions_of_role(role), granted)
        if role.pk is None and Role.objects.filter(tenant=tenant).count() >= MOST_ROLES:
            raise UnusableRole(
                gettext("A company has at most %(most_roles)s roles of its own.") % {"most_roles": MOST_ROLES}
            )
        role.name, role.permissions = " ".join(name.split())[:80], sorted(set(codenames))
        _check_name(role)
        check_limit(role, is_limited=role.pk is not None and role.memberships.filter(is_limited=True).exists())
        role.save()
        audit.record(action="role.saved", details={"role": code, "permissions": ",".join(role.permissions)})
    return role


def _check_name(role: Role) -> None:
    """Raise UnusableRole when another role is called the same: whoever gives one must not take it for the other."""
    others = Role.objects.filter(Q(tenant=None) | Q(tenant=role.tenant)).exclude(pk=role.pk)
    taken = {name.casefold() for other in others for name in (other.name, other.label)}
    if role.name.casefold() in taken:
        raise UnusableRole(gettext("There is a role of this name already. Choose another."))


def delete_role(*, role: Role, granted: frozenset[str], instead: Role | None = None) -> int:
    """Delete a role of the tenant's own and give `instead` to whoever has it or is invited as it; return how many.

    Raises: UnusableRole for a built-in role, or another tenant's instead of it; RoleInUse while somebody has it and
    gets no other; NotAllowed for a right that the caller lacks; NotLimitable. Nothing is changed.
    """
    if role.tenant_id is None:
        raise UnusableRole(gettext("The built-in roles stay."))
    if instead is not None and (instead.pk == role.pk or instead.tenant_id not in (None, role.tenant_id)):
        raise UnusableRole(gettext("Choose another role for whoever has this one."))
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=role.tenant_id)
        wanted = permissions.permissions_of_role(instead) if instead else frozenset()
        check_reach(permissions.permissions_of_role(role) | wanted, granted)
        moved = _give_instead(role, instead)
        audit.record(action="role.deleted", details={"role": role.code, "instead": instead.code if instead else ""})
        role.delete()
    return moved


def _give_instead(role: Role, instead: Role | None) -> int:
    holders = list(Membership.objects.filter(role=role).select_related("user").order_by("pk"))
    if not holders and instead is None:
        return 0
    if instead is None:
        raise RoleInUse(gettext("Members have this role. Give them another one first."))
    check_limit(instead, is_limited=any(each.is_limited for each in holders))
    Membership.objects.filter(role=role).update(role=instead)
    Invitation.objects.filter(role=role, accepted_at=None, withdrawn_at=None).update(role=instead)
    for each in holders:
        audit.record(
            action="member.changed",
            details={"member": str(each.user.public_id), "role": instead.code, "is_active": each.is_active},
        )
    return len(holders)
