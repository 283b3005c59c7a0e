"""A payment beside the invoices it may be for, with what speaks for each and what against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from payymo.dashboard.pages.values import Amount, BandName, Fact, Marked

Mark = Literal["yes", "nearly", "no"]


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A reason in words. `mark` says whether it speaks for the candidate, almost, or against it.

    Shape: `weight` is signed text, the log-odds by which it moved the candidate ("+4.1"), or empty.
    """

    mark: Mark
    title: str
    text: str = ""
    weight: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptCard:
    """The money that arrived. `facts` in the order to show; the payer and the reference are `Marked`.

    Shape: `source` is words ("Bank transaction", "Stripe charge"); `name` is the payer, or empty.
    """

    source: str
    name: str
    amount: Amount
    amount_marked: bool = False
    facts: tuple[Fact, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One invoice of a candidate and what it would receive.

    Shape: `whmcs_url` opens it in WHMCS and may be empty; `due_text` is words ("2 days ago").
    """

    number: Marked
    outstanding: Amount
    allocated: Amount
    due_date: date | None = None
    due_text: str = ""
    status: str = ""
    items: Marked = field(default_factory=lambda: Marked(""))
    amount_marked: bool = False
    url: str = ""
    whmcs_url: str = ""


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """One possible use of the money.

    Shape: `rank` from 1 (best) to 5, and the key that chooses it; `key` is the proposal's public id, sent as
    `candidate`; `receipt` is the payment with this candidate's marks; `remainder` says in words what is left
    ("1.20 EUR stays open"), or is empty; `title` is short ("INV-1042", "INV-1029 +1"); `rival` says what it was
    measured against and what decided; `rules` are the names of the tenant's rules that had a say; `leaves` says that
    the payment holds more than this.
    """

    rank: int
    key: str
    title: str
    lines: tuple[InvoiceLine, ...]
    client: Marked
    probability: float
    band: BandName
    receipt: ReceiptCard
    reasons: tuple[ReasonLine, ...] = ()
    client_note: str = ""
    remainder: str = ""
    leaves: bool = False
    total: Amount | None = None
    rival: str = ""
    rules: tuple[str, ...] = ()
