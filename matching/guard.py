"""Whom WHMCS must not suspend yet: clients whose likely payment waits here, and everybody while the bank feed is late.

Computed from the rows each time it is asked, so a decision ends a hold at once. Every hold has an end, counted from the
day the payment came, that nothing prolongs: the installation's `guard_days` (0 holds nobody).
Source: docs/adr/0045-the-addon-module-asks-whom-to-hold.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from accounts import reach
from banking.models import BankAccount, BankConnection
from matching.models import Band, Proposal, ProposalLine
from whmcs.models import Posting, WhmcsInstance
from whmcs.services.transitions import OPEN

MOST = 2000
# Money that came in since the last good fetch is not seen yet; of less than this nobody speaks.
STALE_AFTER = timedelta(days=2)
_LIKELY = (Band.EXACT, Band.LIKELY)
REVIEW, POSTING = "review", "posting"


@dataclass(frozen=True, slots=True)
class Hold:
    """One invoice that a payment seems to be for, by WHMCS's ids; `reason` is REVIEW or POSTING."""

    client_id: int
    invoice_id: int
    reason: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Guard:
    """What one installation holds now.

    Shape: one hold an invoice, the latest end first; `is_complete` is False when there are more than fit. While
    `stale_until` is in the future nobody is known to owe by bank transfer.
    """

    holds: tuple[Hold, ...]
    is_complete: bool
    stale_since: datetime | None = None
    stale_until: datetime | None = None


def guard_of(instance: WhmcsInstance, *, now: datetime) -> Guard:
    """Return whom this installation holds: four queries, however many wait."""
    limit = timedelta(days=instance.guard_days)
    if not limit:
        return Guard((), True)
    earliest = now - limit
    found = list(chain(_in_review(instance, earliest, limit), _on_their_way(instance, earliest, limit)))
    latest: dict[int, Hold] = {}
    for hold in sorted(found, key=lambda one: (one.until, one.reason, one.invoice_id)):
        latest[hold.invoice_id] = hold
    holds = sorted(latest.values(), key=lambda one: (one.until, one.invoice_id), reverse=True)
    stale_since = _stale_since(now, limit)
    return Guard(
        tuple(holds[:MOST]),
        len(found) < MOST,
        stale_since,
        stale_since + limit if stale_since is not None else None,
    )


def _in_review(instance: WhmcsInstance, earliest: datetime, limit: timedelta) -> Iterator[Hold]:
    """Invoices that a waiting payment settles, as far as the engine is fairly sure."""
    waiting = ProposalLine.objects.filter(
        reach.by_account("proposal__bank_transaction__account"),
        invoice__instance=instance,
        proposal__status=Proposal.Status.OPEN,
        proposal__rank=1,
        proposal__band__in=_LIKELY,
    ).order_by("-pk")
    columns = ("invoice__client__whmcs_id", "invoice__whmcs_id")
    for source in ("bank_transaction", "stripe_payment"):
        came = f"proposal__{source}__created_at"
        rows = waiting.filter(**{f"{came}__gt": earliest}).values_list(*columns, came)[:MOST]
        yield from _holds(rows, REVIEW, limit)


def _on_their_way(instance: WhmcsInstance, earliest: datetime, limit: timedelta) -> Iterator[Hold]:
    """Invoices whose approved payment WHMCS does not show yet."""
    rows = Posting.objects.filter(
        instance=instance, kind=Posting.Kind.POST, state__in=OPEN, created_at__gt=earliest
    ).order_by("-pk")
    columns = ("invoice__client__whmcs_id", "invoice__whmcs_id", "created_at")
    yield from _holds(rows.values_list(*columns)[:MOST], POSTING, limit)


def _holds(rows: Iterable[tuple[int, int, datetime]], reason: str, limit: timedelta) -> Iterator[Hold]:
    for client_id, invoice_id, came in rows:
        yield Hold(client_id, invoice_id, reason, came, came + limit)


def _stale_since(now: datetime, limit: timedelta) -> datetime | None:
    """Since when a bank account is read too late; None while all are read in time, or have been late for too long."""
    late = BankAccount.objects.filter(
        last_success_at__lte=now - STALE_AFTER, last_success_at__gt=now - STALE_AFTER - limit, is_paused=False
    ).exclude(connection=None)
    newest = (
        late.exclude(connection__state__in=[BankConnection.State.REVOKED, BankConnection.State.FAILED])
        .order_by("-last_success_at")
        .values_list("last_success_at", flat=True)
        .first()
    )
    return newest + STALE_AFTER if newest is not None else None
