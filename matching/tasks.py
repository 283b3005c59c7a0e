"""One round of the engine for a tenant."""

import logging

from celery import shared_task
from django.utils import timezone

from matching.services import booked, policy, proposing, settlement
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)


@shared_task(base=TenantTask)
def propose_pending() -> None:
    """Settle payouts, link what WHMCS booked, propose for what is new or changed, approve what the policy allows."""
    with exclusive("propose") as alone:
        if not alone:
            return
        now = timezone.now()
        proposing.set_outgoing_aside(now=now)
        settlement.settle_found(now=now)
        booked.link_booked_charges(now=now)
        proposing.requeue_for_changed_invoices(now=now)
        outcome = proposing.propose(receipts=proposing.waiting(), now=now)
        if outcome.looked_at:
            logger.info("proposed", extra={"event": "proposed", "count": outcome.looked_at})
        policy.auto_approve(now=timezone.now())
