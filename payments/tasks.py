"""Reading gateways on time, and working on stored events."""

import logging

from celery import shared_task
from django.utils import timezone

from payments.models import StripeConnection
from payments.services import event_processing, syncing
from payments.services.connecting import api_for
from payymo.shared.errors import ProviderError
from tenants.breakers import SecretOff
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

logger = logging.getLogger(__name__)
CONNECTIONS_PER_RUN = 5


@shared_task(base=TenantTask)
def sync_due_connections() -> None:
    """Read the accounts that are due, the longest waiting first."""
    with exclusive("sync-stripe") as alone:
        if not alone:
            return
        now = timezone.now()
        due = StripeConnection.objects.filter(state=StripeConnection.State.ACTIVE, next_sync_at__lte=now)
        for connection in due.order_by("next_sync_at")[:CONNECTIONS_PER_RUN]:
            try:
                api = api_for(connection)
            except SecretOff as error:
                syncing.note_failure(connection, error, now=now)
                extra = {"event": "sync_failed", "connection": connection.public_id, "reason": error.reason}
                logger.warning("gateway not read", extra=extra)
                continue
            try:
                syncing.sync_connection(connection=connection, api=api, now=timezone.now())
            except ProviderError as error:
                # It is on the connection's row, with the time of the next try.
                extra = {"event": "sync_failed", "connection": connection.public_id, "reason": error.reason}
                logger.warning("gateway sync failed", extra=extra)


@shared_task(base=TenantTask)
def process_events() -> None:
    """Work on stored webhook events."""
    with exclusive("stripe-events") as alone:
        if alone:
            event_processing.process_events(now=timezone.now(), api_for=api_for)
