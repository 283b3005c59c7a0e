"""Reading kept answers and files again, with the readers of today: what differs is told, and put right on request.

A row is known again by the text that it was made from, so nothing is stored twice whatever a reader changes.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from banking import adapters, locks
from banking.models import BankAccount, BankTransaction, RawFetch, StatementImport
from banking.parsers.errors import UnreadableStatement
from banking.parsers.problems import EntryProblem
from banking.parsers.readers import READERS
from banking.parsers.types import ParsedEntry
from banking.services import new_rows, statement_files
from banking.services.ingestion import facts_of, ingest_entries
from banking.services.statement_contents import FileErased, content_of
from payymo.shared.errors import BadInput
from payymo.shared.models import ReceiptState
from tenants import sealing
from tenants.nudging import nudge

# What a better reader may put right. Days and amounts are what was booked: they are told and never changed.
_TEXTS = (
    "value_date", "counterparty_name", "counterparty_hash", "counterparty_last4", "remittance_information",
    "structured_reference", "end_to_end_id", "bank_reference", "bank_entry_id", "bank_transaction_code",
    "return_sign", "original_amount", "original_currency", "fingerprint",
)  # fmt: skip
_BOOKED = ("booking_date", "amount", "currency")
_OPEN = (ReceiptState.UNRECONCILED, ReceiptState.IGNORED)


@dataclass(slots=True)
class Replayed:
    """What reading kept answers or files again came to.

    Shape: `differs` counts rows by column; a row that is matched, or whose day or amount differs, is in `left` and not
    in `upgraded`. `added` were refused before and can be read now. `emptied` answers are kept no longer.
    """

    answers: int = 0
    rows: int = 0
    upgraded: int = 0
    left: int = 0
    added: int = 0
    emptied: int = 0
    unreadable: int = 0
    unsure: int = 0
    differs: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer or a file, read again: its booked entries, the rows it made, and what was refused of it before."""

    account: BankAccount
    source: str
    entries: Sequence[ParsedEntry]
    rows: QuerySet[BankTransaction]
    refused: Sequence[Mapping[str, Any]]
    raw_fetch: RawFetch | None = None
    statement_import: StatementImport | None = None


def fetches(*, account: BankAccount | None, since: date | None) -> QuerySet[RawFetch]:
    """Return the answers that were worked on, oldest first."""
    rows = RawFetch.objects.exclude(processed_at=None).order_by("pk")
    if account is not None:
        rows = rows.filter(account=account)
    return rows.filter(fetched_at__date__gte=since) if since is not None else rows


def files(*, account: BankAccount | None, since: date | None) -> QuerySet[StatementImport]:
    """Return the files that were imported, oldest first."""
    rows = StatementImport.objects.filter(state=StatementImport.State.COMMITTED).order_by("pk")
    if account is not None:
        rows = rows.filter(account=account)
    return rows.filter(committed_at__date__gte=since) if since is not None else rows


def replay(*, wanted: QuerySet[RawFetch] | QuerySet[StatementImport], upgrade: bool, now: datetime) -> Replayed:
    """Read answers or files again, each in a transaction of its own; without `upgrade` nothing stays written.

    Raises: AccountBusy when another ingestion holds an account; what was read before stays as it is.
    """
    told = Replayed()
    open_kept = _open_fetch if wanted.model is RawFetch else _open_file
    for key in wanted.values_list("pk", flat=True).iterator(chunk_size=500):
        _replay_one(key, open_kept, told, upgrade=upgrade, now=now)
    if told.upgraded and upgrade:
        nudge("payments")
    return told


@transaction.atomic
def _replay_one(
    key: int, open_kept: Callable[[int, Replayed], _Kept | None], told: Replayed, *, upgrade: bool, now: datetime
) -> None:
    kept = open_kept(key, told)
    if kept is None:
        return
    for row, entry in _known(kept):
        _compare(row, entry, kept.source, told)
    _add_refused(kept, told, now=now)
    if not upgrade:
        transaction.set_rollback(True)


def _open_fetch(key: int, told: Replayed) -> _Kept | None:
    raw = RawFetch.objects.select_related("account").get(pk=key)
    locks.lock_account(raw.account_id)
    if not raw.payload_sealed:
        told.emptied += 1
        return None
    told.answers += 1
    try:
        entries = READERS[raw.provider].read_transactions(sealing.unseal(raw, "payload_sealed"))
    except UnreadableStatement:
        told.unreadable += 1
        return None
    refused = [one for one in raw.refused if not _was_pending(one)]
    return _Kept(raw.account, raw.provider, entries.booked, raw.transactions.all(), refused, raw_fetch=raw)


def _was_pending(refusal: Mapping[str, Any]) -> bool:
    # Older rows have no code, only its words.
    return bool(refusal.get("code") == EntryProblem.PENDING or str(refusal.get("reason", "")).startswith("Pending:"))


def _open_file(key: int, told: Replayed) -> _Kept | None:
    row = StatementImport.objects.select_related("account").defer("file_sealed").get(pk=key)
    assert row.account is not None  # noqa: S101 - an imported file has its account
    locks.lock_account(row.account.pk)
    try:
        content = content_of(row)
    except FileErased:
        told.emptied += 1
        return None
    told.answers += 1
    try:
        file = statement_files.read_file(content, file_format=row.format, mapping=row.mapping, currency=row.currency)
    except BadInput:
        told.unreadable += 1
        return None
    rows = row.transactions.all()
    return _Kept(row.account, row.format, file.booked, rows, row.refused, statement_import=row)


def _known(kept: _Kept) -> Iterator[tuple[BankTransaction, ParsedEntry]]:
    """Pair the rows that were made with the entries, by the text they were made from; twins in their order."""
    by_text: dict[str, list[ParsedEntry]] = defaultdict(list)
    for entry in reversed(kept.entries):
        by_text[adapters.clean(entry.raw)].append(entry)
    for row in kept.rows.select_for_update().filter(erased_at=None).exclude(raw_sealed=b"").order_by("pk"):
        same = by_text.get(sealing.unseal(row, "raw_sealed"))
        if same:
            yield row, same.pop()


def _compare(row: BankTransaction, entry: ParsedEntry, source: str, told: Replayed) -> None:
    key = sealing.data_key()
    fresh = new_rows.told(entry, facts_of(entry, key), source=source)
    told.rows += 1
    changed = [name for name in (*_TEXTS, *_BOOKED) if getattr(row, name) != fresh[name]]
    for name in changed:
        told.differs[name] = told.differs.get(name, 0) + 1
    if not changed:
        return
    if row.state not in _OPEN or not set(changed).isdisjoint(_BOOKED):
        told.left += 1
        return
    told.upgraded += 1
    _upgrade(row, fresh, changed, entry)


def _upgrade(row: BankTransaction, fresh: Mapping[str, Any], changed: Collection[str], entry: ParsedEntry) -> None:
    columns = list(changed)
    for name in changed:
        setattr(row, name, fresh[name])
    if "counterparty_hash" in changed:
        number = adapters.compact_iban(adapters.clean(entry.counterparty_iban))
        sealed = sealing.seal(row, "counterparty_iban_sealed", number) if number else b""
        row.counterparty_iban_sealed = sealed
        columns.append("counterparty_iban_sealed")
    if row.state == ReceiptState.UNRECONCILED:
        # The engine looks again at what it has not seen like this.
        row.proposed_at = None
        columns.append("proposed_at")
    row.save(update_fields=columns)


def _add_refused(kept: _Kept, told: Replayed, *, now: datetime) -> None:
    """Store what was refused before; everything else was stored or known already.

    Shape: all entries are compared, so that each claims its own row; if one that was not refused would be new, the
    answer or file is left as it is and counted in `unsure`.
    """
    lines = {one.get("line") for one in kept.refused}
    readable = {entry.line for entry in kept.entries if 0 in lines or entry.line in lines}
    if not readable:
        return
    mark = transaction.savepoint()
    result = ingest_entries(
        account=kept.account, entries=kept.entries, source=kept.source, raw_fetch=kept.raw_fetch,
        statement_import=kept.statement_import,
    )  # fmt: skip
    if any(one.is_new and one.arrival.line not in readable for one in result.verdicts):
        transaction.savepoint_rollback(mark)
        told.unsure += 1
        return
    transaction.savepoint_commit(mark)
    told.added += result.new
    if kept.raw_fetch is not None:
        still = [one for one in kept.raw_fetch.refused if one.get("line") not in readable | {0}]
        RawFetch.objects.filter(pk=kept.raw_fetch.pk).update(processed_at=now, refused=still)
    if kept.statement_import is not None:
        still = [one for one in kept.refused if one.get("line") not in readable | {0}]
        rows = StatementImport.objects.filter(pk=kept.statement_import.pk)
        rows.update(refused=still, new_count=F("new_count") + result.new)
