"""What an entry fetched from a provider's API has beyond one read from a file."""

from __future__ import annotations

from dataclasses import dataclass

from banking.parsers.types import Balance, ParsedEntry, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedEntry(ParsedEntry):
    """An entry of an API answer.

    Shape: `provider_entry_id` is the provider's own id, given to booked entries only and unique in the account;
    `bank_entry_id` is the bank's id as the provider passes it on. Either may be empty; banks repeat and change theirs.
    """

    provider_entry_id: str = ""
    bank_entry_id: str = ""


@dataclass(frozen=True, slots=True)
class FetchedEntries:
    """One answer with entries: booked and pending ones, and those that could not be read.

    Shape: `said` are complaints of the provider in the answer, cleaned for people; with one, entries may be missing.
    """

    booked: tuple[FetchedEntry, ...] = ()
    pending: tuple[FetchedEntry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchedBalances:
    """The balances of one answer by the provider's name of their kind, in the order of the answer."""

    balances: tuple[tuple[str, Balance], ...] = ()
