"""The small values that every page object is built from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Tone = Literal["ok", "info", "warn", "bad", "neutral"]
BandName = Literal["exact", "likely", "possible", "none"]


@dataclass(frozen=True, slots=True)
class Amount:
    """Money to show. Units: `value` in whole currency units, signed; the template writes the currency's own digits."""

    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text beside it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A text as the provider wrote it, with the parts that a reason speaks of.

    Shape: `spans` in any order, possibly overlapping or out of range; the template merges and clips them.
    """

    text: str
    spans: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time with its words ("5 min ago"); make it with `payymo.dashboard.formats.moment`."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in a word, an icon and a colour."""

    text: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a description list. Shape: the first of `marked`, `amount`, `day`, `moment`, `text` that is set."""

    label: str
    text: str = ""
    marked: Marked | None = None
    amount: Amount | None = None
    day: date | None = None
    moment: Moment | None = None
    url: str = ""
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a select or radio group."""

    value: str
    label: str
    selected: bool = False


@dataclass(frozen=True, slots=True)
class FilterSelect:
    """A select of the filter bar; its name is the query parameter."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class FilterChip:
    """A filter in force and the link that takes it away."""

    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Filters:
    """The filter bar: one search box (`q`), selects, dates (`from`, `to`), and what is in force.

    Shape: `chips` is empty when nothing is filtered; `hidden` are (name, value) pairs that the form must keep;
    `has_search` is false where the list cannot be searched.
    """

    q: str = ""
    selects: tuple[FilterSelect, ...] = ()
    chips: tuple[FilterChip, ...] = ()
    clear_url: str = ""
    has_dates: bool = False
    from_date: str = ""
    to_date: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    has_search: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column. Shape: `url` orders by it, empty where nothing does; `direction` as `aria-sort` has it."""

    label: str
    url: str = ""
    direction: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The heads of a list, the names of its hidden columns, and the menu that hides them.

    Shape: `choose_url` takes a POST of `show`, and `next` to come back.
    """

    heads: tuple[Head, ...]
    hidden: frozenset[str]
    choices: tuple[Choice, ...]
    choose_url: str = ""
    back: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Keyset paging. Shape: a URL is empty where there is nothing to go to."""

    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What something was and is now. Shape: `was` is None where it is not known."""

    label: str
    now: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a timeline: who did what, when, and what came of it.

    Shape: `undo_url` takes a POST and is empty when the viewer may not undo it or it is too late.
    """

    moment: Moment
    actor: str
    title: str
    detail: str = ""
    tone: Tone = "neutral"
    icon: str = "circle-dot"
    url: str = ""
    undo_url: str = ""
    day: date | None = None
    changes: tuple[Change, ...] = ()
