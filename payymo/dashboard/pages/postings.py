"""Payments on their way to WHMCS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, Chip, Filters, Moment, Pager, Table


@dataclass(frozen=True, slots=True)
class StoppedPosting:
    """A posting that waits for a person. `key` is its id; a URL is empty where the viewer may not do that.

    Shape: both URLs take a POST with `next`, the page to come back to; retry takes `overpay=1`, give up a `reason`.
    """

    key: str
    number: str
    amount: Amount
    retry_url: str = ""
    give_up_url: str = ""


@dataclass(frozen=True, slots=True)
class PostingRow:
    """A posting of the list.

    Shape: `why` is what WHMCS or Payymo said against it, or why it is not sent, which ends at `held_url`; `payment_url`
    is the money behind it.
    """

    number: str
    client: str
    amount: Amount
    state: Chip
    why: str
    moment: Moment
    url: str
    payment_url: str = ""
    stopped: StoppedPosting | None = None
    held_url: str = ""


@dataclass(frozen=True, slots=True)
class PostingsPage:
    """Template `dashboard/postings.html`: payments on their way to WHMCS, those that need a person by default."""

    rows: tuple[PostingRow, ...]
    filters: Filters
    pager: Pager
    table: Table
    empty: Literal["", "nothing", "filtered"] = ""
    views: Views | None = None
