"""Bank entries that belong together, and what was taken back of matched payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, Filters, Moment, Pager, Table


@dataclass(frozen=True, slots=True)
class PairNote:
    """What a payment is paired with. A URL is empty where the viewer may not."""

    title: str
    other_title: str
    other_amount: Amount
    other_day: date
    other_url: str
    why: str
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class TakenBackStep:
    """One step of what a person is to do; `note` says since when WHMCS shows it, or what was seen last."""

    text: str
    done: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class TakenBackNote:
    """A return, a refund or a lost dispute of a matched payment. `ended` says how it ended; empty while it waits."""

    source: str
    amount: Amount
    day: date
    steps: tuple[TakenBackStep, ...]
    ended: str = ""
    dealt_with_url: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A matched payment of which money went back."""

    url: str
    name: str
    reference: str
    noticed: Moment
    note: TakenBackNote


@dataclass(frozen=True, slots=True)
class ReturnsPage:
    """Template `dashboard/returns.html`: what WHMCS must still be told of, newest first by itself."""

    rows: tuple[ReturnRow, ...]
    filters: Filters
    pager: Pager
    table: Table
    empty: Literal["", "nothing", "filtered"] = ""
    views: Views | None = None
