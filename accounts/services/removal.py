"""Taking a person out of Payymo: nothing opens for them any more, and what they decided keeps its name."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from accounts import permissions
from accounts.models import Membership, User
from accounts.services import second_factor, sessions
from accounts.services.members import LastOwner
from tenants import context
from tenants.models import Tenant


@transaction.atomic
def remove_user(*, user: User, now: datetime) -> int:
    """Deactivate a person, end their sessions and take every membership, key and grant; return how many tenants.

    Shape: the row stays, because decisions and logs name it, and a deletion would have to reach into every tenant's
    schema. Doing it again changes nothing.
    Raises: LastOwner, naming the tenants that would have no owner; nothing is changed.
    """
    tenants = list(Tenant.objects.select_for_update().filter(memberships__user=user).order_by("pk"))
    _keep_an_owner(user, tenants)
    sessions.revoke_sessions_of(user=user, tenant=None, reason="user_removed", now=now)
    for tenant in Tenant.objects.exclude(state=Tenant.State.DELETING).order_by("pk"):
        with context.inside(tenant, suspended_too=True):
            permissions.forget_grants_to(user)
    Membership.objects.filter(user=user).delete()
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "is_staff", "is_superuser", "password"])
    return len(tenants)


@transaction.atomic
def forget_user(*, user: User) -> None:
    """Take away what names a person who belongs to no company any more; the row stays, because others may point to it.

    Shape: does nothing to a member of any company or of the staff.
    """
    if user.is_staff or Membership.objects.filter(user=user).exists():
        return
    second_factor.reset(user=user)
    user.email, user.name, user.is_active = f"{user.public_id}@removed.invalid", "", False
    user.set_unusable_password()
    user.save(update_fields=["email", "name", "is_active", "password"])


def _keep_an_owner(user: User, tenants: list[Tenant]) -> None:
    owned = Membership.objects.filter(role__code="owner", role__tenant=None, is_active=True, user__is_active=True)
    others = set(owned.exclude(user=user).filter(tenant__in=tenants).values_list("tenant_id", flat=True))
    own = set(owned.filter(user=user).values_list("tenant_id", flat=True))
    alone = [tenant.slug for tenant in tenants if tenant.pk in own - others]
    if alone:
        raise LastOwner(gettext("Make somebody else an owner first: %(names)s.") % {"names": ", ".join(alone)})
