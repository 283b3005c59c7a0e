"""Bank entries that belong together."""

from __future__ import annotations

from dataclasses import dataclass

from payymo.dashboard.pages.values import Amount, Moment, Pager


@dataclass(frozen=True, slots=True)
class PairNote:
    """What a payment is paired with. `step` says what a person is to do; a URL is empty where the viewer may not."""

    title: str
    other_title: str
    other_amount: Amount
    other_moment: Moment
    other_url: str
    why: str
    step: str = ""
    dealt_with_url: str = ""
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A matched payment that the bank took back."""

    url: str
    name: str
    reference: str
    amount: Amount
    returned: Moment
    returned_url: str
    step: str
    dealt_with_url: str = ""


@dataclass(frozen=True, slots=True)
class ReturnsPage:
    """Template `dashboard/returns.html`: returned payments that are matched, newest first."""

    rows: tuple[ReturnRow, ...]
    pager: Pager
