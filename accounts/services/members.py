"""Who belongs to a tenant and as what: changing roles, ending and resuming memberships."""

from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Membership, Role, User
from accounts.services import sessions
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict, NotAllowed
from tenants.models import Domain, Tenant
from tenants.services import licences

# Who administers the company sees all of it: half an owner could neither do the work nor be trusted with the limit.
NEVER_LIMITED = frozenset({"members.change", "api_keys.change", "persons.erase", "company.export"})
_MOST_COMPANIES = 20


class LastOwner(Conflict):
    """A tenant without an owner could never be administered again."""

    code = "last_owner"


class NotLimitable(Conflict):
    """The member administers the company, which needs to see all of it."""

    code = "not_limitable"


def require_room(*, tenant: Tenant, now: datetime, invited: int = 0) -> None:
    """Pass if the licence covers one more member beside those there are and those who are `invited`.

    Shape: the caller holds the tenant's row, so that two at once do not pass together.
    Raises: LicenceLimit.
    """
    used = Membership.objects.filter(tenant=tenant, is_active=True).count() + invited
    licences.require_room(tenant=tenant, limit="users", used=used, now=now)


def hosts_of(user: User, *, without: Tenant) -> tuple[tuple[str, str], ...]:
    """Return the other companies of a person, at most twenty. Shape: name and primary host, by name."""
    theirs = Membership.objects.filter(user=user, is_active=True).values("tenant")
    found = Domain.objects.filter(is_primary=True, tenant__in=theirs, tenant__state=Tenant.State.ACTIVE)
    rows = found.exclude(tenant=without).order_by("tenant__name", "pk")
    return tuple(rows.values_list("tenant__name", "domain")[:_MOST_COMPANIES])


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
        check_limit(role or row.role, is_limited=row.is_limited)
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
        check_limit(row.role, is_limited=accounts is not None)
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


def check_limit(role: Role, *, is_limited: bool) -> None:
    """Raise NotLimitable when somebody who sees some bank accounts only would have a role that needs them all."""
    if is_limited and NEVER_LIMITED & permissions.permissions_of_role(role):
        raise NotLimitable(
            gettext("Whoever administers members or keys sees every bank account. Lift the limit, or the role.")
        )


def check_reach(wanted: frozenset[str], granted: frozenset[str]) -> None:
    """Raise NotAllowed when somebody reaches for a right that they do not hold themselves."""
    if beyond := sorted(wanted - granted):
        raise NotAllowed(gettext("You do not hold these rights yourself: %(names)s.") % {"names": ", ".join(beyond)})
