"""Overview, transactions, invoices, payouts and activity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from payymo.dashboard.pages.comments import CommentLine
from payymo.dashboard.pages.evidence import CandidateCard
from payymo.dashboard.pages.postings import StoppedPosting
from payymo.dashboard.pages.returns import PairNote, TakenBackNote
from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, BandName, Chip, Choice, Event, Fact, Filters, Moment, Pager, Table


@dataclass(frozen=True, slots=True)
class Spark:
    """The small picture of a card: one value for every day of the period, and what it shows as a sentence."""

    values: tuple[Decimal, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """What is still to reconcile in one currency. `share` of the period's money is matched."""

    open: Amount
    total: Amount
    count: int
    share: Decimal
    spark: Spark | None = None


@dataclass(frozen=True, slots=True)
class BandCount:
    """How many payments wait in a band, and where to see them."""

    band: BandName
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class FlowDay:
    """Money that came in on one day, and how much of it is matched."""

    day: date
    received: Decimal
    matched: Decimal


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A day of a `Flow` as a line of its table."""

    day: date
    received: Amount
    matched: Amount


@dataclass(frozen=True, slots=True)
class Flow:
    """Money in against matched, one currency, oldest day first. `sentence` says what the picture shows."""

    currency: str
    days: tuple[FlowDay, ...]
    sentence: str
    received: Amount
    matched: Amount

    @property
    def rows(self) -> tuple[FlowRow, ...]:
        """The same data for the table."""
        return tuple(
            FlowRow(day.day, Amount(day.received, self.currency), Amount(day.matched, self.currency))
            for day in self.days
        )


@dataclass(frozen=True, slots=True)
class Feed:
    """The health of one source. `kind` chooses the icon; `detail` is plain words ("3 calls left today")."""

    name: str
    kind: Literal["bank", "stripe", "whmcs"]
    chip: Chip
    last_success: Moment | None = None
    detail: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step of the setup card; `done` is derived from data."""

    title: str
    text: str
    done: bool
    url: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A stat card: a label, a figure already written, and what it is compared with."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    spark: Spark | None = None


@dataclass(frozen=True, slots=True)
class StoppingRow:
    """A payment that waits while a service is about to stop, at `day`, in words `when`. One not ahead is `late`."""

    url: str
    client: str
    amount: Amount
    invoice: str
    band: BandName
    day: date
    day_text: str
    when: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """Template `dashboard/overview.html`. `setup` is empty once all is done; `sample` offers to look around.

    Shape: `stopping` is None where no WHMCS tells when it stops services; `periods` are links by their number of days,
    the chosen one marked; `sync_url` takes a POST; `setup_url` leads on where nothing is here yet.
    """

    period: str
    open_money: tuple[OpenMoney, ...]
    bands: tuple[BandCount, ...]
    figures: tuple[Figure, ...] = ()
    flow: Flow | None = None
    feeds: tuple[Feed, ...] = ()
    decisions: tuple[Event, ...] = ()
    setup: tuple[SetupStep, ...] = ()
    sample: bool = False
    stopping: tuple[StoppingRow, ...] | None = None
    periods: tuple[Choice, ...] = ()
    self_url: str = ""
    sync_url: str = ""
    setup_url: str = ""


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A bank entry or a Stripe charge in the list. `matched_to` is short ("INV-1042"), or empty."""

    url: str
    day: date
    kind: Literal["bank", "stripe"]
    source: str
    name: str
    reference: str
    amount: Amount
    state: Chip
    matched_to: str = ""


@dataclass(frozen=True, slots=True)
class TransactionsPage:
    """Template `dashboard/transactions.html`. `empty` is "nothing" or "filtered" when there is no row."""

    rows: tuple[TransactionRow, ...]
    filters: Filters
    pager: Pager
    table: Table
    empty: Literal["", "nothing", "filtered"] = ""
    export_url: str = ""
    views: Views | None = None


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A decided use of the money and where its posting stands.

    Shape: `fee` was missing and is written off; `wrong_url` takes a POST once it is posted, `key` names the row;
    `held_url` is where it can be resumed while its WHMCS is paused.
    """

    number: str
    client: str
    amount: Amount
    decided_by: str
    moment: Moment
    posting: Chip
    posting_detail: str = ""
    url: str = ""
    undo_url: str = ""
    wrong_url: str = ""
    stopped: StoppedPosting | None = None
    fee: Amount | None = None
    whmcs_url: str = ""
    key: str = ""
    held_url: str = ""


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """Template `dashboard/transaction.html`. `review_url` is empty unless it is still to review.

    Shape: `account_url` takes a POST that shows the whole number of the payer's account, where one may ask for it;
    `own_account_url` that of the company's own.
    """

    title: str
    kind: Literal["bank", "stripe"]
    amount: Amount
    state: Chip
    facts: tuple[Fact, ...]
    allocations: tuple[AllocationRow, ...] = ()
    unallocated: Amount | None = None
    candidates: tuple[CandidateCard, ...] = ()
    none_text: str = ""
    events: tuple[Event, ...] = ()
    raw: tuple[Fact, ...] = ()
    review_url: str = ""
    account_url: str = ""
    own_account_url: str = ""
    assignee: str = ""
    comments: tuple[CommentLine, ...] = ()
    pair: PairNote | None = None
    taken_back: tuple[TakenBackNote, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice of the mirror."""

    url: str
    number: str
    client: str
    total: Amount
    outstanding: Amount
    due_date: date | None
    due_text: str
    state: Chip
    issue_date: date | None = None


@dataclass(frozen=True, slots=True)
class InvoicesPage:
    """Template `dashboard/invoices.html`. `as_of` is when WHMCS was last read."""

    rows: tuple[InvoiceRow, ...]
    filters: Filters
    pager: Pager
    table: Table
    as_of: Moment | None = None
    export_url: str = ""
    empty: Literal["", "nothing", "filtered"] = ""
    views: Views | None = None


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """One line of an invoice."""

    text: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """Money an invoice has received: a match of ours, or what WHMCS had booked (`source` says which)."""

    day: date
    source: str
    name: str
    amount: Amount
    state: Chip
    url: str = ""


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """Template `dashboard/invoice.html`. `refresh_url` takes a POST and is empty for who may not ask WHMCS."""

    number: str
    client: str
    state: Chip
    total: Amount
    outstanding: Amount
    facts: tuple[Fact, ...]
    items: tuple[InvoiceItem, ...] = ()
    received: tuple[ReceivedRow, ...] = ()
    events: tuple[Event, ...] = ()
    as_of: Moment | None = None
    whmcs_url: str = ""
    find_url: str = ""
    refresh_url: str = ""


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Template `dashboard/activity.html`. Newest first; `Event.day` groups the lines.

    Shape: `changes_url` leads to what else was done, for those who may read it; `is_changes` says that this is it.
    """

    events: tuple[Event, ...]
    filters: Filters
    pager: Pager
    empty: Literal["", "nothing", "filtered"] = ""
    export_url: str = ""
    changes_url: str = ""
    is_changes: bool = False
    views: Views | None = None
