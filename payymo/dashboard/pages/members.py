"""Who belongs to the company, and who is invited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payymo.dashboard.pages.values import Chip, Choice, Moment


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A colleague. Shape: `change_url` takes a POST of `role`, or of `do` (end, resume); empty for the viewer's own, as
    is `accounts_url`, the page of what they see.
    """

    name: str
    email: str
    role: str
    roles: tuple[Choice, ...]
    state: Chip
    since: Moment
    is_active: bool = True
    is_you: bool = False
    change_url: str = ""
    accounts_url: str = ""


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An open invitation. Shape: both addresses take a POST."""

    email: str
    role: str
    state: Chip
    until: Moment
    resend_url: str
    withdraw_url: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class MembersPage:
    """Template `dashboard/members.html`. `form` invites somebody."""

    members: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]
    form: Any
    more: bool = False


@dataclass(frozen=True, slots=True)
class MemberAccountsPage:
    """Template `dashboard/member_accounts.html`. `form` says whether somebody is limited, and to which accounts."""

    title: str
    form: Any
    error: str = ""
