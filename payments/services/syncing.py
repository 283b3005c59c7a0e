"""One run over a Stripe account: what is new, and what may have changed since."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F

from payments.clients.base import PaymentProvider
from payments.models import StripeConnection
from payments.services import charges, manual_payouts, payouts, webhooks
from payymo.shared.errors import ProviderError, Refused
from tenants.breakers import LEFT_ALONE, SecretOff

EVERY = timedelta(minutes=15)
# Refunds, disputes and late balance transactions change a charge after it was read: there is no "changed since".
OVERLAP = timedelta(days=10)
PAYOUT_OVERLAP = timedelta(days=30)
SWEEP = timedelta(hours=72)
EVENTS_KEPT = timedelta(days=30)
_BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
TELL_EVERY = 500
Progress = Callable[[str, int], None]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one run brought."""

    new_charges: int
    refunds: int
    disputes: int
    payouts: int
    events: int


def sync_connection(
    *, connection: StripeConnection, api: PaymentProvider, now: datetime, progress: Progress | None = None
) -> SyncResult:
    """Read the account and write what it shows; the position moves only when all of it was read.

    Raises: Refused (the connection is marked broken when the key is refused) or Retryable; what was stored stays.
    """

    def tell(what: str, count: int) -> None:
        StripeConnection.objects.filter(pk=connection.pk).update(sync_progress={"kind": what, "count": count})
        if progress is not None:
            progress(what, count)

    try:
        result = _read(connection, api, now=now, tell=tell)
    except ProviderError as error:
        note_failure(connection, error, now=now)
        raise
    # A connection that was removed meanwhile stays removed.
    StripeConnection.objects.filter(pk=connection.pk, state=StripeConnection.State.ACTIVE).update(
        synced_until=now,
        events_seen_until=now,
        last_attempt_at=now,
        last_success_at=now,
        next_sync_at=now + EVERY,
        failures=0,
        last_error="",
        last_error_code="",
        sync_progress={},
    )
    return result


def _read(connection: StripeConnection, api: PaymentProvider, *, now: datetime, tell: Progress) -> SyncResult:
    def counted(what: str, values: Iterable[Value]) -> Iterator[Value]:
        """Pass values on and tell how many there were, now and then and at the end."""
        count = 0
        for count, value in enumerate(values, 1):
            yield value
            if count % TELL_EVERY == 0:
                tell(what, count)
        tell(what, count)

    since = connection.synced_until - OVERLAP if connection.synced_until else None
    new = charges.store_charges(connection, counted("charges", api.charges(created_from=since)))
    charges.store_intents(connection, counted("payment intents", api.intents(created_from=since)))
    refunds = charges.store_refunds(counted("refunds", api.refunds(created_from=since)))
    disputes = charges.store_disputes(counted("disputes", api.disputes(created_from=since)))
    ledger = counted("balance transactions", api.balance_transactions(created_from=since))
    charges.store_balance_transactions(connection, ledger)
    payout_since = connection.synced_until - PAYOUT_OVERLAP if connection.synced_until else None
    sent = payouts.store_payouts(connection, counted("payouts", api.payouts(created_from=payout_since)))
    payouts.fetch_items(connection, api)
    manual_payouts.explain_manual(connection, now=now)
    events = webhooks.store_listed(connection, api.events(created_from=_sweep_from(connection, now)), now=now)
    return SyncResult(new, refunds, disputes, sent, events)


def _sweep_from(connection: StripeConnection, now: datetime) -> datetime:
    """Sweep 72 hours, and after a longer pause all of it, as far back as Stripe keeps events."""
    seen = connection.events_seen_until
    return max(min(now, seen) - SWEEP, now - EVENTS_KEPT) if seen else now - SWEEP


def note_failure(connection: StripeConnection, error: ProviderError, *, now: datetime) -> None:
    """Write down in plain words what happened and when the next try is; a refused key stops the reading."""
    broken = isinstance(error, Refused) and error.reason in ("credentials_invalid", "permission_missing")
    wait = _BACK_OFF[min(connection.failures, len(_BACK_OFF) - 1)]
    if isinstance(error, SecretOff):
        # Nobody was asked: looking whether the secret is back costs nothing.
        wait = LEFT_ALONE
    if error.retry_after:
        wait = max(wait, timedelta(seconds=min(error.retry_after, 86_400)))
    StripeConnection.objects.filter(pk=connection.pk, state=StripeConnection.State.ACTIVE).update(
        state=StripeConnection.State.BROKEN if broken else StripeConnection.State.ACTIVE,
        last_attempt_at=now,
        next_sync_at=None if broken else now + wait,
        failures=F("failures") + 1,
        last_error=str(error)[:500],
        last_error_code=error.reason[:64],
    )
