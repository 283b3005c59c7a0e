"""Reads of banking: lists, details and the health of connections, with every relation already loaded."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from accounts import reach
from banking import adapters
from banking.core.continuity import Gap, Span, from_row, gaps
from banking.models import (
    SEARCHED_TEXTS,
    AccountQuota,
    BankAccount,
    BankConnection,
    BankTransaction,
    StatementImport,
)
from payymo.shared.money import meant_amounts
from tenants import sealing

_SHOWN_STATES = (
    BankConnection.State.PENDING, BankConnection.State.LINKED, BankConnection.State.EXPIRED,
    BankConnection.State.SUSPENDED, BankConnection.State.FAILED,
)  # fmt: skip


_MOST_FILES = 1500
_INDEXED_PIECE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """What a list of transactions is narrowed to; every field is optional."""

    text: str = ""
    state: str = ""
    account: uuid.UUID | None = None
    since: date | None = None
    until: date | None = None
    amount_from: Decimal | None = None
    amount_until: Decimal | None = None
    direction: str = ""


def accounts() -> QuerySet[BankAccount]:
    """Return the bank accounts within the caller's reach, oldest first, each once whatever names it has."""
    rows = BankAccount.objects.filter(reach.by_account("pk"), same_as=None)
    return rows.select_related("connection", "same_as").order_by("pk")


def transactions(*, wanted: TransactionFilter) -> QuerySet[BankTransaction]:
    """Return the booked entries within reach that fit; the caller orders them and cuts a page."""
    rows = BankTransaction.objects.select_related("account", "statement_import")
    rows = rows.defer("raw_sealed", "counterparty_iban_sealed", "account__iban_sealed", "statement_import__file_sealed")
    rows = rows.filter(reach.by_account("account"))
    exact = {"state": wanted.state, "account__public_id": wanted.account, "booking_date__gte": wanted.since,
             "booking_date__lte": wanted.until}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.amount_from is not None:
        rows = rows.filter(amount__gte=wanted.amount_from)
    if wanted.amount_until is not None:
        rows = rows.filter(amount__lte=wanted.amount_until)
    if wanted.direction:
        rows = rows.filter(amount__gt=0) if wanted.direction == "in" else rows.filter(amount__lt=0)
    return rows.filter(found_in(wanted.text)) if wanted.text else rows


def found_in(text: str) -> Q:
    """Find a text in the names, texts and references, and an amount, of either sign, when the text is one.

    Shape: one or two letters are looked for where a text begins; an index finds pieces of three anywhere.
    """
    lookup = "icontains" if len(text) >= _INDEXED_PIECE else "istartswith"
    found = Q()
    for name in SEARCHED_TEXTS:
        found |= Q(**{f"{name}__{lookup}": text})
    amounts = meant_amounts(text)
    return found | Q(amount__in=[each * sign for each in amounts for sign in (1, -1)]) if amounts else found


def transaction(*, public_id: uuid.UUID) -> BankTransaction | None:
    """Return one entry within reach, or None."""
    return transactions(wanted=TransactionFilter()).filter(public_id=public_id).first()


def connections() -> QuerySet[BankConnection]:
    """Return the connections that are not removed, newest first, with accounts and the calls left of each."""
    quotas = Prefetch("quotas", AccountQuota.objects.order_by("scope"))
    held = Prefetch("accounts", BankAccount.objects.select_related("same_as").order_by("pk").prefetch_related(quotas))
    return BankConnection.objects.filter(state__in=_SHOWN_STATES).prefetch_related(held).order_by("-pk")


def connection(*, public_id: uuid.UUID) -> BankConnection | None:
    """Return one connection, removed ones included, or None."""
    return BankConnection.objects.filter(public_id=public_id).first()


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """An account of a connection. `calls_left` is None before the first call of the day."""

    account: BankAccount
    calls_left: int | None
    calls_limit: int | None
    calls_reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """A connection with its accounts; `days_left` of the consent, None while it has none."""

    connection: BankConnection
    accounts: tuple[AccountHealth, ...]
    days_left: int | None


def connection_health(*, now: datetime) -> Sequence[ConnectionHealth]:
    """Return how every connection is doing, newest first; at most 100."""
    return tuple(health_of(row, now=now) for row in connections()[:100])


def health_of(row: BankConnection, *, now: datetime) -> ConnectionHealth:
    """Return how one connection is doing; uses what `connections` has loaded."""
    left = (row.consent_ends_at - now).days if row.consent_ends_at else None
    held = tuple(_account_health(account, now) for account in row.accounts.all())
    return ConnectionHealth(row, held, max(left, 0) if left is not None else None)


def _account_health(account: BankAccount, now: datetime) -> AccountHealth:
    quota = next((one for one in account.quotas.all() if one.scope == "transactions"), None)
    if quota is None:
        return AccountHealth(account, None, None, None)
    used = 0 if quota.resets_at and quota.resets_at <= now else quota.used
    return AccountHealth(account, max(quota.limit - used, 0), quota.limit, quota.resets_at)


def statement_gaps(*, accounts: Collection[int], more: Sequence[Span] = ()) -> dict[int, tuple[Gap, ...]]:
    """Return what is missing between the imported statements of each account, oldest first.

    Shape: accounts without a gap are left out; the newest files count, 1,500 for each account. `more` are statements
    that are not imported yet, of the one account that is asked for.
    """
    rows = StatementImport.objects.filter(account__in=accounts, state=StatementImport.State.COMMITTED)
    spans: dict[int, list[Span]] = {account: list(more) for account in accounts}
    for account, kept in rows.order_by("-pk").values_list("account", "spans")[: _MOST_FILES * max(len(accounts), 1)]:
        spans[account].extend(from_row(one) for one in kept)
    broken = {account: held for account, held in spans.items() if gaps(held, {})}
    if not broken:
        return {}
    sums: dict[int, dict[date, Decimal]] = {account: {} for account in broken}
    days = BankTransaction.objects.filter(account__in=broken).values_list("account", "booking_date")
    for account, day, total in days.annotate(Sum("amount")).order_by():
        sums[account][day] = total
    found = {account: gaps(held, sums[account]) for account, held in broken.items()}
    return {account: missing for account, missing in found.items() if missing}


def statement_imports(
    *, archive: uuid.UUID | None = None, text: str = "", state: str = ""
) -> QuerySet[StatementImport]:
    """Return the uploads within reach, newest first; of one archive, one state, or a name of file or account if asked.

    Shape: one of no account yet may hold any account, so a limit of the caller leaves it out.
    """
    rows = StatementImport.objects.filter(reach.by_account("account")).select_related("account").defer("file_sealed")
    if archive:
        rows = rows.filter(archive=archive)
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(file_name__icontains=text) | Q(account__name__icontains=text))
    return rows.order_by("-pk")


def statement_import(*, public_id: uuid.UUID) -> StatementImport | None:
    """Return one upload within reach, or None."""
    return statement_imports().filter(public_id=public_id).first()


def find_accounts(*, text: str) -> list[BankAccount]:
    """Return the accounts that a person may mean by a public id, an IBAN or its last four signs; at most two."""
    rows = BankAccount.objects.order_by("pk")
    number = adapters.compact_iban(text)
    try:
        rows = rows.filter(public_id=uuid.UUID(text))
    except ValueError:
        if len(number) > 4:
            rows = rows.filter(iban_hash=adapters.iban_hash(number, key=sealing.data_key()))
        else:
            rows = rows.filter(iban_last4=number)
    return list(rows[:2])


def counts_by_state() -> dict[str, int]:
    """Return how many entries are in each state."""
    rows = (
        BankTransaction.objects.filter(reach.by_account("account"))
        .values_list("state")
        .annotate(Count("pk"))
        .order_by()
    )
    return {str(state): int(count) for state, count in rows}
