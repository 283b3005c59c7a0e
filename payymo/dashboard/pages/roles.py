"""What roles there are, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.forms import BaseForm

from payymo.dashboard.pages.values import Choice


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role.

    Shape: `rights` are sentences, beside those of the role called `beyond`; `url` is empty for a built-in role and for
    one beyond the viewer's own rights.
    """

    name: str
    members: int
    rights: tuple[str, ...]
    url: str = ""
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class RolesPage:
    """Template `dashboard/roles/list.html`. `own` are the company's roles, `built_in` those that every company has."""

    own: tuple[RoleRow, ...]
    built_in: tuple[RoleRow, ...]
    new_url: str


@dataclass(frozen=True, slots=True)
class RolePage:
    """Template `dashboard/roles/form.html`. `remove_url` takes a POST of `instead`, a role out of `others`."""

    title: str
    form: BaseForm
    remove_url: str = ""
    others: tuple[Choice, ...] = ()
    members: int = 0
