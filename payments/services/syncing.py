"""One run over a Stripe account: what is new, and what may have changed since."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F

from payments.clients.base import PaymentProvider
from payments.models import StripeConnection
from payments.services import charges, manual_payouts, payouts, webhooks
from payymo.shared.errors import ProviderError, Refused
from payymo.shared.sentences import as_columns
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
Store = Callable[[list[Value]], int | None]


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one run brought."""

    new_charges: int
    refunds: int
    disputes: int
    payouts: int
    events: int


class _Walk:
    """Reads kind after kind, a batch at a time, and notes how far it is.

    A first reading that ended early, by a failure or a kill, goes on behind the last object that was stored. What came
    meanwhile is newer than where it goes on: the run after it reads again from where this one began.
    """

    def __init__(self, connection: StripeConnection, *, now: datetime, progress: Progress | None) -> None:
        self._pk, self._progress = connection.pk, progress
        kept = connection.sync_progress if connection.synced_until is None else {}
        self.began_at = datetime.fromisoformat(kept["began_at"]) if "began_at" in kept else now
        self._done: list[str] = list(kept.get("done", []))
        self._at = (kept.get("kind", ""), int(kept.get("count", 0)), kept.get("after", ""))

    def read(self, kind: str, walk: Callable[[str], Iterable[Value]], store: Store[Value], name: str) -> int:
        """Read one kind to its end, or from where it was left; return what `store` counted."""
        if kind in self._done:
            return 0
        count, after = self._at[1:] if self._at[0] == kind else (0, "")
        total = 0
        for batch in charges.batches(walk(after), TELL_EVERY):
            total += store(batch) or 0
            count, after = count + len(batch), str(getattr(batch[-1], name))
            self._tell(kind, count, after)
        self._done.append(kind)
        self._tell(kind, count, after)
        return total

    def _tell(self, kind: str, count: int, after: str) -> None:
        place = {"kind": kind, "count": count, "after": after, "done": self._done}
        StripeConnection.objects.filter(pk=self._pk, state=StripeConnection.State.ACTIVE).update(
            sync_progress={**place, "began_at": self.began_at.isoformat()}
        )
        if self._progress is not None:
            self._progress(kind, count)


def sync_connection(
    *, connection: StripeConnection, api: PaymentProvider, now: datetime, progress: Progress | None = None
) -> SyncResult:
    """Read the account and write what it shows; the position moves only when all of it was read.

    Raises: Refused (the connection is marked broken when the key is refused) or Retryable; what was stored stays.
    """
    walk = _Walk(connection, now=now, progress=progress)
    try:
        result = _read(connection, api, now=now, walk=walk)
    except ProviderError as error:
        note_failure(connection, error, now=now)
        raise
    # A connection that was removed meanwhile stays removed.
    StripeConnection.objects.filter(pk=connection.pk, state=StripeConnection.State.ACTIVE).update(
        synced_until=walk.began_at,
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


def _read(connection: StripeConnection, api: PaymentProvider, *, now: datetime, walk: _Walk) -> SyncResult:
    since = connection.synced_until - OVERLAP if connection.synced_until else None
    payout_since = connection.synced_until - PAYOUT_OVERLAP if connection.synced_until else None

    def from_(read: Callable[..., Iterable[Value]], created_from: datetime | None) -> Callable[[str], Iterable[Value]]:
        return lambda after: read(created_from=created_from, after=after)

    def into(store: Callable[[StripeConnection, list[Value]], int | None]) -> Store[Value]:
        return lambda batch: store(connection, batch)

    new = walk.read("charges", from_(api.charges, since), into(charges.store_charges), "charge_id")
    walk.read("payment intents", from_(api.intents, since), into(charges.store_intents), "intent_id")
    refunds = walk.read("refunds", from_(api.refunds, since), charges.store_refunds, "refund_id")
    disputes = walk.read("disputes", from_(api.disputes, since), charges.store_disputes, "dispute_id")
    ledger = from_(api.balance_transactions, since)
    walk.read("balance transactions", ledger, into(charges.store_balance_transactions), "transaction_id")
    sent = walk.read("payouts", from_(api.payouts, payout_since), into(payouts.store_payouts), "payout_id")
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
        **as_columns(error.sentence),
        last_error_code=error.reason[:64],
    )
