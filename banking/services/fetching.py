"""Fetching an account: quota, raw answer stored first, entries, balance, and what a failure means for the next time."""

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from banking import adapters
from banking.clients.base import BankProvider, Fetched, Scope
from banking.models import BankAccount, BankConnection, RawFetch
from banking.parsers.errors import UnreadableStatement
from banking.parsers.readers import READERS
from banking.parsers.types import Balance, Refusal
from banking.services import account_holding, failures, quotas
from banking.services.failures import CONSENT_ENDED
from banking.services.ingestion import IngestResult, ingest_entries
from banking.services.notes import Note
from payymo.shared.errors import Conflict, ProviderError, Refused, Retryable
from payymo.shared.sentences import Sentence
from tenants import sealing
from tenants.jobs import exclusive

logger = logging.getLogger(__name__)
ASKS = gettext_noop(
    "It may be an account that is here already. Say on Connections which it is; nothing is imported yet."
)
OVERLAP = timedelta(days=10)
_A_DAY = timedelta(days=1)
_MOST_NOTES = 200
_BOOKED = ("interimBooked", "closingBooked", "openingBooked", "interimAvailable", "closingAvailable", "expected")


class NotConnected(Conflict):
    """The account has no living connection to fetch from."""

    code = "not_connected"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a fetch of one account came to.

    Shape: `waiting` means that no call is left or another worker is at it: nothing is wrong. `message` is a sentence
    for people, empty when everything went well.
    """

    outcome: Literal["fetched", "waiting", "failed"]
    new: int = 0
    known: int = 0
    refused: int = 0
    message: str = ""
    reason: str = ""


def sync_account(*, account_id: int, provider: BankProvider, now: datetime, by_hand: bool = False) -> SyncResult:
    """Fetch what the bank has for an account since shortly before the last complete day.

    The raw answer is committed before anybody tries to understand it. A failure is written on the account in plain
    words with the time of the next try; the cursor stays where it was.
    Raises: NotConnected when there is nothing to fetch from.
    """
    account = BankAccount.objects.select_related("connection").get(pk=account_id)
    connection = account.connection
    assert connection is None or connection.provider == provider.key  # noqa: S101 - ids mean nothing to another
    if connection is None or connection.state != BankConnection.State.LINKED or not account.provider_account_id:
        raise NotConnected(gettext("The account is not connected. Connect the bank or renew the consent first."))
    with exclusive(f"sync-account:{account.pk}") as free:
        if not free:
            return SyncResult("waiting", message=gettext("The account is being fetched already."))
        if connection.consent_ends_at and connection.consent_ends_at <= now:
            ended = Refused(CONSENT_ENDED, reason="consent_ended")
            return _failed(account, ended, now)
        _process_left_over(account, now)
        account.refresh_from_db(fields=["cursor_date"])
        return _sync(account, provider, now, by_hand=by_hand)


def _sync(account: BankAccount, provider: BankProvider, now: datetime, *, by_hand: bool) -> SyncResult:
    none_left = quotas.take_call(
        account=account, scope=Scope.TRANSACTIONS, keep_back=0 if by_hand else 1, now=now,
        limit=daily_limit(account, provider),
    )  # fmt: skip
    if none_left:
        failures.plan_next(account, at=none_left.until)
        return SyncResult("waiting", message=gettext("Today's calls at the bank are used up."), reason="rate_limited")
    since = first_day(account, now)
    try:
        fetched = provider.fetch_transactions(account=adapters.account_ref(account), since=since)
    except (Refused, Retryable) as error:
        _settle_call(account, Scope.TRANSACTIONS, error, now)
        return _failed(account, error, now)
    raw = _keep(account, fetched, provider.key, fetched.since or since, now)
    if raw is None:
        return SyncResult("waiting", message=gettext("The connection was removed meanwhile; what came was not kept."))
    try:
        result = process_raw_fetch(raw_fetch_id=raw.pk, now=now)
    except UnreadableStatement as error:
        return _failed(account, Retryable(error.why, reason="unreadable"), now)
    if result.is_held:
        failures.note_success(account, now=now, said=result.said)
        # One call a day keeps what a bank shows for some weeks only.
        failures.plan_next(account, at=now + _A_DAY)
        return SyncResult("waiting", message=gettext(ASKS), reason="asks")
    if provider.capabilities.sends_balances_with_entries:
        _keep_balance(account, provider.key, fetched.raw, now)
    else:
        _fetch_balance(account, provider, now)
    failures.note_success(account, now=now, said=result.said)
    return SyncResult("fetched", result.new, result.known, len(result.refused), message=" ".join(map(str, result.said)))


def daily_limit(account: BankAccount, provider: BankProvider) -> int:
    """Return how many calls of one scope an account may count on until the provider tells."""
    reads = provider.capabilities.daily_reads
    if not provider.capabilities.shares_reads:
        return reads
    return max(
        1, reads // max(1, BankAccount.objects.filter(connection=account.connection_id, is_paused=False).count())
    )


def first_day(account: BankAccount, now: datetime) -> date:
    """Return the first booking day to ask for: an overlap before the cursor, or all the history that was agreed."""
    days = account.connection.history_days if account.connection else 90
    earliest = now.date() - timedelta(days=days)
    return max(earliest, account.cursor_date - OVERLAP) if account.cursor_date else earliest


def _keep(account: BankAccount, fetched: Fetched[None], provider: str, since: date, now: datetime) -> RawFetch | None:
    """Store the answer, unless the consent was withdrawn while the bank was asked."""
    with transaction.atomic():
        if _is_withdrawn(account):
            return None
        raw = adapters.new_raw_fetch(
            account,
            fetched.raw.decode("utf-8", "replace"),
            provider=provider,
            fetched_at=now,
            complete_from=since,
            complete_until=now.date(),
        )
        raw.save()
        quotas.correct(account=account, scope=Scope.TRANSACTIONS, quota=fetched.quota, now=now)
    return raw


def _is_withdrawn(account: BankAccount) -> bool:
    """Return whether the connection was removed; holds it until the answer is stored."""
    connection = BankConnection.objects.select_for_update().filter(accounts=account).first()
    return connection is None or connection.state == BankConnection.State.REVOKED


def _process_left_over(account: BankAccount, now: datetime) -> None:
    """Read what an earlier worker fetched and did not live to read, and what waited for a person's answer."""
    if account.held_at is not None:
        return
    for raw_fetch_id in account.raw_fetches.filter(processed_at=None).order_by("pk").values_list("pk", flat=True):
        try:
            process_raw_fetch(raw_fetch_id=raw_fetch_id, now=now)
        except UnreadableStatement:
            logger.warning(
                "stored answer cannot be read", extra={"event": "raw_unreadable", "account": str(account.public_id)}
            )


def process_raw_fetch(*, raw_fetch_id: int, now: datetime) -> IngestResult:
    """Store the entries of a kept answer; doing it twice adds nothing.

    Shape: the answer of an account that a person is asked about stays as it is (`is_held`).
    Raises: UnreadableStatement when it is not such an answer at all (noted on the row); AccountBusy.
    """
    raw = RawFetch.objects.select_related("account").get(pk=raw_fetch_id)
    try:
        entries = READERS[raw.provider].read_transactions(sealing.unseal(raw, "payload_sealed"))
    except UnreadableStatement as error:
        RawFetch.objects.filter(pk=raw.pk).update(processed_at=now, refused=[Refusal(0, error.why).as_dict()])
        raise
    provider = str(raw.get_provider_display())
    said = tuple(Sentence(Note.PROVIDER_SAYS, {"provider": provider, "text": text}) for text in entries.said)
    with transaction.atomic():
        if account_holding.is_held(raw=raw, entries=entries.booked, is_whole=not said, now=now):
            return IngestResult(said=said, is_held=True)
        result = ingest_entries(
            account=raw.account,
            entries=entries.booked,
            source=raw.provider,
            # Where the provider complains, what it does not show may exist: nothing is missed, the cursor stays.
            complete_from=None if said else raw.complete_from,
            complete_until=None if said else raw.complete_until,
            pending=entries.pending,
            refused=entries.refused,
            raw_fetch=raw,
        )
        result = replace(result, said=said)
        RawFetch.objects.filter(pk=raw.pk).update(
            processed_at=now,
            refused=[one.as_dict() for one in result.refused[:_MOST_NOTES]],
            noted=[one.as_dict() for one in (*(Refusal(0, each) for each in said), *result.noted)][:_MOST_NOTES],
        )
    return result


def _fetch_balance(account: BankAccount, provider: BankProvider, now: datetime) -> None:
    """Fetch the balance when a call is left; entries without a balance are no failure."""
    limit = daily_limit(account, provider)
    if quotas.take_call(account=account, scope=Scope.BALANCES, keep_back=1, now=now, limit=limit):
        return
    try:
        fetched = provider.fetch_balances(account=adapters.account_ref(account))
    except (Refused, Retryable) as error:
        _settle_call(account, Scope.BALANCES, error, now)
        logger.info("no balance", extra={"event": "balance_missing", "account": str(account.public_id)})
        return
    quotas.correct(account=account, scope=Scope.BALANCES, quota=fetched.quota, now=now)
    _keep_balance(account, provider.key, fetched.raw, now)


def _keep_balance(account: BankAccount, provider: str, raw: bytes, now: datetime) -> None:
    try:
        balance = booked_balance(dict(READERS[provider].read_balances(raw).balances), account.currency)
    except UnreadableStatement:
        logger.warning("balance unreadable", extra={"event": "balance_unreadable", "account": str(account.public_id)})
        return
    if balance is not None:
        BankAccount.objects.filter(pk=account.pk).update(booked_balance=balance.amount, booked_balance_at=now)


def booked_balance(balances: dict[str, Balance], currency: str) -> Balance | None:
    """Choose the balance that comes nearest to what is booked, in the account's currency."""
    usable = {kind: balance for kind, balance in balances.items() if balance.currency == currency}
    return next((usable[kind] for kind in _BOOKED if kind in usable), None)


def _settle_call(account: BankAccount, scope: Scope, error: ProviderError, now: datetime) -> None:
    if error.reason == "rate_limited":
        quotas.use_up(account=account, scope=scope, until=now + timedelta(seconds=error.retry_after or 86_400))
    elif error.reason != "unreachable":
        # Only good answers count; after a lost answer nobody knows, so it stays counted.
        quotas.give_back(account=account, scope=scope)


def _failed(account: BankAccount, error: ProviderError, now: datetime) -> SyncResult:
    failures.note_failure(account, error, now=now)
    outcome: Literal["waiting", "failed"] = "waiting" if error.reason in failures.NOT_A_FAILURE else "failed"
    return SyncResult(outcome, message=str(error.sentence), reason=error.reason)
