"""Leaving an account at a gateway alone for a while."""

import uuid
from datetime import datetime

from django.db import transaction

from payments.models import StripeConnection
from payymo.audit.services import recording as audit


@transaction.atomic
def pause_connection(*, connection_id: uuid.UUID | str, is_paused: bool, now: datetime) -> StripeConnection:
    """Read nothing more of an account, or go on where it stopped; events are stored all the while, and wait.

    Raises: StripeConnection.DoesNotExist for one that is removed, or whose key is refused.
    """
    state = StripeConnection.State
    row = StripeConnection.objects.select_for_update().get(
        public_id=connection_id, state__in=[state.ACTIVE, state.PAUSED]
    )
    wanted = state.PAUSED if is_paused else state.ACTIVE
    if row.state != wanted:
        row.state, row.next_sync_at = wanted, None if is_paused else now
        row.save(update_fields=["state", "next_sync_at"])
        audit.record(action="connection.changed", about=row, details={"what": "paused" if is_paused else "resumed"})
    return row
