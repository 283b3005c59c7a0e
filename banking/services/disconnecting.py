"""Ending a connection: fetching stops at once, and the provider is told now or as soon as it can be."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from banking import adapters
from banking.clients.base import BankProvider
from banking.models import BankAccount, BankConnection, RawFetch
from banking.services import linking
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict, Refused, Retryable, Unknown

logger = logging.getLogger(__name__)
State = BankConnection.State


def remove_connection(*, connection: BankConnection, provider: BankProvider) -> BankConnection:
    """Stop fetching at once, keep the history, and withdraw the consent at the provider.

    Shape: when the provider cannot be told now, `revoke_removed` tells it later.
    """
    with transaction.atomic():
        row = BankConnection.objects.select_for_update().get(pk=connection.pk)
        row.state, row.callback_hash, row.consent_link = State.REVOKED, "", ""
        row.last_error = row.last_error_code = ""
        row.save(update_fields=["state", "callback_hash", "consent_link", "last_error", "last_error_code"])
        accounts = BankAccount.objects.filter(connection=row)
        linking.release(list(BankAccount.objects.filter(Q(connection=row) | Q(same_as__connection=row))))
        accounts.update(next_sync_at=None, provider_account_id="")
        # Nobody answers for an account any more: what was kept for the answer goes with the other old answers.
        held = accounts.exclude(held_at=None)
        RawFetch.objects.filter(account__in=held, processed_at=None).update(processed_at=Now())
        held.update(held_at=None, resembles=[], cursor_date=None)
        audit.record(action="connection.removed", about=row)
    revoke_quietly(row, provider)
    row.refresh_from_db()
    return row


def withdraw_consent(*, connection: BankConnection, provider: BankProvider, now: datetime) -> BankConnection:
    """Stop fetching at once, withdraw the consent at the provider, and have what no bookkeeping needs erased.

    Shape: erased by the retention two weeks later (`data_erased_at`), unless a new consent takes the accounts over.
    """
    with transaction.atomic():
        row = BankConnection.objects.select_for_update().get(pk=connection.pk)
        if row.withdrawn_at is None:
            BankConnection.objects.filter(pk=row.pk).update(withdrawn_at=now)
            audit.record(action="consent.withdrawn", about=row)
    return remove_connection(connection=row, provider=provider)


def revoke_removed(*, provider: BankProvider) -> int:
    """Withdraw at the provider what was removed here while it could not be told; return how many it was."""
    told = 0
    removed = BankConnection.objects.filter(state=State.REVOKED, provider=provider.key).exclude(consent_id="")
    for connection in removed.order_by("pk")[:20]:
        told += revoke_quietly(connection, provider)
    return told


def revoke_quietly(connection: BankConnection, provider: BankProvider) -> bool:
    """Withdraw the consent at the provider and forget what opened it; return whether the provider was told."""
    if not connection.consent_id:
        BankConnection.objects.filter(pk=connection.pk).update(credential_sealed=b"")
        return False
    try:
        provider.revoke(consent=adapters.consent_of(connection))
    except (Refused, Retryable, Unknown, Conflict) as error:
        logger.warning(
            "consent not withdrawn yet",
            extra={"event": "revoke_failed", "connection": str(connection.public_id), "reason": type(error).__name__},
        )
        return False
    BankConnection.objects.filter(pk=connection.pk).update(consent_id="", attempt_id="", credential_sealed=b"")
    return True
