"""Every report there is, in the order in which people read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from payymo.dashboard.reports import (
    ageing,
    automation,
    cash_received,
    periods,
    predictions,
    speed,
    statement,
    three_way_check,
    waiting,
)
from payymo.dashboard.reports.periods import Asked, Span, Usual
from payymo.dashboard.reports.shape import Report


@dataclass(frozen=True, slots=True)
class Entry:
    """A report: its place in addresses, its words, what it is asked for, and what builds it.

    Shape: `has_own_page` of a report whose page is another than that of the others; its files are as all files are.
    """

    name: str
    title: str
    text: str
    span: Span
    usual: Usual
    build: Callable[[Asked], Report]
    icon: str
    has_own_page: bool = False


REPORTS: Mapping[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            "statement", _("Period statement"), _("What each account began with, what moved, and what it ended with."),
            Span.DAYS, periods.last_month, statement.report, "landmark",
        ),
        Entry(
            "cash", _("Cash received by source"), _("What came in on each bank account and through Stripe."),
            Span.MONTHS, periods.year_of_months, cash_received.report, "hand-coins",
        ),
        Entry(
            "ageing", _("Ageing of open invoices"), _("What clients owe, by how long it has been due."),
            Span.DAY, periods.last_month, ageing.report, "calendar-clock",
        ),
        Entry(
            "unmatched", _("Ageing of unmatched payments"), _("Payments without an invoice, by how long they waited."),
            Span.DAY, periods.last_month, waiting.report, "inbox",
        ),
        Entry(
            "three-way", _("Three-way check"), _("Where Stripe, WHMCS and the payouts do not agree."),
            Span.DAYS, periods.last_days, three_way_check.report, "check-check", has_own_page=True,
        ),
        Entry(
            "automation", _("Match rate and automation"), _("How much was matched, and how much of it by itself."),
            Span.MONTHS, periods.year_of_months, automation.by_month, "sparkles",
        ),
        Entry(
            "reasons", _("Matches by reason"), _("On what evidence payments were matched, and whether it held."),
            Span.MONTHS, periods.year_of_months, automation.by_reason, "list-checks",
        ),
        Entry(
            "match-rate", _("Predicted against actual"), _("What was predicted, and what came of it, month by month."),
            Span.MONTHS, periods.year_of_months, predictions.report, "activity",
        ),
        Entry(
            "speed", _("Time per decision and hours saved"), _("How long a decision takes, and what automation saved."),
            Span.MONTHS, periods.year_of_months, speed.report, "clock",
        ),
    )
}  # fmt: skip
