"""Letting a restored tenant post again: only after everything that WHMCS shows was read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from matching.services import booked, booked_transfers
from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from tenants import context
from tenants.models import Tenant
from whmcs import selectors
from whmcs.models import WhmcsInstance
from whmcs.services import invoice_sync
from whmcs.services.dispatching import ApiFor
from whmcs.services.posting import forgotten_bookings

_BUDGET = timedelta(hours=12)


class NotCompared(Conflict):
    """A WHMCS could not be read to the end, or is paused by its company; posting stays paused."""

    code = "not_compared"


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many payments were found booked, and how many of ours no transfer explains yet: their invoices wait."""

    linked: int
    unexplained: int


def resume_posting(*, tenant: Tenant, api_for: ApiFor, by: Acting, now: datetime) -> Resumed:
    """Read every invoice and booking of the tenant's WHMCS, link what is booked, and end the pause.

    Shape: a booking of ours that nothing explains keeps its invoice from being paid again (`ForgottenBooking`).
    Raises: NotCompared; Refused, Retryable from WHMCS. The pause goes on then.
    """
    with context.inside(tenant):
        if (paused := selectors.paused_instances().first()) is not None:
            raise NotCompared(f"{paused.name} is paused. Resume it under Connections, then run this again.")
        for instance in WhmcsInstance.objects.filter(state=WhmcsInstance.State.ACTIVE).order_by("pk"):
            read = invoice_sync.sync_instance(
                instance=instance, api=api_for(instance), now=now, full=True, budget=_BUDGET
            )
            if not read.is_complete:
                raise NotCompared(f"{instance.name} could not be read to the end. Run it again.")
        linked = booked.link_booked_charges(now=now) + booked_transfers.link_booked_transfers(now=now)
        result = Resumed(linked, forgotten_bookings().count())
        Tenant.objects.filter(pk=tenant.pk).update(posting_paused_at=None)
        details = {"linked": result.linked, "unexplained": result.unexplained}
        audit.record(action="tenant.posting_resumed", about=tenant, by=by, details=details)
    return result
