"""Matching by hand inside the panel: finding an invoice, and splitting a payment over several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from payymo.dashboard.pages.evidence import ReasonLine
from payymo.dashboard.pages.values import Amount, Choice


@dataclass(frozen=True, slots=True)
class FindResult:
    """An open invoice that the search found, ranked like a candidate."""

    key: str
    number: str
    client: str
    outstanding: Amount
    due_date: date | None = None
    items: str = ""
    reasons: tuple[ReasonLine, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class CreditResult:
    """A client that the search found, who may get the payment as credit."""

    key: str
    client: str
    number: str


@dataclass(frozen=True, slots=True)
class FindPanel:
    """The search inside the panel. Shape: at most 20 results and 5 clients; `more` says there were other invoices."""

    q: str = ""
    results: tuple[FindResult, ...] = ()
    clients: tuple[CreditResult, ...] = ()
    more: bool = False
    searched: bool = False


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One invoice of the split. `text` and `fee_text` are as typed; `error` and `fee_error` belong to them."""

    key: str
    number: str
    client: str
    outstanding: Amount
    text: str = ""
    error: str = ""
    fee_text: str = ""
    fee_error: str = ""


@dataclass(frozen=True, slots=True)
class SplitPanel:
    """The split editor. `digits` are the currency's decimals; the server computes `unallocated` of what was sent."""

    rows: tuple[SplitRow, ...]
    unallocated: Amount
    digits: int
    rest_uses: tuple[Choice, ...] = ()
    q: str = ""
    results: tuple[FindResult, ...] = ()
