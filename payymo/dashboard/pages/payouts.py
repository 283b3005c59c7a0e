"""Payouts: the list, and one with its equation and its bank entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, Chip, Fact, Filters, Moment, Pager, Table


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A Stripe payout: charges - fees - refunds - disputes +- adjustments = net, and its bank entry.

    Shape: the parts are None where Stripe names no items yet; `note` says what is unusual about it.
    """

    url: str
    payout_id: str
    arrival_date: date
    charges: int
    gross: Amount | None
    fees: Amount | None
    returned: Amount | None
    adjusted: Amount | None
    net: Amount
    state: Chip
    note: str = ""
    bank_text: str = ""
    bank_url: str = ""


@dataclass(frozen=True, slots=True)
class PayoutsPage:
    """Template `dashboard/payouts.html`."""

    rows: tuple[PayoutRow, ...]
    filters: Filters
    pager: Pager
    table: Table
    csv_url: str = ""
    empty: Literal["", "nothing", "filtered"] = ""
    views: Views | None = None


@dataclass(frozen=True, slots=True)
class EquationLine:
    """One side of the equation. Shape: `amount` is signed as it changes the payout."""

    label: str
    amount: Amount
    count: int | None = None
    is_sum: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A bank transaction in few words."""

    key: str
    day: date
    name: str
    reference: str
    amount: Amount
    account: str
    url: str


@dataclass(frozen=True, slots=True)
class SettledEntry:
    """The bank entry that a payout was found in. Shape: `difference` is None across currencies."""

    entry: BankEntry
    how: str
    moment: Moment
    difference: Amount | None
    is_return: bool = False
    shared: bool = False
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class PayoutChoice:
    """A bank entry that may be the payout, and what speaks for it."""

    entry: BankEntry
    why: str
    differs: str = ""
    is_return: bool = False
    selected: bool = False


@dataclass(frozen=True, slots=True)
class OtherPayout:
    """Another open payout of those days, which the bank may have joined with this one."""

    key: str
    payout_id: str
    day: date
    amount: Amount


@dataclass(frozen=True, slots=True)
class PayoutItem:
    """A movement that the payout holds."""

    day: date
    kind: str
    name: str
    source_id: str
    amount: Amount
    fee: Amount
    net: Amount
    url: str = ""


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """Template `dashboard/payout.html`.

    Shape: `difference` is what is not explained, zero included; `pair_url` is empty for who may not decide.
    """

    payout_id: str
    net: Amount
    state: Chip
    facts: tuple[Fact, ...]
    lines: tuple[EquationLine, ...]
    difference: Amount | None
    closes: bool
    explanation: str
    settled: tuple[SettledEntry, ...]
    choices: tuple[PayoutChoice, ...]
    others: tuple[OtherPayout, ...]
    items: tuple[PayoutItem, ...]
    pager: Pager
    advice: str = ""
    pair_url: str = ""
    csv_url: str = ""
    error: str = ""
