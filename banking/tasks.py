"""What beat lets banking do for each tenant."""

import logging

from celery import shared_task
from django.utils import timezone

from banking.services import consent_warnings, schedule
from banking.services.fetching import SyncResult
from banking.services.provider_keys import choices, provider
from payymo.shared.crypto import UnreadableSecret
from tenants.breakers import switch_off
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)


@shared_task(base=TenantTask)
def sync_due_accounts() -> int:
    """Fetch what is due for the tenant; a second worker that gets the same message does nothing."""
    now = timezone.now()
    consent_warnings.warn_of_ends(now=now)
    with exclusive("sync-due-accounts") as free:
        wanted = schedule.providers_with_work(now=now) if free else []
        ready = {one.key for one in choices() if one.is_ready} if wanted else set()
        results: list[SyncResult] = []
        try:
            for key in wanted:
                if key in ready:
                    results += schedule.run_round(provider=provider(key, now=now, is_patient=True), now=now)
        except UnreadableSecret:
            # Something stored encrypted, beside the keys, does not open; what is due stays due.
            switch_off("bank")
            logger.warning("banks not fetched", extra={"event": "secret_unavailable"})
            return 0
    if results:
        failed = sum(result.outcome == "failed" for result in results)
        logger.info(
            "banks fetched", extra={"event": "banks_synced", "count": len(results), "status": f"{failed} failed"}
        )
    return len(results)
