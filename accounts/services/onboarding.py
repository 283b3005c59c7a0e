"""Bringing people into tenants."""

import secrets
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import Membership, Role, User
from payymo.shared.errors import BadInput
from tenants.models import Tenant


class UnusableEmail(BadInput):
    """The text is not an e-mail address."""

    code = "unusable_email"


@dataclass(frozen=True, slots=True)
class AddedMember:
    """A membership, and the password of a user who is new: shown once, kept nowhere."""

    membership: Membership
    initial_password: str


def check_email(email: str) -> str:
    """Return the address as it is stored.

    Raises: UnusableEmail.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise UnusableEmail(gettext("%s is not an e-mail address.") % repr(email)) from error
    return address


@transaction.atomic
def add_member(*, tenant: Tenant, email: str, role: str, name: str = "", password: str = "") -> AddedMember:
    """Give a person a role in a tenant; an existing user keeps their password.

    Raises: UnusableEmail; Role.DoesNotExist for a role that is not built in.
    """
    address = check_email(email)
    chosen = Role.objects.get(code=role, tenant=None)
    user = User.objects.filter(email=address).first()
    initial = ""
    if user is None:
        initial = password or secrets.token_urlsafe(18)
        user = User.objects.create_user(address, initial, name=name)
    membership, _ = Membership.objects.update_or_create(
        user=user, tenant=tenant, defaults={"role": chosen, "is_active": True}
    )
    return AddedMember(membership, initial)
