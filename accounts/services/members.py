"""Who belongs to a tenant and as what: changing roles, ending and resuming memberships, roles of the tenant's own."""

from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Membership, Role
from accounts.services import sessions
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict, NotAllowed
from tenants.models import Tenant
from tenants.services import licences

MOST_ROLES = 50
# Who administers the company sees all of it: half an owner could neither do the work nor be trusted with the limit.
NEVER_LIMITED = frozenset({"members.change", "api_keys.change", "persons.erase"})


class LastOwner(Conflict):
    """A tenant without an owner could never be administered again."""

    code = "last_owner"


class UnusableRole(BadInput):
    """The role does not exist here, or what is asked of it makes no sense."""

    code = "unusable_role"


class NotLimitable(Conflict):
    """The member administers the company, which needs to see all of it."""

    code = "not_limitable"


class RoleInUse(Conflict):
    """Members have this role."""

    code = "role_in_use"


def find_role(*, tenant: Tenant, code: str) -> Role:
    """Return the built-in role or the tenant's own.

    Raises: UnusableRole.
    """
    role = Role.objects.filter(code=code, tenant=None).first() or Role.objects.filter(code=code, tenant=tenant).first()
    if role is None:
        raise UnusableRole(f"There is no role {code!r}.")
    return role


def require_room(*, tenant: Tenant, now: datetime, invited: int = 0) -> None:
    """Pass if the licence covers one more member beside those there are and those who are `invited`.

    Shape: the caller holds the tenant's row, so that two at once do not pass together.
    Raises: LicenceLimit.
    """
    used = Membership.objects.filter(tenant=tenant, is_active=True).count() + invited
    licences.require_room(tenant=tenant, limit="users", used=used, now=now)


def change_member(
    *,
    membership: Membership,
    granted: frozenset[str],
    role: Role | None = None,
    is_active: bool | None = None,
    now: datetime,
) -> Membership:
    """Give a member another role, or end or resume the membership; it counts from their next request on.

    Shape: `granted` is what the caller may do.
    Raises: LastOwner; LicenceLimit; NotAllowed when the member has, or would get, a right that the caller lacks.
    Nothing is changed then.
    """
    with transaction.atomic():
        # One lock for all memberships of the tenant: two owners who demote each other must not both succeed.
        Tenant.objects.select_for_update().get(pk=membership.tenant_id)
        row = Membership.objects.select_related("role", "user", "tenant").get(pk=membership.pk)
        before = (row.role.code, row.is_active)
        if is_active and not row.is_active:
            require_room(tenant=row.tenant, now=now)
        held = permissions.permissions_of_role(row.role) | permissions.permissions_of_role(role or row.role)
        check_reach(held, granted)
        _check_limit(role or row.role, is_limited=row.is_limited)
        row.role = role or row.role
        row.is_active = row.is_active if is_active is None else is_active
        if (row.role.code, row.is_active) == before:
            return row
        row.save(update_fields=["role", "is_active"])
        owners = permissions.active_memberships().filter(tenant=row.tenant, role__code="owner", role__tenant=None)
        if not owners.exists():
            raise LastOwner(gettext("The last owner stays: make somebody else an owner first."))
        if not row.is_active:
            sessions.revoke_sessions_of(user=row.user, tenant=row.tenant, reason="membership_ended", now=now)
        audit.record(
            action="member.changed",
            details={"member": str(row.user.public_id), "role": row.role.code, "is_active": row.is_active},
        )
    return row


def limit_member(
    *, membership: Membership, granted: frozenset[str], accounts: Sequence[models.Model] | None
) -> Membership:
    """Let a member see and decide the payments of these bank accounts only, or of all with None; it counts at once.

    Shape: no account at all is a limit too. `granted` is what the caller may do. Must run inside the tenant's schema.
    Raises: NotLimitable; NotAllowed when the member has a right that the caller lacks. Nothing is changed.
    """
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=membership.tenant_id)
        row = Membership.objects.select_related("role", "user", "tenant").get(pk=membership.pk)
        check_reach(permissions.permissions_of_role(row.role), granted)
        _check_limit(row.role, is_limited=accounts is not None)
        row.is_limited = accounts is not None
        row.save(update_fields=["is_limited"])
        permissions.replace_grants(row.user, accounts or ())
        audit.record(
            action="member.limited",
            details={
                "member": str(row.user.public_id),
                "is_limited": row.is_limited,
                "accounts": ",".join(sorted(str(each.public_id) for each in accounts or ())),  # type: ignore[attr-defined]
            },
        )
    return row


def _check_limit(role: Role, *, is_limited: bool) -> None:
    if is_limited and NEVER_LIMITED & permissions.permissions_of_role(role):
        raise NotLimitable(
            gettext("Whoever administers members or keys sees every bank account. Lift the limit, or the role.")
        )


def check_reach(wanted: frozenset[str], granted: frozenset[str]) -> None:
    """Raise NotAllowed when somebody reaches for a right that they do not hold themselves."""
    if beyond := sorted(wanted - granted):
        raise NotAllowed(gettext("You do not hold these rights yourself: %(names)s.") % {"names": ", ".join(beyond)})


def save_role(*, tenant: Tenant, granted: frozenset[str], code: str, name: str, codenames: Sequence[str]) -> Role:
    """Make or change a role of the tenant's own.

    Raises: NotAllowed for a right that the caller lacks; UnusableRole for a built-in role, an unknown permission, or
    one role too many. Nothing is changed.
    """
    if code in permissions.BUILTIN_ROLES:
        raise UnusableRole(gettext("The built-in roles stay as they are. Make a role of your own."))
    if unknown := sorted(set(codenames) - permissions.PERMISSIONS.keys()):
        raise UnusableRole(gettext("Unknown permission: %(names)s.") % {"names": ", ".join(unknown)[:200]})
    if not codenames or not name.strip():
        raise UnusableRole(gettext("A role has a name and at least one permission."))
    check_reach(frozenset(codenames), granted)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        known = Role.objects.filter(tenant=tenant)
        if not known.filter(code=code).exists() and known.count() >= MOST_ROLES:
            raise UnusableRole(
                gettext("A company has at most %(most_roles)s roles of its own.") % {"most_roles": MOST_ROLES}
            )
        role, _ = Role.objects.update_or_create(
            tenant=tenant, code=code, defaults={"name": name.strip()[:80], "permissions": sorted(set(codenames))}
        )
        audit.record(action="role.saved", details={"role": code, "permissions": ",".join(role.permissions)})
    return role


def delete_role(*, role: Role) -> None:
    """Delete a role of the tenant's own.

    Raises: UnusableRole for a built-in one; RoleInUse while somebody has it.
    """
    if role.tenant_id is None:
        raise UnusableRole(gettext("The built-in roles stay."))
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=role.tenant_id)
        if role.memberships.exists():
            raise RoleInUse(gettext("Members have this role. Give them another one first."))
        audit.record(action="role.deleted", details={"role": role.code})
        role.delete()
