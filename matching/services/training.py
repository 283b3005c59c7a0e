"""What a tenant's decisions teach its engine: proved on later decisions, and taken only if it is not worse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from matching.core.calibration import ENOUGH, fit_curve
from matching.core.evaluation import Worse, evaluation, worse_than
from matching.core.scoring import Model, shipped_model
from matching.core.training import NOTHING, Judged, collect, corrected, fit, judge
from matching.models import Decision, EngineModel
from matching.services import engine_models
from matching.services.past import read_past
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from payymo.shared.sentences import Sentence, Value
from tenants.jobs import exclusive

LEAST_DECISIONS = 200
"""Fewer decided payments teach more noise than habit."""
LEARN_SHARE, CURVE_SHARE = 0.6, 0.15
RIDGE = 1.0
"""How strongly the shipped weights hold. Of 0.3 to 100, 1 was best or near it on the development hosts."""
EVERY = timedelta(days=7)
LEAST_NEW = 25
_PEOPLE = (Decision.Source.PERSON, Decision.Source.STAFF)
Progress = Callable[[str], None]
_TOO_FEW = gettext_noop("people decided %(count)s payments in the last two years, %(least)s are needed")
_FEWER_RIGHT = gettext_noop(
    "%(right)s of %(count)s held-back payments come out right; the model in use gets %(present)s"
)
_FITS_LESS_WELL = gettext_noop(
    "its probabilities fit the held-back payments less well (log loss %(loss)s, the model in use %(present)s)"
)


class TrainingRuns(Conflict):
    """Another training of this tenant is under way."""

    code = "training_runs"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to.

    Shape: `outcome` is "taken", "refused", "too_few" or, when nothing was to be written, "would_take" and
    "would_refuse"; `row` is None where nothing was written.
    """

    outcome: str
    reason: str
    decisions: int
    evaluation: dict[str, Any]
    row: EngineModel | None = None

    def sentence(self) -> str:
        """Say it in one line."""
        version = self.row.version if self.row is not None else ""
        return {
            "taken": f"Version {version} is in use from now on.",
            "refused": f"Version {version} was refused: {self.reason}.",
            "too_few": f"Nothing was trained: {self.reason}.",
            "would_take": "The new version would be taken. Nothing was written.",
            "would_refuse": f"The new version would be refused: {self.reason}. Nothing was written.",
        }[self.outcome]


def train(*, now: datetime, dry_run: bool = False, progress: Progress | None = None) -> Trained:
    """Learn from the tenant's decisions and take the new version into use, unless it is worse than the present one.

    All rows are written in one transaction at the end, so a training that is killed leaves everything as it was.
    Raises: TrainingRuns.
    """
    with exclusive("train") as alone:
        if not alone:
            raise TrainingRuns(gettext("Another training of this tenant is under way. Nothing was done."))
        return _train(now=now, dry_run=dry_run, say=progress or (lambda _: None))


def is_due(*, now: datetime) -> bool:
    """Whether the last training is a week old, and enough was decided since."""
    last = EngineModel.objects.exclude(evaluation={}).order_by("-trained_at").first()
    if last is None:
        return decisions_by_people() >= LEAST_DECISIONS
    return last.trained_at <= now - EVERY and decisions_by_people() >= last.decisions + LEAST_NEW


def decisions_by_people() -> int:
    """Return how many decisions people made and did not undo."""
    kinds = (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE, Decision.Kind.IGNORE, Decision.Kind.REJECT)
    return Decision.objects.filter(source__in=_PEOPLE, kind__in=kinds, undone_by=None).count()


def _train(*, now: datetime, dry_run: bool, say: Progress) -> Trained:
    decisions = decisions_by_people()
    say("reading the decisions")
    past = read_past(now=now)
    days = past.decided_days()
    if len(days) < LEAST_DECISIONS:
        values: dict[str, Value] = {"count": len(days), "least": LEAST_DECISIONS}
        return Trained("too_few", Sentence(_TOO_FEW, values).in_english(), decisions, {})
    learned_until, held_from = _cuts(days)
    present_row, present = engine_models.row_in_use(), engine_models.model_in_use()
    say("learning")
    cases, missed = collect(past.run(shipped_model()), past.labels, until=learned_until)
    added = fit(cases, ridge=RIDGE)
    say("judging what was held back")
    judged = judge(past.run(corrected(shipped_model(), added)), past.labels, since=learned_until)
    curves = _curves([one for one in judged if one.day < held_from])
    number = engine_models.next_number()
    version = engine_models.version_name(shipped_model().version, number)
    candidate = engine_models.build(version=version, added=added, curves=curves, automatic={})
    before = judge(past.run(present), past.labels, since=learned_until)
    figures = _figures(
        candidate, present, [one for one in judged if one.day >= held_from],
        [one for one in before if one.day >= held_from],
    )  # fmt: skip
    figures |= {
        "learned_from": len(cases), "not_offered": missed, "learned_until": learned_until.isoformat(),
        "held_from": held_from.isoformat(), "held_until": days[-1].isoformat(),
    }  # fmt: skip
    reason = _refusal(figures, present_row)
    if dry_run:
        return Trained("would_refuse" if reason else "would_take", _english(reason), decisions, figures)
    row = EngineModel(
        number=number, version=version, base_version=shipped_model().version, added=_rounded(added),
        curves={source: list(curve) for source, curve in curves.items()}, evaluation=figures, decisions=decisions,
        trained_at=now,
    )  # fmt: skip
    return _write(row, reason=reason, compared_with=present_row, now=now)


def _cuts(days: Sequence[date]) -> tuple[date, date]:
    """Return the day until which decisions teach, and the day from which they only prove; the curve lies between."""
    last = len(days) - 1
    return days[int(last * LEARN_SHARE)], days[int(last * (LEARN_SHARE + CURVE_SHARE))]


def _curves(judged: Sequence[Judged]) -> dict[str, tuple[float, float]]:
    """The curve of each source with enough receipts, held near the shipped one."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for one in judged:
        if one.kind != NOTHING:
            rows.setdefault(one.source, []).append((one.share, float(one.right)))
    shipped = shipped_model().curves
    return {
        source: fit_curve(found, shipped.get(source, (1.0, 0.0)))
        for source, found in sorted(rows.items())
        if len(found) >= ENOUGH
    }


def _figures(candidate: Model, present: Model, new: Sequence[Judged], old: Sequence[Judged]) -> dict[str, Any]:
    shipped = shipped_model()
    return {
        "candidate": evaluation(candidate, new, shipped=shipped),
        "present": evaluation(present, old, shipped=shipped),
    }


def _refusal(figures: dict[str, Any], present: EngineModel | None) -> Sentence | None:
    candidate, in_use = figures["candidate"], figures["present"]
    if not candidate["receipts"]:
        return Sentence(gettext_noop("no decision was left to prove it on"))
    if present is not None and present.chosen_by_id is not None:
        text = gettext_noop("%(name)s chose version %(number)s, which training does not replace")
        return Sentence(text, {"name": present.chosen_by_name, "number": str(present.number)})
    match worse_than(candidate, in_use):
        case Worse.FEWER_RIGHT:
            counts = {"right": candidate["right"], "count": candidate["receipts"], "present": in_use["right"]}
            return Sentence(_FEWER_RIGHT, counts)
        case Worse.FITS_LESS_WELL:
            losses = {"loss": f"{candidate['log_loss']:.4f}", "present": f"{in_use['log_loss']:.4f}"}
            return Sentence(_FITS_LESS_WELL, losses)
        case None:
            return None


def _english(reason: Sentence | None) -> str:
    return reason.in_english() if reason else ""


def _rounded(added: dict[str, float]) -> dict[str, float]:
    return {name: round(weight, 4) for name, weight in sorted(added.items()) if abs(weight) >= 0.00005}


@transaction.atomic
def _write(row: EngineModel, *, reason: Sentence | None, compared_with: EngineModel | None, now: datetime) -> Trained:
    """Record the version; take it into use unless there is a reason not to, or a person chose another meanwhile."""
    list(EngineModel.objects.select_for_update().order_by("pk"))
    present = engine_models.row_in_use()
    if (present and present.pk) != (compared_with and compared_with.pk):
        reason = Sentence(gettext_noop("the version in use changed while it was trained"))
    row.number = engine_models.next_number()
    row.version = engine_models.version_name(row.base_version, row.number)
    row.evaluation["candidate"]["version"] = row.version
    if reason:
        row.reason, row.reason_said = reason.in_english()[:300], reason.as_dict()
        row.state = EngineModel.State.REFUSED
        row.save()
    else:
        engine_models.put_to_use(row, now=now)
    audit.record(action="engine.trained", about=row, details={"version": row.version, "taken": not reason})
    return Trained("refused" if reason else "taken", row.reason, row.decisions, row.evaluation, row)
