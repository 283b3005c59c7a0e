"""What every bank source is read into, before any row is written.

Statement files and API answers end in the same values, so ingestion does not know where an entry came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from payymo.shared.sentences import Sentence

EntryStatus = Literal["booked", "pending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One movement on the account, as its bank tells it.

    Shape: texts are stripped and never None, an absent one is empty (`NOTPROVIDED` and `NONREF` count as absent).
    `counterparty_*` is the other side: the debtor of a credit, the creditor of a debit.
    `bank_reference` identifies the entry only when `reference_is_unique`; otherwise banks repeat it, and identity is
    the content plus the ordinal among equals in one booking day.
    `is_reversal` says that this entry takes an earlier one back; the sign of `amount` already tells the direction.
    `batch_line` counts from 1 inside a batch that the bank booked as one entry and reports payment by payment; 0
    outside of one. The lines of a batch add up to the booked entry.
    `line` is where the entry begins in its source, counted from 1 (a line of the file, a position in an API answer).
    Units: `amount` from the account's view, credits positive, in `currency`, with that currency's number of decimals;
    `original_amount` is what was instructed, unsigned, in `original_currency`.
    """

    status: EntryStatus
    booking_date: date
    amount: Decimal
    currency: str
    value_date: date | None = None
    counterparty_name: str = ""
    counterparty_iban: str = ""
    remittance_information: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    bank_reference: str = ""
    reference_is_unique: bool = False
    bank_transaction_code: str = ""
    mandate_id: str = ""
    original_amount: Decimal | None = None
    original_currency: str = ""
    is_reversal: bool = False
    batch_line: int = 0
    line: int = 0
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account held; signed, credits positive. `on` is the day it holds for, where the source tells it."""

    amount: Decimal
    currency: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that was left out, or is to be looked at: where it stands in the source (from 1), and why."""

    line: int
    why: Sentence

    @property
    def reason(self) -> str:
        """Why, in the active language."""
        return str(self.why)

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is kept on a row: worded in English beside its code, for whoever knows the code no more."""
        return {"line": self.line, "reason": self.why.in_english(), **self.why.as_dict()}


@dataclass(frozen=True, slots=True)
class ParsedAccount:
    """The account a statement belongs to; `other` is its number where the bank gives no IBAN. Any may be empty."""

    iban: str = ""
    other: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedStatement:
    """One statement of one account in one currency.

    Shape: `entries` in the order of the source. `number` is the bank's own number of the statement or empty.
    `proved` is whether opening balance + booked entries = closing balance; None when either balance is missing. A
    refused entry normally leaves a statement unproved, so a gap cannot pass unseen.
    `is_repeat`: the same statement, number and balances included, stands earlier in the file: import it once.
    """

    format: str
    account: ParsedAccount
    number: str = ""
    opening: Balance | None = None
    closing: Balance | None = None
    entries: tuple[ParsedEntry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    proved: bool | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """All statements of one file, in the order of the file; at least one."""

    format: str
    statements: tuple[ParsedStatement, ...]
