"""The Payers pages: what decisions taught about who pays for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, Chip, Fact, Filters, Pager, Table


@dataclass(frozen=True, slots=True)
class PayerRow:
    """A payer and the client they pay for."""

    url: str
    name: str
    known_by: str
    client: str
    hits: int
    rejections: int
    last_seen: date
    state: Chip


@dataclass(frozen=True, slots=True)
class PayersPage:
    """Template `dashboard/payers/list.html`. `empty` is "nothing" or "filtered" when there is no row."""

    rows: tuple[PayerRow, ...]
    filters: Filters
    pager: Pager
    table: Table
    empty: str = ""
    views: Views | None = None


@dataclass(frozen=True, slots=True)
class PayerPayment:
    """A payment of the payer."""

    url: str
    day: date
    reference: str
    amount: Amount
    state: Chip


@dataclass(frozen=True, slots=True)
class PayerPage:
    """Template `dashboard/payers/detail.html`. Shape: a URL takes a POST and is empty where the viewer may not."""

    title: str
    state: Chip
    facts: tuple[Fact, ...]
    payments: tuple[PayerPayment, ...]
    label: str = ""
    is_blocked: bool = False
    rename_url: str = ""
    block_url: str = ""
    forget_url: str = ""
