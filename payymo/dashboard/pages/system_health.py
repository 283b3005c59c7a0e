"""How the system works, for the company's administrator and for Payymo's staff."""

from __future__ import annotations

from dataclasses import dataclass

from payymo.dashboard.pages.records import Feed
from payymo.dashboard.pages.values import Amount, Chip, Moment


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the system: how it is, and what to do when it is not well."""

    title: str
    chip: Chip
    text: str
    step: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many postings are in a state."""

    chip: Chip
    count: int


@dataclass(frozen=True, slots=True)
class LastError:
    """What went wrong last, in the words of whoever refused, and the next step."""

    what: str
    text: str
    step: str
    url: str
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class SystemHealthPage:
    """Everything of one company. `verdict` says in one chip how it is; `read` is the moment of reading."""

    verdict: Chip
    read: Moment
    checks: tuple[Check, ...]
    feeds: tuple[Feed, ...]
    states: tuple[StateCount, ...]
    errors: tuple[LastError, ...]


@dataclass(frozen=True, slots=True)
class TenantLine:
    """One company in numbers, for staff. Shape: `enter_url` is empty while it grants no support access."""

    name: str
    slug: str
    chip: Chip
    to_review: int
    oldest: str
    needs_person: int
    on_their_way: int
    waits: str
    feed: str
    jobs: int
    off: int
    counted: Moment | None
    enter_url: str = ""


@dataclass(frozen=True, slots=True)
class InstallationPage:
    """All companies in numbers, for staff. `next_url` is empty on the last page."""

    read: Moment
    checks: tuple[Check, ...]
    tenants: tuple[TenantLine, ...]
    next_url: str = ""
