"""Storing what a bank shows: each booked entry once, whatever way and however often it arrives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from banking import adapters, locks
from banking.models import BankAccount, PendingEntry, RawFetch, StatementImport
from banking.parsers.fetched import FetchedEntry
from banking.parsers.readers import READERS
from banking.parsers.types import ParsedEntry, Refusal
from banking.services.entry_values import Arrival, Facts, Plan, Stored, Verdict, Window
from banking.services.identity import NEAR_DAYS, plan
from banking.services.new_rows import copy_new
from banking.services.notes import Note
from payymo.shared.sentences import Sentence
from tenants import sealing
from tenants.nudging import nudge

_BATCH = 1000
_LARGEST_AMOUNT = 10**15
_STORED_COLUMNS = (
    "pk", "identity", "provider", "statement_import__format", "booking_date", "value_date", "amount",
    "counterparty_name", "counterparty_hash", "remittance_information", "structured_reference", "end_to_end_id",
    "bank_reference", "bank_entry_id", "fingerprint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of the entries of one fetch or file.

    Shape: `new + known` are the booked entries that could be read. `noted` are entries a person should look at;
    each of them is also counted as new or known. `verdicts` are in the order of the entries. `said` is what a provider
    complained of. `is_held`: nothing was done, since a person is asked about the account.
    """

    new: int = 0
    known: int = 0
    refused: tuple[Refusal, ...] = ()
    noted: tuple[Refusal, ...] = ()
    verdicts: tuple[Verdict, ...] = field(default=(), repr=False)
    said: tuple[Sentence, ...] = ()
    is_held: bool = False


def ingest_entries(
    *,
    account: BankAccount,
    entries: Sequence[ParsedEntry],
    source: str,
    complete_from: date | None = None,
    complete_until: date | None = None,
    pending: Sequence[ParsedEntry] | None = None,
    refused: Sequence[Refusal] = (),
    raw_fetch: RawFetch | None = None,
    statement_import: StatementImport | None = None,
) -> IngestResult:
    """Store the booked entries that the account does not have yet; stored facts are never changed.

    Shape: `entries` in any order, as often as one likes. `source` is the provider's key, or the format of a file;
    between `complete_from` and `complete_until` (without them: the first and last day of `entries`) the source shows
    everything there is. `pending`, when given, replaces what was shown as pending. A live source moves the cursor in
    the same transaction. Part of the caller's transaction when there is one.
    Raises: AccountBusy when another ingestion holds the account; nothing is written.
    """
    is_live = source in READERS
    assert is_live == (statement_import is None)  # noqa: S101 - a row knows its source by this
    with transaction.atomic():
        account = locks.lock_account(account.pk)
        readable, wrong = _usable(entries, account.currency)
        key = sealing.data_key()
        window = _window(account, readable, source, complete_from, complete_until)
        outcome = _compare(account, readable, window, key)
        copy_new(
            account=account, entries=readable, outcome=outcome, key=key, raw_fetch=raw_fetch,
            statement_import=statement_import, provider=source if is_live else "",
        )  # fmt: skip
        if pending is not None:
            PendingEntry.objects.filter(account=account).delete()
            shown, _ = _usable(pending, account.currency)
            PendingEntry.objects.bulk_create(adapters.pending_rows(shown, account), batch_size=_BATCH)
        if is_live and complete_until and (account.cursor_date is None or account.cursor_date < complete_until):
            BankAccount.objects.filter(pk=account.pk).update(cursor_date=complete_until)
        result = _result(outcome, (*refused, *wrong))
        if result.new:
            nudge("payments")
    return result


def preview_entries(
    *,
    account: BankAccount | None,
    currency: str,
    entries: Sequence[ParsedEntry],
    source: str,
    complete_from: date | None = None,
    complete_until: date | None = None,
    refused: Sequence[Refusal] = (),
) -> IngestResult:
    """Tell what `ingest_entries` would do, without writing; `account` is None while there is none yet."""
    readable, wrong = _usable(entries, currency)
    window = _window(account, readable, source, complete_from, complete_until)
    return _result(_compare(account, readable, window, sealing.data_key()), (*refused, *wrong))


def _usable(entries: Iterable[ParsedEntry], currency: str) -> tuple[list[ParsedEntry], list[Refusal]]:
    usable, refused = [], []
    for entry in entries:
        if entry.currency != currency:
            problem = Note.CURRENCY_DIFFERS if entry.currency else Note.CURRENCY_MISSING
            told = Sentence(problem, {"currency": entry.currency, "account": currency})
            refused.append(Refusal(entry.line, told))
        elif abs(entry.amount) >= _LARGEST_AMOUNT:
            refused.append(Refusal(entry.line, Sentence(Note.AMOUNT_TOO_LARGE)))
        else:
            usable.append(entry)
    return usable, refused


def _window(
    account: BankAccount | None,
    entries: Sequence[ParsedEntry],
    source: str,
    complete_from: date | None,
    complete_until: date | None,
) -> Window:
    days = [entry.booking_date for entry in entries]
    coverage: dict[str, tuple[date, date]] = {}
    if account is not None:
        spans = account.transactions.values_list("provider", "statement_import__format").annotate(
            Min("booking_date"), Max("booking_date")
        )
        coverage = {provider or format_: (first, last) for provider, format_, first, last in spans.order_by()}
    return Window(
        source=source,
        complete_from=complete_from or min(days, default=date.max),
        complete_until=complete_until or max(days, default=date.min),
        is_live=source in READERS,
        has_own_ids=source in READERS and READERS[source].has_own_ids,
        coverage=coverage,
    )


def facts_of(entry: ParsedEntry, key: sealing.TenantKeys) -> Facts:
    """Return what an entry says, as it is compared and stored."""
    told: dict[str, Any] = {
        "booking_date": entry.booking_date,
        "value_date": entry.value_date,
        "amount": adapters.stored_amount(entry.amount),
        "counterparty_name": adapters.clean(entry.counterparty_name, 200),
        "counterparty_hash": adapters.iban_hash(adapters.clean(entry.counterparty_iban), key=key),
        "remittance_information": adapters.clean(entry.remittance_information),
        "structured_reference": adapters.clean(entry.structured_reference, 140),
        "end_to_end_id": adapters.clean(entry.end_to_end_id, 140),
        "bank_reference": adapters.clean(entry.bank_reference, 140),
        "bank_entry_id": adapters.clean(entry.bank_entry_id, 140) if isinstance(entry, FetchedEntry) else "",
    }
    return Facts(**told, fingerprint=key.hash_of(Facts(**told).as_told(), purpose="entry"))


def _compare(
    account: BankAccount | None, entries: Sequence[ParsedEntry], window: Window, key: sealing.TenantKeys
) -> Plan:
    arrivals, batch = [], 0
    for position, entry in enumerate(entries):
        batch += entry.batch_line == 1
        told = (adapters.source_id(entry, window.source), facts_of(entry, key))
        arrivals.append(Arrival(position, entry.line, *told, batch=batch if entry.batch_line else 0))
    return plan(arrivals, _stored(account, arrivals, window) if account is not None and arrivals else (), window)


def _stored(account: BankAccount, arrivals: Sequence[Arrival], window: Window) -> list[Stored]:
    days = [arrival.facts.booking_date for arrival in arrivals]
    first, last = min(window.complete_from, *days), max(window.complete_until, *days)
    rows = account.transactions.order_by("pk")
    near = rows.filter(booking_date__range=(_shifted(first, -NEAR_DAYS), _shifted(last, NEAR_DAYS)))
    stored = [_as_stored(values) for values in near.values_list(*_STORED_COLUMNS).iterator(chunk_size=_BATCH)]
    # An id may have been given to another day before: looked up by the id alone.
    missing = sorted(
        {arrival.source_id for arrival in arrivals if arrival.source_id} - {row.identity for row in stored}
    )
    for start in range(0, len(missing), _BATCH):
        elsewhere = rows.filter(identity__in=missing[start : start + _BATCH])
        stored += [_as_stored(values) for values in elsewhere.values_list(*_STORED_COLUMNS)]
    return stored


def _shifted(day: date, days: int) -> date:
    try:
        return day + timedelta(days)
    except OverflowError:
        return day


def _as_stored(values: tuple[Any, ...]) -> Stored:
    pk, identity, provider, format_, *told = values
    return Stored(pk, identity, provider or format_, Facts(**dict(zip(_STORED_COLUMNS[4:], told, strict=True))))


def _result(outcome: Plan, refused: Sequence[Refusal]) -> IngestResult:
    new = sum(verdict.is_new for verdict in outcome.verdicts)
    noted = [Refusal(one.arrival.line, Sentence(one.note)) for one in outcome.verdicts if one.note]
    noted += [Refusal(0, Sentence(Note.VANISHED, {"day": row.facts.booking_date})) for row in outcome.vanished]
    return IngestResult(new, len(outcome.verdicts) - new, tuple(refused), tuple(noted), outcome.verdicts)
