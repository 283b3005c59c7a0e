"""What beat lets the dashboard do for each tenant."""

import logging

from celery import shared_task
from django.utils import timezone

from payymo.dashboard.reports import packs
from payymo.operations.services import report_packs
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)
_MOST_AT_ONCE = 20


@shared_task(base=TenantTask)
def make_reports() -> int:
    """Make the months of reports that are due or were asked for; return how many. What is left over is next."""
    made = 0
    with exclusive("reports") as alone:
        if not alone:
            return 0
        report_packs.due_now(now=timezone.now())
        while made < _MOST_AT_ONCE and report_packs.make_next(write=packs.write, now=timezone.now()) is not None:
            made += 1
    if made:
        logger.info("reports made", extra={"event": "reports_made", "count": made})
    return made
