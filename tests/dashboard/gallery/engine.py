"""How sure the engine is, and how right it was, with invented figures."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from django.utils.safestring import mark_safe

from matching.core import charts
from payymo.dashboard import pages
from payymo.dashboard.pages import Chip, Fact
from tests.dashboard.gallery.common import ago

BINS = [
    {"n": 214, "from": 0.2 + place / 13, "to": 0.26 + place / 13, "said": 0.24 + place / 13.2,
     "right": 0.22 + place / 13, "low": 0.2 + place / 13.5, "high": min(1.0, 0.3 + place / 13)}
    for place in range(10)
]  # fmt: skip
CURVE = [{"share": 0.1 * place, "right": 1 - 0.002 * place, "at": 1 - 0.01 * place} for place in range(1, 11)]
BOUNDS = [
    {"source": "bank", "threshold": at, "seen": 1800, "wrong": 1, "other_seen": 12000, "other_wrong": 4,
     "least": 0.9981, "borrows": True}
    for at in (0.95, 0.98, 0.99, 0.995, 0.999)
]  # fmt: skip


def _figures(version: str) -> dict:
    return {
        "version": version, "receipts": 2144, "by_people": 1902, "right": 2081, "offered": 1950, "offered_right": 1899,
        "log_loss": 0.1485, "calibration_error": 0.0099, "rule": {"n": 1120, "wrong": 0}, "bins": BINS,
        "coverage": CURVE, "kinds": [{"source": "bank", "kind": "single", "n": 1500, "right": 1466, "said": 0.97}],
    }  # fmt: skip


def engine(**changes: object) -> pages.EnginePage:
    evaluation = {"learned_from": 5070, "held_from": "2026-08-12", "held_until": "2026-11-12"}
    report = SimpleNamespace(version="2026.11.22+4", evaluation=evaluation)
    words = {"title": "Said and true", "across": "Said", "up": "Came true"}
    figures = {
        "report": report, "candidate": _figures("2026.11.22+4"), "present": _figures("2026.11.22+3"),
        "reliability": mark_safe(charts.reliability(BINS, **words)),
        "coverage": mark_safe(charts.coverage(CURVE, **words)), "bounds": BOUNDS,
    }  # fmt: skip
    address = "/reports/engine/1/use/"
    facts = (Fact("Version", report.version, verbatim=True), Fact("In use", moment=ago(days=2)), Fact("Proven", "–"))
    whole = pages.EnginePage(
        "Of 2,144 payments that were held back, it got 2,081 exactly right.",
        facts,
        (
            pages.VersionRow(report.version, Chip("In use", "ok"), ago(days=2), "2081 / 2144", report_url=address),
            pages.VersionRow("2026.11.22+3", Chip("Refused", "warn"), ago(days=9), "2050 / 2100", "fewer right"),
            pages.VersionRow("2026.11.22+2", Chip("Kept"), ago(days=16), "2011 / 2070", "Ana Petrova", address),
        ),
        figures,
        pages.StopCard("5 of 812 automatic approvals were corrected.", ago(hours=3), "/automation/resume/"),
        "/reports/engine/4/report.html", "/reports/engine/shipped/use/", "/reports/engine/release/",
    )  # fmt: skip
    return replace(whole, **changes)
