"""What a round of the scheduler does for one tenant: ended consents, waiting consents, accounts that are due."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from banking.clients.base import BankProvider, Reason
from banking.models import BankAccount, BankConnection
from banking.services.consent_finishing import finish_waiting
from banking.services.disconnecting import revoke_removed
from banking.services.failures import CONSENT_ENDED
from banking.services.fetching import NotConnected, SyncResult, sync_account
from payymo.shared.errors import DomainError

logger = logging.getLogger(__name__)
State = BankConnection.State
# Longer than a fetch may take: a worker that dies leaves the account to the next one.
_LEASE = timedelta(minutes=15)
_BREAKER_OPENS_AFTER, _BREAKER_PAUSE = 5, timedelta(seconds=60)
_BREAKS = frozenset({Reason.UNREACHABLE, Reason.UNREADABLE, Reason.CREDENTIALS_INVALID})


def run_round(*, provider: BankProvider, now: datetime, most: int = 25) -> list[SyncResult]:
    """Do everything that is due at this provider for the tenant; return what became of the accounts."""
    end_consents(now=now)
    finish_waiting(provider=provider, now=now)
    revoke_removed(provider=provider)
    return sync_due_accounts(provider=provider, now=now, most=most)


def request_fetch(*, connection: BankConnection, now: datetime) -> int:
    """Make every account of the connection due now, stopped ones included; return how many.

    Raises: NotConnected when the connection is not a living one.
    """
    if connection.state != State.LINKED:
        raise NotConnected(gettext("The bank is not connected now. Renew the consent first."))
    accounts = BankAccount.objects.filter(connection=connection, is_paused=False)
    return accounts.update(next_sync_at=now, fetch_asked_at=now)


def providers_with_work(*, now: datetime) -> list[str]:
    """Return the providers at which a round would do anything, in one query; asked before any is set up."""
    due = Q(state=State.LINKED, accounts__next_sync_at__lte=now, accounts__is_paused=False)
    ended = Q(state=State.LINKED, consent_ends_at__lte=now)
    rows = BankConnection.objects.filter(
        due | ended | Q(state=State.PENDING) | (Q(state=State.REVOKED) & ~Q(consent_id=""))
    )
    return list(rows.order_by("provider").values_list("provider", flat=True).distinct())


def end_consents(*, now: datetime) -> int:
    """Mark the connections whose consent is over; the provider says so only when an account is next read."""
    with transaction.atomic():
        ended = BankConnection.objects.select_for_update().filter(state=State.LINKED, consent_ends_at__lte=now)
        ids = list(ended.values_list("pk", flat=True))
        said = {
            "last_error": CONSENT_ENDED,
            "last_error_code": Reason.CONSENT_ENDED.value,
        }
        BankAccount.objects.filter(connection_id__in=ids).update(next_sync_at=None, **said)
        return BankConnection.objects.filter(pk__in=ids).update(state=State.EXPIRED, **said)


def _due(provider: str, now: datetime) -> QuerySet[BankAccount]:
    living = {"connection__state": State.LINKED, "connection__provider": provider}
    return BankAccount.objects.filter(next_sync_at__lte=now, is_paused=False, **living)


def sync_due_accounts(*, provider: BankProvider, now: datetime, most: int = 25) -> list[SyncResult]:
    """Fetch the accounts that are due, longest waiting first.

    Shape: a provider that is out of reach several times in a row ends the round; what is left is due a minute later.
    """
    results: list[SyncResult] = []
    in_a_row = 0
    for account in _due(provider.key, now).order_by("next_sync_at", "pk")[:most]:
        claimed = BankAccount.objects.filter(pk=account.pk, next_sync_at=account.next_sync_at)
        if not claimed.update(next_sync_at=now + _LEASE, fetch_asked_at=None):
            continue
        try:
            by_hand = account.fetch_asked_at is not None
            result = sync_account(account_id=account.pk, provider=provider, now=now, by_hand=by_hand)
        except DomainError as error:
            logger.info(
                "account not fetched",
                extra={"event": "sync_refused", "account": str(account.public_id), "reason": error.code},
            )
            continue
        results.append(result)
        in_a_row = in_a_row + 1 if result.outcome == "failed" and result.reason in _BREAKS else 0
        if in_a_row >= _BREAKER_OPENS_AFTER:
            _due(provider.key, now).update(next_sync_at=now + _BREAKER_PAUSE)
            break
    return results
