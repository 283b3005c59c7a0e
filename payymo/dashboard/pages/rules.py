"""The Rules pages: the list in order, one rule with its test on past payments, and the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.forms import BaseForm

from payymo.dashboard.pages.review import Views
from payymo.dashboard.pages.values import Amount, Chip, Fact, Filters, Moment, Table


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list. Shape: `when` and `then` are sentences; a URL takes a POST and is empty where it may not."""

    url: str
    place: int
    name: str
    when: str
    then: str
    state: Chip
    hits: int
    wrong: int
    last_run: Moment | None = None
    up_url: str = ""
    down_url: str = ""
    pause_url: str = ""
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class OfferCard:
    """A rule that decisions ask for.

    Shape: `create_url` takes a POST with `fields`; `edit_url` opens the form first; `dismiss_url` takes a POST.
    """

    when: str
    then: str
    times: int
    edit_url: str = ""
    create_url: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    dismiss_url: str = ""


@dataclass(frozen=True, slots=True)
class RulesPage:
    """Template `dashboard/rules/list.html`. `new_url` is empty without the right to change rules."""

    rows: tuple[RuleRow, ...]
    filters: Filters
    table: Table
    offers: tuple[OfferCard, ...] = ()
    new_url: str = ""
    empty: Literal["", "nothing", "filtered"] = ""
    views: Views | None = None


@dataclass(frozen=True, slots=True)
class TestedPayment:
    """A payment that the rule concerns, and what following the rule would have been."""

    url: str
    day: date
    name: str
    text: str
    amount: Amount
    outcome: Chip


@dataclass(frozen=True, slots=True)
class RuleTest:
    """What the rule would have done since a day. `is_cut`: only the newest payments were looked at."""

    since: date
    looked_at: int
    matches: int
    changes: int
    wrong: int
    payments: tuple[TestedPayment, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class RuleFormPage:
    """Template `dashboard/rules/form.html`: a new rule.

    Shape: `test` is set after it was tried, unsaved; `source` is the decision that it comes from.
    """

    form: BaseForm
    cancel_url: str
    test: RuleTest | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class RulePage:
    """Template `dashboard/rules/detail.html`. `form` is None, and the URLs empty, without the right to change rules."""

    title: str
    state: Chip
    facts: tuple[Fact, ...]
    test_url: str
    form: BaseForm | None = None
    test: RuleTest | None = None
    pause_url: str = ""
    remove_url: str = ""
    is_paused: bool = False
