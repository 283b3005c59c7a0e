"""What a member is told, and how they want to hear."""

from __future__ import annotations

from dataclasses import dataclass

from payymo.dashboard.pages.values import Choice, Filters, Moment, Pager, Tone


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice. `open_url` and `read_url` take a POST; `read_url` is empty once read; `code` names its kind."""

    text: str
    kind: str
    moment: Moment
    icon: str
    tone: Tone
    open_url: str
    read_url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """The notices of a member, newest first. `read_all_url` is empty where nothing is unread."""

    rows: tuple[NoticeRow, ...]
    filters: Filters
    pager: Pager
    read_all_url: str = ""
    mute_url: str = ""
    choose_url: str = ""


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind with the ways to hear of it."""

    name: str
    label: str
    ways: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class NoticeChoicesPage:
    """How a member hears of each kind that they may know."""

    kinds: tuple[KindChoice, ...]
    email: str
    back_url: str


@dataclass(frozen=True, slots=True)
class StopMailsPage:
    """What the link of a mail asks: whose mails stop, and whether they have."""

    tenant_name: str
    email: str
    is_done: bool = False
