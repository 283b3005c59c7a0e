"""Who may do what: the table of permissions, the built-in roles, and the only caller of guardian.

The answer always comes from the database of this moment, never from a token or a session.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q, QuerySet
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm, get_objects_for_user, remove_perm

from accounts.models import Membership, Role, User
from payymo.shared.errors import NotAllowed
from tenants.models import Tenant

# The one published table of operations. A codename that is not here gives nobody anything.
PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "overview.view": "See the overview",
        "review.view": "See payments and what is proposed for them",
        "review.decide": "Approve, reject, split, hold and ignore payments, and undo one's own decisions",
        "review.bulk": "Approve many proposals at once",
        "transactions.view": "See bank transactions, Stripe payments and payouts",
        "invoices.view": "See invoices and clients",
        "connections.view": "See connections and their health",
        "connections.change": "Add, renew, test and remove connections",
        "imports.add": "Upload and import statement files",
        "rules.view": "See matching rules and what was learned about payers",
        "rules.change": "Change matching rules",
        "activity.view": "See who did what",
        "postings.retry": "Send a posting that stopped again, or give it up",
        "audit.view": "Read and export the audit log",
        "settings.change": "Change settings, the auto-approval policy included, and undo colleagues' decisions",
        "members.change": "Invite, change and remove members and roles",
        "api_keys.change": "Create and revoke API keys",
    }
)

_VIEWER = frozenset(
    {
        "overview.view",
        "review.view",
        "transactions.view",
        "invoices.view",
        "connections.view",
        "activity.view",
    }
)
_REVIEWER = _VIEWER | {"review.decide", "review.bulk", "imports.add", "rules.view", "postings.retry"}
_ADMIN = _REVIEWER | {"connections.change", "rules.change", "settings.change", "audit.view"}
_OWNER = _ADMIN | {"members.change", "api_keys.change"}

# From the least to the most; each holds everything of the one before.
BUILTIN_ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"viewer": _VIEWER, "reviewer": _REVIEWER, "admin": _ADMIN, "owner": _OWNER}
)
_BUILTIN_NAMES = {"viewer": "Viewer", "reviewer": "Reviewer", "admin": "Administrator", "owner": "Owner"}

Person = User | AnonymousUser
Row = TypeVar("Row", bound=models.Model)


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


def permissions_of(user: Person, tenant: Tenant) -> frozenset[str]:
    """Return what the user may do in the tenant now, by one query; nothing for a stranger."""
    membership = find_membership(user, tenant)
    return permissions_of_role(membership.role) if membership else frozenset()


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


def visible_bank_accounts(user: Person, accounts: QuerySet[Row]) -> QuerySet[Row]:
    """Narrow bank accounts to those granted to the user by name; without such a grant all stay visible.

    Must run inside the tenant's schema, where the grants live.
    """
    return _narrowed(user, accounts, _view_codename(accounts.model))


def grant_bank_account(user: User, account: models.Model) -> None:
    """Let the user see this bank account; from the first grant on, only granted ones."""
    assign_perm(_view_permission(type(account)), user, account)


def withdraw_bank_account(user: User, account: models.Model) -> None:
    """Take the grant back; after the last one, every account is visible again."""
    remove_perm(_view_permission(type(account)), user, account)


def forget_grants(row: models.Model) -> None:
    """Delete every grant on a row that is being deleted, so that none passes to a later row with its number."""
    kind = ContentType.objects.get_for_model(type(row))
    UserObjectPermission.objects.filter(content_type=kind, object_pk=str(row.pk)).delete()


def forget_grants_to(user: User) -> None:
    """Delete every grant to a person who leaves. Must run inside the tenant's schema."""
    UserObjectPermission.objects.filter(user_id=user.pk).delete()


def _narrowed(user: Person, rows: QuerySet[Row], codename: str) -> QuerySet[Row]:
    if not user.is_authenticated:
        return rows.none()
    kind = ContentType.objects.get_for_model(rows.model)
    if not UserObjectPermission.objects.filter(user_id=user.pk, content_type=kind).exists():
        return rows
    return get_objects_for_user(
        user, codename, klass=rows, use_groups=False, with_superuser=False, accept_global_perms=False
    )


def _view_codename(model: type[models.Model]) -> str:
    return f"view_{model._meta.model_name}"


def _view_permission(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}.{_view_codename(model)}"
