"""The period statement: what an account began with, what moved, and what it ended with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from payymo.dashboard.pages.values import Amount


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One account in one currency.

    Shape: `stated` is what the bank's statement says, None where none ends in the period; `agrees` is None without
    one. `from_first_entry` says that no opening balance is known, so that counting begins with the first entry.
    """

    name: str
    opening: Amount
    matched: Amount
    unmatched: Amount
    in_transit: Amount
    other: Amount
    closing: Amount
    count: int
    stated: Amount | None = None
    stated_on: date | None = None
    gap: Amount | None = None
    agrees: bool | None = None
    from_first_entry: bool = False


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Template `dashboard/statement.html`. Shape: `since` and `until` are what the two date fields hold."""

    sentence: str
    rows: tuple[StatementRow, ...]
    since: str
    until: str
    csv_url: str
    error: str = ""
