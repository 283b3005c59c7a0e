"""Roles as the pages show them."""

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Role
from payymo.dashboard.links import link
from payymo.dashboard.pages.roles import RoleRow, RolesPage
from payymo.dashboard.pages.values import Choice
from payymo.dashboard.presenters.members import roles_to_give


def listing(request: HttpRequest) -> RolesPage:
    """Return every role of the company with how many members have it, the least first."""
    counted = Count("memberships", filter=Q(memberships__tenant=request.tenant, memberships__is_active=True))
    found = Role.objects.filter(Q(tenant=None) | Q(tenant=request.tenant)).annotate(members=counted)
    ordered = sorted(found, key=lambda role: (len(role.permissions), role.name))
    built_in = [role for role in ordered if role.tenant_id is None]
    return RolesPage(
        own=tuple(_row(role, request) for role in ordered if role.tenant_id is not None),
        built_in=tuple(
            _row(role, request, beyond=before) for before, role in zip([None, *built_in], built_in, strict=False)
        ),
        new_url=link("role_new"),
    )


def _row(role: Role, request: HttpRequest, *, beyond: Role | None = None) -> RoleRow:
    """Show a role; of one that holds all of `beyond`, what it adds."""
    held = permissions.permissions_of_role(role)
    below = permissions.permissions_of_role(beyond) if beyond else frozenset()
    known = below if below <= held else frozenset()
    changeable = role.tenant_id is not None and held <= request.permissions
    return RoleRow(
        name=role.label,
        members=role.members,  # type: ignore[attr-defined] - annotated above
        rights=tuple(sentence(codename) for codename in permissions.PERMISSIONS if codename in held - known),
        beyond=beyond.label if beyond and known else "",
        url=link("role", role.code) if changeable else "",
    )


def sentence(codename: str) -> str:
    """Say what a permission allows."""
    return gettext(permissions.PERMISSIONS[codename])


def choices(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the permissions that the person of this request may give."""
    return [(name, sentence(name)) for name in permissions.PERMISSIONS if name in request.permissions]


def others(request: HttpRequest, role: Role) -> tuple[Choice, ...]:
    """Return what may be given to whoever has a role that goes."""
    return tuple(Choice(each.code, each.label) for each in roles_to_give(request) if each.pk != role.pk)
