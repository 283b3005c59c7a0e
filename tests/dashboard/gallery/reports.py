"""Reports with invented figures: with totals and without, wide and narrow, and one with nothing in it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from payymo.dashboard.forms_reports import PackForm, ScheduleForm
from payymo.dashboard.pages import Chip
from payymo.dashboard.pages.reports import (
    ExportLink,
    PackRow,
    Packs,
    ReportCell,
    ReportFigures,
    ReportPage,
    ReportsPage,
    ScheduleRow,
)
from payymo.dashboard.presenters.reports import chart, tiles
from payymo.dashboard.reports.shape import Chart, Group
from tests.dashboard.gallery.common import ago

_EXPORTS = tuple(ExportLink(label, f"/reports/ageing/export.{label.lower()}") for label in ("CSV", "Excel", "PDF"))
_AGES = ("Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days")


def _cells(names: tuple[str, ...], texts: tuple[str, ...]) -> tuple[ReportCell, ...]:
    return tuple(ReportCell(text, name, place > 0) for place, (text, name) in enumerate(zip(texts, names, strict=True)))


def _page(title: str, figures: ReportFigures, **changes: str) -> ReportPage:
    return ReportPage(
        title, "What clients owe, by how long it has been due.", "As of 20 Nov 2026, 09:30 UTC", "/reports/",
        changes.get("input_type", ""), "2025-12", "2026-11", figures, "/reports/ageing/figures/", _EXPORTS,
        changes.get("error", ""), changes.get("on", ""), changes.get("on", ""),
    )  # fmt: skip


def ageing() -> ReportPage:
    names = ("Client", "Invoices", *_AGES, "Total")
    groups = tuple(Group(name, (Decimal(4000 - 900 * place),)) for place, name in enumerate(_AGES))
    money = ("119.00 EUR",) * 6
    figures = ReportFigures(
        "2026-11-20-1", "20 Nov 2026, 09:30 UTC", "14 open invoices of 9,120.00 EUR, of which 61% are overdue.",
        tuple(ReportCell(name, "", place > 0) for place, name in enumerate(names)),
        tuple(_cells(names, (client, "4", *money)) for client in ("Northwind Ltd", "株式会社サンプル", "Ines Weber")),
        (_cells(names, ("All clients, EUR", "14", *money)),),
        (chart(Chart("Owed by age, EUR", ("EUR",), groups, "EUR")),),
        ("Days are counted from the due date.",), "The first 200 rows are shown.",
        _cells(names, ("All clients, EUR", "14", *money))[1:],
    )  # fmt: skip
    return _page("Ageing of open invoices", figures, input_type="date", on="2026-11-20")


def cash() -> ReportPage:
    names = ("Source", "Month", "Received", "Matched")
    values = ((Decimal(900), Decimal(300), Decimal(80)), (Decimal(1200), Decimal(500), Decimal(40)))
    groups = tuple(Group(month, row) for month, row in zip(("Oct 2026", "Nov 2026"), values, strict=True))
    below = (Group("Opening", (Decimal(900),)), Group("Other", (Decimal(-250),)))
    figures = ReportFigures(
        "2026-11-20-2", "20 Nov 2026, 09:30 UTC", "1,200.00 EUR came in by 12 payments.",
        tuple(ReportCell(name, "", place > 0) for place, name in enumerate(names)),
        (_cells(names, ("Main account … 3000", "Oct 2026", "900.00 EUR", "")),), (),
        (
            chart(Chart("Received by month, EUR", ("Main", "Stripe", "Other"), groups, "EUR", is_stacked=True)),
            chart(Chart("From opening to closing, EUR", ("Main",), below, "EUR")),
        ),
        ("Currencies are never added up.",),
    )  # fmt: skip
    return _page("Cash received by source", figures, input_type="month", error="Choose months such as 2026-01.")


def empty() -> ReportPage:
    whole = cash()
    return replace(whole, figures=replace(whole.figures, rows=(), charts=(), sentence=""), error="")


def listing() -> ReportsPage:
    address = "/reports/packs/"
    rows = (
        PackRow("All reports, Oct 2026", Chip("Being made", "info"), ago(seconds=20), 3, 10, "", ""),
        PackRow(
            "All reports, Sep 2026", Chip("Ready", "ok"), ago(days=2), 10, 0, "840 KB. It goes in 5 days.", address
        ),
        PackRow("Ageing, Sep 2026", Chip("Failed", "bad"), ago(days=3), 0, 0, "It could not be made.", ""),
    )
    schedules = (ScheduleRow("All reports", "On day 3 of each month, for the month before.", "/reports/"),)
    late = ScheduleForm({"schedule-day": "31"}, prefix="schedule")
    return ReportsPage(
        tiles(), Packs("1", 3, rows), address, PackForm(prefix="pack"), address, schedules, late, "/reports/"
    )
