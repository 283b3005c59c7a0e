"""Endpoints of the company: programs and Slack channels that are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payymo.dashboard.pages.values import Chip, Fact, Moment, Pager


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint in the list."""

    name: str
    url: str
    form: str
    host: str
    state: Chip
    count: int


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """The endpoints, and the form that adds one."""

    rows: tuple[EndpointRow, ...]
    form: Any


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call: when, the status, and what came of it in words."""

    moment: Moment
    status: str
    outcome: str
    duration: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message. `resend_url` takes a POST and is empty while the endpoint is not active."""

    what: str
    message_id: str
    state: Chip
    moment: Moment
    calls: tuple[CallLine, ...]
    next_at: Moment | None = None
    resend_url: str = ""


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """One endpoint with its log. The URLs take a POST and are empty where the act does not apply.

    Shape: `secret` is shown in the one answer that made it, which is at another address than the page.
    """

    name: str
    state: Chip
    text: str
    facts: tuple[Fact, ...]
    form: Any
    deliveries: tuple[DeliveryRow, ...]
    pager: Pager
    back_url: str
    secret: str = ""
    test_url: str = ""
    rotate_url: str = ""
    version: str = ""
    pause_url: str = ""
    resume_url: str = ""
    remove_url: str = ""
    change_url: str = ""
