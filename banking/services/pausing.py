"""Leaving one account of a connection out for a while."""

import uuid
from datetime import datetime

from django.db import transaction

from banking.models import BankAccount
from payymo.audit.services import recording as audit


@transaction.atomic
def pause_account(*, account_id: uuid.UUID | str, is_paused: bool, now: datetime) -> BankAccount:
    """Fetch nothing more of an account, or again from now on; what was fetched stays.

    Raises: BankAccount.DoesNotExist for one that is not connected, or is another by a second name.
    """
    living = BankAccount.objects.select_for_update().exclude(connection=None)
    row = living.get(public_id=account_id, same_as=None)
    if row.is_paused != is_paused:
        row.is_paused, row.next_sync_at = is_paused, None if is_paused else now
        row.save(update_fields=["is_paused", "next_sync_at"])
        audit.record(action="connection.changed", about=row, details={"what": "paused" if is_paused else "resumed"})
    return row
