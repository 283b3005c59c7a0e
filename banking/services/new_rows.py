"""The rows of new entries, as values that are copied into the table: an object for each would take most of the time."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from banking import adapters
from banking.core.returns import return_sign
from banking.models import BankAccount, BankTransaction, RawFetch, StatementImport
from banking.parsers.types import ParsedEntry
from banking.services.entry_values import Facts, Plan
from payymo.shared.copying import copy_values
from tenants import sealing

_TOLD = (
    "fingerprint", "booking_date", "value_date", "amount", "currency", "counterparty_name", "counterparty_hash",
    "counterparty_last4", "remittance_information", "structured_reference", "end_to_end_id", "bank_reference",
    "bank_entry_id", "bank_transaction_code", "return_sign", "original_amount", "original_currency",
)  # fmt: skip
_COLUMNS = (
    "public_id", "account_id", "identity", "statement_import_id", "raw_fetch_id", "provider",
    "counterparty_iban_sealed", "raw_sealed", *_TOLD,
)  # fmt: skip


def told(entry: ParsedEntry, facts: Facts, *, source: str) -> dict[str, Any]:
    """Return what an entry says, by the columns of its row.

    Shape: `source` is the provider's key or the format of a file. What is sealed is left out.
    """
    return dict(zip(_TOLD, _told(entry, facts, _number(entry), source), strict=True))


def _number(entry: ParsedEntry) -> str:
    return adapters.compact_iban(adapters.clean(entry.counterparty_iban)) if entry.counterparty_iban else ""


def _told(entry: ParsedEntry, facts: Facts, number: str, source: str) -> tuple[Any, ...]:
    code = entry.bank_transaction_code
    sign = return_sign(source=source, code=code, text=entry.remittance_information, is_reversal=entry.is_reversal)
    return (
        facts.fingerprint, facts.booking_date, facts.value_date, facts.amount, entry.currency,
        facts.counterparty_name, facts.counterparty_hash, number[-4:], facts.remittance_information,
        facts.structured_reference, facts.end_to_end_id, facts.bank_reference, facts.bank_entry_id,
        adapters.clean(code, 80), sign, entry.original_amount, entry.original_currency,
    )  # fmt: skip


def copy_new(
    *,
    account: BankAccount,
    entries: Sequence[ParsedEntry],
    outcome: Plan,
    key: sealing.TenantKeys,
    raw_fetch: RawFetch | None,
    statement_import: StatementImport | None,
    provider: str,
) -> int:
    """Store the entries that the plan calls new. `provider` is empty for those of a file.

    Raises: IntegrityError: no ON CONFLICT, since under the account's lock a conflict would be a mistake, and must not
    drop a payment silently.
    """
    came = (statement_import.pk if statement_import else None, raw_fetch.pk if raw_fetch else None, provider)
    source = provider or (statement_import.format if statement_import else "")
    return copy_values(BankTransaction, _COLUMNS, _values(account.pk, entries, outcome, key, came, source))


def _values(
    account_id: int,
    entries: Sequence[ParsedEntry],
    outcome: Plan,
    key: sealing.TenantKeys,
    came: tuple[Any, ...],
    source: str,
) -> Iterator[tuple[Any, ...]]:
    seal_number = sealing.sealer(BankTransaction, "counterparty_iban_sealed", key=key)
    seal_raw = sealing.sealer(BankTransaction, "raw_sealed", key=key)
    for verdict in outcome.verdicts:
        if not verdict.is_new:
            continue
        entry, facts, public_id = entries[verdict.arrival.position], verdict.arrival.facts, uuid.uuid4()
        number = _number(entry)
        yield (
            public_id, account_id, verdict.identity, *came,
            seal_number(public_id, number) if number else b"",
            seal_raw(public_id, adapters.clean(entry.raw)) if entry.raw else b"",
            *_told(entry, facts, number, source),
        )  # fmt: skip
