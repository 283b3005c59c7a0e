"""The evaluation report of one version, as files: a page of its own, two pictures and the figures."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from matching.core import charts
from matching.models import EngineModel


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is about. Shape: `evaluation` as training left it; `outcome` in one sentence."""

    version: str
    trained_at: datetime
    outcome: str
    evaluation: dict[str, Any]


def report_of(row: EngineModel) -> Report:
    """Describe a stored version."""
    outcome = _("Refused: %s.") % row.reason_in_words if row.reason else str(row.get_state_display())
    return Report(row.version, row.trained_at, outcome, row.evaluation)


def reliability_svg(figures: dict[str, Any], *, standalone: bool) -> str:
    """Draw what the version said against what came true."""
    return charts.reliability(
        figures["bins"],
        title=_("What was said against what came true, in %d bins of equal size") % len(figures["bins"]),
        across=_("Said"),
        up=_("Came true"),
        standalone=standalone,
    )


def coverage_svg(figures: dict[str, Any], *, standalone: bool) -> str:
    """Draw how right the surest payments are, against how many those are."""
    return charts.coverage(
        figures["coverage"],
        title=_("The share right among the surest payments, against their share of all payments"),
        across=_("Share of payments, surest first"),
        up=_("Of these right"),
        standalone=standalone,
    )


def page(report: Report) -> str:
    """Write the report as one page that needs nothing else, readable in light and in dark."""
    candidate = report.evaluation["candidate"]
    context = {
        "report": report,
        "candidate": candidate,
        "present": report.evaluation["present"],
        # Both are drawn by the core, which escapes every text.
        "reliability": mark_safe(reliability_svg(candidate, standalone=True)),  # noqa: S308 - our own drawing of numbers  # nosec B703
        "coverage": mark_safe(coverage_svg(candidate, standalone=True)),  # noqa: S308 - our own drawing of numbers  # nosec B703
        "bounds": bound_rows(candidate),
    }
    return render_to_string("matching/engine_report.html", context)


def bound_rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """List the bound of every threshold, source by source."""
    return [{"source": source, **row} for source, rows in sorted(figures["bounds"].items()) for row in rows]


def files(report: Report) -> dict[str, str]:
    """Return the report's files by name."""
    candidate = report.evaluation["candidate"]
    return {
        "report.html": page(report),
        "reliability.svg": reliability_svg(candidate, standalone=True),
        "coverage.svg": coverage_svg(candidate, standalone=True),
        "report.json": json.dumps(
            {
                "version": report.version, "trained_at": report.trained_at.isoformat(), "outcome": report.outcome,
                **report.evaluation,
            },
            indent=1, sort_keys=True,
        ) + "\n",
    }  # fmt: skip
