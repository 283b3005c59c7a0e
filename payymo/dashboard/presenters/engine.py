"""How sure the engine is: the version in use, its report, the versions before, and what was stopped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.core.scoring import shipped_model
from matching.models import AutomationStop, EngineModel
from matching.services import drift, engine_models, evaluation_report, training
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import Chip, EnginePage, Fact, StopCard, VersionRow

MOST_VERSIONS = 20


def page(*, now: datetime, may_change: bool) -> EnginePage:
    """Build the page from stored rows; nothing is computed anew."""
    rows = list(EngineModel.objects.order_by("-number")[:MOST_VERSIONS])
    used = engine_models.row_in_use()
    shown = used if used is not None and used.evaluation else next((row for row in rows if row.evaluation), None)
    chosen = used is not None and used.chosen_by_id is not None
    return EnginePage(
        sentence=_sentence(used),
        facts=_facts(used, now),
        versions=tuple(_version(row, used, now, may_change) for row in rows),
        figures=figures(shown) if shown is not None else {},
        stop=stop_card(drift.open_stop(), now, may_change),
        report_url=link("engine_report", shown.number) if shown is not None else "",
        shipped_url=link("engine_shipped") if may_change and used is not None and used.added else "",
        release_url=link("engine_release") if may_change and chosen else "",
    )


def figures(row: EngineModel) -> dict[str, Any]:
    """Return what the report's tables and pictures show."""
    candidate = row.evaluation["candidate"]
    return {
        "report": evaluation_report.report_of(row),
        "candidate": candidate,
        "present": row.evaluation["present"],
        # Both are drawn by the core, which escapes every text.
        "reliability": mark_safe(evaluation_report.reliability_svg(candidate, standalone=False)),  # noqa: S308 - our own drawing of numbers  # nosec B703
        "coverage": mark_safe(evaluation_report.coverage_svg(candidate, standalone=False)),  # noqa: S308 - our own drawing of numbers  # nosec B703
        "bounds": evaluation_report.bound_rows(candidate),
    }


def _sentence(used: EngineModel | None) -> str:
    if used is None:
        missing = training.LEAST_DECISIONS - training.decisions_by_people()
        if missing > 0:
            return _("The shipped weights judge. After %d more decisions the engine learns from yours.") % missing
        return _("The shipped weights judge. The next training learns from your decisions.")
    if not used.evaluation:
        return _("%(name)s chose the shipped weights.") % {"name": used.chosen_by_name or _("Somebody")}
    found = used.evaluation["candidate"]
    return _("Of %(n)s payments that were held back, it got %(right)s exactly right.") % {
        "n": formats.number(found["receipts"]),
        "right": formats.number(found["right"]),
    }


def _facts(used: EngineModel | None, now: datetime) -> tuple[Fact, ...]:
    model = engine_models.model_in_use()
    target = engine_models.target_precision()
    facts = [Fact(_("Version"), model.version, verbatim=True), Fact(_("Shipped weights"), shipped_model().version)]
    if used is not None and used.used_since is not None:
        facts.append(Fact(_("In use"), moment=formats.moment(used.used_since, now)))
    if used is not None and used.chosen_by_name:
        facts.append(Fact(_("Chosen by"), used.chosen_by_name))
    proven, shipped = _thresholds(engine_models.proven_here()), _thresholds(model.automatic)
    facts.append(Fact(_("Asked of what happens alone"), formats.share(target)))
    facts.append(Fact(_("Proven by your decisions"), proven or _("Nothing yet")))
    facts.append(Fact(_("Thresholds in force"), shipped or _("None")))
    return tuple(facts)


def _thresholds(found: Mapping[str, float]) -> str:
    sources = {"bank": _("Bank"), "stripe_charge": _("Card payments")}
    return ", ".join(
        f"{sources.get(source, source)} ≥ {formats.plain(least)}" for source, least in sorted(found.items())
    )


def _version(row: EngineModel, used: EngineModel | None, now: datetime, may_change: bool) -> VersionRow:
    tones = {EngineModel.State.IN_USE: "ok", EngineModel.State.REFUSED: "warn"}
    is_usable = row.state == EngineModel.State.KEPT and row.base_version == shipped_model().version
    found = row.evaluation.get("candidate")
    return VersionRow(
        name=row.version,
        chip=Chip(str(row.get_state_display()), tones.get(EngineModel.State(row.state), "neutral")),  # type: ignore[arg-type]
        trained=formats.moment(row.trained_at, now),
        right=f"{found['right']} / {found['receipts']}" if found else "",
        detail=row.reason_in_words or row.chosen_by_name,
        use_url=link("engine_use", row.number) if may_change and is_usable and row != used else "",
        report_url=link("engine_report", row.number) if found else "",
    )


def stop_card(stop: AutomationStop | None, now: datetime, may_change: bool) -> StopCard | None:
    """Say why nothing happens alone."""
    if stop is None:
        return None
    return StopCard(
        text=stop_text(stop),
        moment=formats.moment(stop.raised_at, now),
        resume_url=link("automation_resume", stop.public_id) if may_change else "",
    )


def stop_text(stop: AutomationStop) -> str:
    """Say what stopped automation, in one sentence."""
    text = ngettext(
        "%(wrong)s of %(n)s automatic approval was corrected. That is more than you allowed, so nothing is approved "
        "automatically until you have looked.",
        "%(wrong)s of %(n)s automatic approvals were corrected. That is more than you allowed, so nothing is approved "
        "automatically until you have looked.",
        stop.approved,
    )
    return text % {"wrong": formats.number(stop.corrected), "n": formats.number(stop.approved)}
