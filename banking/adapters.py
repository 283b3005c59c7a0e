"""Entries and rows, one into the other: cleaning, fingerprints, sealed columns."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from banking.clients.base import AccountRef, Consent
from banking.models import BankAccount, BankConnection, PendingEntry, RawFetch
from banking.parsers.fetched import FetchedEntry
from banking.parsers.types import ParsedEntry
from tenants import sealing
from tenants.breakers import needs_secret

_STORED_DECIMALS = Decimal("0.001")


def clean(text: str, longest: int | None = None) -> str:
    """Return the text as the database can hold it: no NUL, no lone surrogate, not longer than its column."""
    held = text.replace("\x00", "").strip()
    if not held.isascii():
        held = held.encode("utf-8", "replace").decode().strip()
    return held if longest is None else held[:longest].rstrip()


def iban_hash(iban: str, *, key: sealing.TenantKeys) -> str:
    """Return the keyed hash by which this tenant finds an account number; an empty one has none."""
    return key.hash_of(compact_iban(iban), purpose="iban") if iban else ""


def compact_iban(iban: str) -> str:
    """Return an account number without spaces, in capitals."""
    return "".join(iban.split()).upper()


def stable_key(account_number: str, currency: str, *, key: sealing.TenantKeys | None = None) -> str:
    """Return what an account is known by, whatever a provider calls it today."""
    return sealing.look_up_hash(f"{compact_iban(account_number)}|{currency}", purpose="bank-account", key=key)


def source_id(entry: ParsedEntry, source: str) -> str:
    """Return the id that the entry's source gives once per account, or an empty text."""
    own = entry.provider_entry_id if isinstance(entry, FetchedEntry) else ""
    if not own and entry.reference_is_unique:
        own = entry.bank_reference
    own = clean(own) if own else ""
    if not own:
        return ""
    named = f"{source}:{own}"
    return named if len(named) <= 160 else f"{source}:h:{hashlib.sha256(own.encode()).hexdigest()}"


def pending_rows(entries: Iterable[ParsedEntry], account: BankAccount) -> list[PendingEntry]:
    """Build the rows of what the bank has not booked yet; they are not saved."""
    return [
        PendingEntry(
            account=account,
            expected_date=entry.booking_date,
            amount=entry.amount,
            currency=entry.currency,
            counterparty_name=clean(entry.counterparty_name, 200),
            remittance_information=clean(entry.remittance_information),
        )
        for entry in entries
    ]


def stored_amount(amount: Decimal) -> Decimal:
    """Write an amount the way the column holds it, so that 9.9 and 9.900 are told alike."""
    return amount.quantize(_STORED_DECIMALS)


def consent_of(connection: BankConnection) -> Consent:
    """Return the consent that a connection stands for, with its secret opened.

    Raises: SecretOff when the secret cannot be had.
    """
    if not connection.credential_sealed:
        return Consent(connection.consent_id)
    with needs_secret("bank"):
        return Consent(connection.consent_id, sealing.unseal(connection, "credential_sealed"))


def account_ref(account: BankAccount) -> AccountRef:
    """Return what a connected account is read by.

    Raises: SecretOff.
    """
    assert account.connection is not None  # noqa: S101 - only connected accounts are read
    return AccountRef(consent_of(account.connection), account.provider_account_id)


def new_raw_fetch(
    account: BankAccount,
    payload: str,
    *,
    provider: str,
    fetched_at: datetime,
    complete_from: date,
    complete_until: date,
) -> RawFetch:
    """Build the row of a provider's whole answer; it is not saved."""
    row = RawFetch(
        account=account,
        provider=provider,
        fetched_at=fetched_at,
        complete_from=complete_from,
        complete_until=complete_until,
    )
    row.payload_sealed = sealing.seal(row, "payload_sealed", clean(payload))
    return row
