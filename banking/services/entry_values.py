"""The values that deciding about an entry's identity works on."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from banking.services.likeness import normalised
from banking.services.notes import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an entry says, cleaned the same way whether it arrives or is stored.

    Shape: `counterparty_hash` is the keyed hash of the other account or empty. `bank_reference` and `bank_entry_id`
    are the bank's ids, which banks reuse. `fingerprint` is equal for equal facts of one day.
    """

    booking_date: date
    amount: Decimal
    value_date: date | None = None
    counterparty_name: str = ""
    counterparty_hash: str = ""
    remittance_information: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    bank_reference: str = ""
    bank_entry_id: str = ""
    fingerprint: str = ""

    def content(self) -> tuple[Hashable, ...]:
        """Return everything but the days and the bank's ids."""
        return (
            self.amount,
            self.counterparty_hash,
            normalised(self.counterparty_name),
            normalised(self.remittance_information + self.structured_reference),
            normalised(self.end_to_end_id),
        )

    def as_told(self) -> str:
        """Return the text that a fingerprint is made from."""
        value_date = self.value_date.isoformat() if self.value_date else ""
        content = "\x1f".join(str(part) for part in self.content())
        return f"{self.booking_date.isoformat()}\x1f{value_date}\x1f{content}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored entry. `source` is the way it came: the provider's key or the format of a file."""

    pk: int
    identity: str
    source: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry that has just been read.

    Shape: `source_id` is an id that its source gives once per account, or empty. The payments of one batch, which the
    bank booked as one sum, share a `batch` above zero.
    """

    position: int
    line: int
    source_id: str
    facts: Facts
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an arrival. `identity` is set for a new one; `note` says why a person should look."""

    arrival: Arrival
    is_new: bool
    identity: str = ""
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The verdict on every arrival, in the order they arrived in, and stored entries that the bank shows no longer."""

    verdicts: tuple[Verdict, ...]
    vanished: tuple[Stored, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The source of the arrivals and the booking days for which an entry's absence means that there is none.

    Shape: `has_own_ids`: the source itself gives the ids, so one is never used for two things. `coverage` holds, for
    every other source of the account, its first and last stored booking day.
    """

    source: str
    complete_from: date
    complete_until: date
    is_live: bool = False
    has_own_ids: bool = False
    coverage: Mapping[str, tuple[date, date]] = field(default_factory=dict)

    def holds(self, day: date) -> bool:
        """Return whether the day is complete."""
        return self.complete_from <= day <= self.complete_until
