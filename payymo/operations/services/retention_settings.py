"""For how long a tenant keeps who paid."""

from django.db import transaction

from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput
from tenants import context
from tenants.models import Tenant

LEAST_DAYS, MOST_DAYS = 30, 730
LEAST_YEARS, MOST_YEARS = 6, 10


class UnusablePeriod(BadInput):
    """The period is shorter or longer than allowed."""

    code = "unusable_period"


def current() -> Tenant:
    """Return the current tenant as it is stored now."""
    tenant: Tenant = Tenant.objects.get(pk=context.current().pk)
    return tenant


@transaction.atomic
def change(*, tenant: Tenant, unmatched_days: int, bookkeeping_years: int) -> Tenant:
    """Store both periods.

    Raises: UnusablePeriod.
    """
    if not LEAST_DAYS <= unmatched_days <= MOST_DAYS:
        raise UnusablePeriod(f"Unmatched payments say who paid for {LEAST_DAYS} to {MOST_DAYS} days.")
    if not LEAST_YEARS <= bookkeeping_years <= MOST_YEARS:
        raise UnusablePeriod(f"Bookkeeping is kept for {LEAST_YEARS} to {MOST_YEARS} years.")
    Tenant.objects.filter(pk=tenant.pk).update(unmatched_days=unmatched_days, bookkeeping_years=bookkeeping_years)
    details = {"unmatched_days": unmatched_days, "bookkeeping_years": bookkeeping_years}
    audit.record(action="retention.changed", details=details)
    tenant.refresh_from_db()
    return tenant
