"""Approving many payments in one go: what would be approved, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from payymo.dashboard.pages.evidence import CandidateCard
from payymo.dashboard.pages.values import Amount, BandName, Chip


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A payment of the preview. Shape: `value` is what the form sends for it; `held` says why it stays, or is empty."""

    receipt_id: str
    name: str
    amount: Amount
    day: date
    target: str
    client: str
    band: BandName
    probability: float
    url: str
    value: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class BulkPage:
    """What one press would approve. Template `dashboard/review/bulk.html`.

    Shape: `sums` by currency; `samples` are up to three of the rows in full, by chance; `key` names the go, so that it
    counts once; `more` says that further payments wait behind these.
    """

    rows: tuple[BulkRow, ...]
    held: tuple[BulkRow, ...]
    sums: tuple[Amount, ...]
    samples: tuple[CandidateCard, ...]
    key: str
    approve_url: str
    back_url: str
    lowest: float | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A payment that was approved with others."""

    text: str
    amount: Amount
    target: str
    state: Chip
    url: str


@dataclass(frozen=True, slots=True)
class BatchPage:
    """What became of one press. Template `dashboard/review/batch.html`.

    Shape: `undo_url` is empty when it is too late; `held` says why some of it is not posted for now.
    """

    rows: tuple[BatchRow, ...]
    review_url: str
    undo_url: str = ""
    undoable: int = 0
    seconds: int = 0
    held: str = ""
    held_url: str = ""
