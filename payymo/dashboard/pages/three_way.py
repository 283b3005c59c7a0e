"""The three-way check: Stripe's charge, WHMCS's transaction, the payout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from payymo.dashboard.pages.reports import ExportLink, ReportChart
from payymo.dashboard.pages.values import Amount, Filters, Pager


@dataclass(frozen=True, slots=True)
class ThreeWayList:
    """One of the lists. Shape: `count` is a text, since beyond the counted it is `1,000+`."""

    title: str
    count: str
    url: str
    is_empty: bool
    active: bool = False


@dataclass(frozen=True, slots=True)
class ThreeWayLine:
    """One finding. Shape: a text is empty where that side has nothing; its URL where nothing can be opened."""

    day: date
    amount: Amount
    shown: Amount | None
    stripe: str
    stripe_note: str
    stripe_url: str
    whmcs: str
    whmcs_note: str
    whmcs_url: str
    payout: str
    payout_url: str
    next_step: str
    next_url: str


@dataclass(frozen=True, slots=True)
class ThreeWayReport:
    """Template `dashboard/three_way.html`."""

    lists: tuple[ThreeWayList, ...]
    title: str
    rows: tuple[ThreeWayLine, ...]
    filters: Filters
    pager: Pager
    exports: tuple[ExportLink, ...] = ()
    sentence: str = ""
    charts: tuple[ReportChart, ...] = ()
    all_agree: bool = False
    error: str = ""
    notes: tuple[str, ...] = ()
