"""Who may do what: the table of permissions, the built-in roles, and the only caller of guardian.

The answer always comes from the database of this moment, never from a token or a session.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop as _
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm

from accounts.models import Membership, Role, User
from accounts.reach import EVERYTHING, Reach
from payymo.shared.errors import NotAllowed
from tenants.models import Tenant

# The one published table of operations. A codename that is not here gives nobody anything.
PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "overview.view": _("See the overview"),
        "reports.view": _("See reports over all accounts, and how right the engine is"),
        "review.view": _("See payments and what is proposed for them"),
        "review.decide": _("Approve, reject, split, hold and ignore payments, and undo one's own decisions"),
        "review.bulk": _("Approve many proposals at once"),
        "transactions.view": _("See bank transactions, Stripe payments and payouts"),
        "invoices.view": _("See invoices and clients"),
        "connections.view": _("See connections and their health"),
        "connections.change": _("Add, renew, test and remove connections"),
        "imports.add": _("Upload and import statement files"),
        "rules.view": _("See matching rules and what was learned about payers"),
        "rules.change": _("Change matching rules"),
        "activity.view": _("See who did what"),
        "postings.retry": _("Send a posting that stopped again, or give it up"),
        "audit.view": _("Read and export the audit log"),
        "settings.change": _("Change settings, the auto-approval policy included, and undo colleagues' decisions"),
        "members.change": _("Invite, change and remove members and roles"),
        "api_keys.change": _("Create and revoke API keys"),
        "persons.erase": _("Export and erase what is stored about a person"),
        "company.export": _("Download everything that is stored of the company"),
        "addon_module.act": _("Serve WHMCS's administrators through the addon module"),
    }
)

_VIEWER = frozenset(
    {
        "overview.view",
        "reports.view",
        "review.view",
        "transactions.view",
        "invoices.view",
        "connections.view",
        "activity.view",
    }
)
_REVIEWER = _VIEWER | {"review.decide", "review.bulk", "imports.add", "rules.view", "postings.retry"}
_ADMIN = _REVIEWER | {"connections.change", "rules.change", "settings.change", "audit.view"}
_OWNER = _ADMIN | {"members.change", "api_keys.change", "persons.erase", "company.export", "addon_module.act"}

# From the least to the most; each holds everything of the one before.
BUILTIN_ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"viewer": _VIEWER, "reviewer": _REVIEWER, "admin": _ADMIN, "owner": _OWNER}
)
# What is left of a role for somebody who sees some bank accounts only: acts on single payments, and nothing that
# concerns the whole company. An upload may hold any account, and a right over members would undo the limit.
LIMITED: frozenset[str] = frozenset(
    {
        "overview.view",
        "review.view",
        "review.decide",
        "review.bulk",
        "transactions.view",
        "invoices.view",
        "activity.view",
        "postings.retry",
    }
)
_BUILTIN_NAMES = {"viewer": _("Viewer"), "reviewer": _("Reviewer"), "admin": _("Administrator"), "owner": _("Owner")}

Person = User | AnonymousUser
_SEE_ACCOUNT = {"permission__codename": "view_bankaccount", "permission__content_type__app_label": "banking"}


class UnknownPermission(ValueError):
    """The codename is not in the table; a typing error must not become a right that nobody or everybody has."""


def check_codename(codename: str) -> str:
    """Return the codename.

    Raises: UnknownPermission.
    """
    if codename not in PERMISSIONS:
        raise UnknownPermission(f"{codename!r} is not in accounts.permissions.PERMISSIONS")
    return codename


def sync_builtin_roles(role_model: type[models.Model] = Role) -> None:
    """Make the rows of the built-in roles equal to the table above; repeatable. A migration passes its own model."""
    for code, permissions in BUILTIN_ROLES.items():
        role_model._default_manager.update_or_create(
            tenant=None,
            code=code,
            defaults={"name": _BUILTIN_NAMES[code], "permissions": sorted(permissions)},
        )


def active_memberships() -> QuerySet[Membership]:
    """Return the memberships that count now: user, membership and tenant active, the role built in or the tenant's."""
    return Membership.objects.filter(
        Q(role__tenant=None) | Q(role__tenant=models.F("tenant")),
        is_active=True,
        user__is_active=True,
        tenant__state=Tenant.State.ACTIVE,
    ).select_related("user", "role", "tenant")


def find_membership(user: Person, tenant: Tenant) -> Membership | None:
    """Return the user's place in the tenant as it is now, with user and role loaded, or None for a stranger."""
    if not user.is_authenticated:
        return None
    return active_memberships().filter(user_id=user.pk, tenant_id=tenant.pk).first()


def permissions_of_role(role: Role) -> frozenset[str]:
    """Return the codenames of the role, without those this release does not know."""
    return frozenset(role.permissions) & PERMISSIONS.keys()


def permissions_of_member(membership: Membership) -> frozenset[str]:
    """Return what the member may do: their role's codenames, as far as a limit to some bank accounts leaves them."""
    held = permissions_of_role(membership.role)
    return held & LIMITED if membership.is_limited else held


def members_who_may(tenant: Tenant, codename: str) -> list[Membership]:
    """Return the tenant's members whose role holds `codename`, with their users, by primary key."""
    check_codename(codename)
    members = active_memberships().filter(tenant=tenant).order_by("pk")
    return [each for each in members if codename in permissions_of_member(each)]


def permissions_of(user: Person, tenant: Tenant) -> frozenset[str]:
    """Return what the user may do in the tenant now, by one query; nothing for a stranger."""
    membership = find_membership(user, tenant)
    return permissions_of_member(membership) if membership else frozenset()


def permissions_of_staff(user: Person, tenant: Tenant, now: datetime) -> frozenset[str]:
    """Return what Payymo's staff may do in the tenant: a reviewer's acts, while the tenant grants support access."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return frozenset()
    granted = Tenant.objects.filter(pk=tenant.pk, state=Tenant.State.ACTIVE, support_access_until__gt=now).exists()
    return BUILTIN_ROLES["reviewer"] if granted else frozenset()


def require(user: Person, tenant: Tenant, codename: str) -> None:
    """Pass if the user may do this in the tenant now.

    Raises: NotAllowed; UnknownPermission.
    """
    if check_codename(codename) not in permissions_of(user, tenant):
        raise NotAllowed(f"Your role does not include: {PERMISSIONS[codename]}.")


def reach_of(membership: Membership) -> Reach:
    """Return whose payments the member may see; one query for a limited member, none for others.

    Must run inside the tenant's schema, where the grants live.
    """
    if not membership.is_limited:
        return EVERYTHING
    granted = UserObjectPermission.objects.filter(user_id=membership.user_id, **_SEE_ACCOUNT)
    return Reach(frozenset(int(key) for key in granted.values_list("object_pk", flat=True)))


def reaches_of(memberships: Sequence[Membership]) -> dict[int, Reach]:
    """Return whose payments each of these members may see, by user; one query. Must run inside the tenant's schema."""
    limited = {each.user_id for each in memberships if each.is_limited}
    granted: dict[int, set[int]] = {user_id: set() for user_id in limited}
    rows = UserObjectPermission.objects.filter(user_id__in=limited, **_SEE_ACCOUNT)
    for user_id, key in rows.values_list("user_id", "object_pk"):
        granted[user_id].add(int(key))
    return {
        each.user_id: Reach(frozenset(granted[each.user_id])) if each.is_limited else EVERYTHING for each in memberships
    }


def replace_grants(user: User, accounts: Sequence[models.Model]) -> None:
    """Let the user see exactly these bank accounts, should their membership be limited."""
    UserObjectPermission.objects.filter(user_id=user.pk, **_SEE_ACCOUNT).delete()
    for account in accounts:
        assign_perm("banking.view_bankaccount", user, account)


def forget_grants_to(user: User) -> None:
    """Delete every grant to a person who leaves. Must run inside the tenant's schema."""
    UserObjectPermission.objects.filter(user_id=user.pk).delete()
