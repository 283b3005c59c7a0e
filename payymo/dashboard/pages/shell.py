"""What surrounds every signed-in page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from payymo.dashboard.pages.values import Chip, Tone

Section = Literal[
    "overview",
    "review",
    "transactions",
    "invoices",
    "payouts",
    "postings",
    "three_way",
    "reports",
    "engine",
    "activity",
    "connections",
    "imports",
    "rules",
    "payers",
    "settings",
    "members",
    "persons",
    "",
]


@dataclass(frozen=True, slots=True)
class Banner:
    """The one thing that needs attention on every page, worst first."""

    tone: Tone
    text: str
    action: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """The company's own colour and logo, by the addresses that serve them; empty for Payymo's."""

    style_url: str = ""
    logo_url: str = ""
    logo_width: int = 0
    logo_height: int = 0


@dataclass(frozen=True, slots=True)
class Company:
    """Another company that the person belongs to, and the address at which they sign in there."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Sidebar, top bar and foot of a signed-in page.

    Shape: `review_count` is None when it was not counted; `can_import` (reviewer) and `can_configure` (admin) show or
    hide the pages of those roles, as does each `can_see_` its own and `can_export`: a role of the company's own may
    hold any of them, and whoever sees some bank accounts only has neither reports nor connections; the search is the
    overview's; `feed` is the
    state of the tenant's feeds in one chip; `support` says until when Payymo's staff may look, empty when they may not;
    `unread` counts notices up to a hundred, and is None for staff, who have none; `printed` is the moment that stands
    on paper; `companies` are the others that the person belongs to; `sample` is "ends" or "stays" while the person
    looks around with sample data, and `asks_sample` lets forms that connect the first real thing ask which.
    """

    tenant_name: str
    user_name: str
    user_email: str
    role: str
    active: Section
    review_count: int | None = None
    can_see_overview: bool = False
    can_see_review: bool = False
    can_see_transactions: bool = False
    can_see_invoices: bool = False
    can_see_activity: bool = False
    can_import: bool = False
    can_configure: bool = False
    can_see_rules: bool = False
    can_see_members: bool = False
    can_see_reports: bool = False
    can_see_connections: bool = False
    can_see_persons: bool = False
    can_export: bool = False
    support: str = ""
    banner: Banner | None = None
    feed: Chip | None = None
    unread: int | None = None
    brand: Brand | None = None
    printed: str = ""
    companies: tuple[Company, ...] = ()
    sample: Literal["", "ends", "stays"] = ""
    asks_sample: bool = False


@dataclass(frozen=True, slots=True)
class StaffStrip:
    """The coloured line on every admin page inside a tenant; templates find it as `staff_strip`.

    Shape: `until` says in words when support access ends; `leave_url` takes a POST.
    """

    tenant_name: str
    review_url: str = ""
    leave_url: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """An error in words: what happened, what was and was not saved, a way on, and an id to quote."""

    status: int
    title: str
    text: str
    reference: str = ""
    action: str = ""
    url: str = ""
