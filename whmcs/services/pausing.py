"""Leaving a WHMCS installation alone for a while."""

import uuid
from datetime import datetime

from django.db import transaction

from payymo.audit.services import recording as audit
from whmcs.models import WhmcsInstance


@transaction.atomic
def pause_instance(*, instance_id: uuid.UUID | str, is_paused: bool, now: datetime) -> WhmcsInstance:
    """Read nothing more and send nothing new to it, or go on at once; what is being sent now comes to its end.

    Raises: WhmcsInstance.DoesNotExist for one that is removed.
    Source: docs/adr/0061-a-paused-whmcs-is-asked-but-sent-nothing.md
    """
    living = WhmcsInstance.objects.select_for_update().exclude(state=WhmcsInstance.State.REMOVED)
    row = living.get(public_id=instance_id)
    if row.is_paused != is_paused:
        row.is_paused, row.next_sync_at = is_paused, None if is_paused else now
        row.save(update_fields=["is_paused", "next_sync_at"])
        audit.record(action="connection.changed", about=row, details={"what": "paused" if is_paused else "resumed"})
    return row
