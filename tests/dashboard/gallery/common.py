"""What every part of the gallery uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import RequestFactory

from payymo.dashboard import pages, tables
from payymo.dashboard.formats import moment
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import (
    Amount,
    Chip,
    Moment,
)

NOW = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
MATCHED, WAITING = Chip("Matched", "ok"), Chip("To review", "info")


def eur(text: str) -> Amount:
    return Amount(Decimal(text), "EUR")


def ago(**apart: float) -> Moment:
    return moment(NOW - timedelta(**apart), NOW)


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def table(name: str) -> pages.Table:
    """The heads of a list as it stands by itself, ordered by its first column that can be."""
    first = next((each for each in tables.COLUMNS[name] if each.sorts), None)
    return tables.table(RequestFactory().get(f"/{name}/"), name, Order(first.name, falls=True) if first else None)


def shell(active: pages.Section = "review", **changes: object) -> pages.Shell:
    whole = pages.Shell(
        tenant_name="Northhost GmbH",
        user_name="Ana Petrova",
        user_email="ana@northhost.example",
        role="Owner",
        active=active,
        review_count=41,
        can_see_overview=True,
        can_see_review=True,
        can_see_transactions=True,
        can_see_invoices=True,
        can_see_activity=True,
        can_import=True,
        can_configure=True,
        can_see_rules=True,
        can_see_members=True,
        can_see_persons=True,
        can_export=True,
        support="Payymo's staff may look into your company until 14 Nov 2026, 18:00 UTC."
        if active == "settings"
        else "",
        feed=Chip("All running", "ok"),
        unread=3,
        printed="14 Nov 2026, 10:30 CET",
    )
    return replace(whole, **changes)
