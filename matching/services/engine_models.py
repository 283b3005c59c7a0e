"""Which version of what was learned judges this tenant's payments, and how a person changes that."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from accounts.models import User
from banking.models import BankTransaction
from matching.core.proof import Bound, is_alike, proven_threshold
from matching.core.scoring import Model, shipped_model
from matching.core.training import corrected
from matching.models import AutoApprovalPolicy, EngineModel
from payments.models import StripePayment
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from payymo.shared.models import ReceiptState

LEAST_RIGHT = 0.999
_OPEN = (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)


class NotUsable(Conflict):
    """This version cannot judge payments any more."""

    code = "engine_model_not_usable"


def row_in_use() -> EngineModel | None:
    """Return the version in use; None while the shipped weights are, also after an upgrade that replaced its base."""
    row = EngineModel.objects.filter(state=EngineModel.State.IN_USE).first()
    return row if row is not None and row.base_version == shipped_model().version else None


def model_in_use() -> Model:
    """Return what the engine judges this tenant's payments with: weights, curves and proven thresholds."""
    row = row_in_use()
    return shipped_model() if row is None else model_of(row, target=target_precision())


def proven_here() -> dict[str, float]:
    """Return the thresholds that this tenant's own payments proved for what its policy asks."""
    row = row_in_use()
    return proven(row.evaluation, target=target_precision()) if row is not None else {}


def model_of(row: EngineModel, *, target: float) -> Model:
    """Build a version's model; it automates from thresholds whose bound reaches `target`, else as shipped."""
    return build(
        version=row.version,
        added=row.added,
        curves={source: (float(slope), float(shift)) for source, (slope, shift) in row.curves.items()},
        automatic={**_as_shipped(row.evaluation), **proven(row.evaluation, target=target)},
    )


def _as_shipped(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the shipped thresholds, without those at which the tenant's own errors say otherwise."""
    bounds = evaluation.get("candidate", {}).get("bounds", {})
    kept = {}
    for source, least in shipped_model().automatic.items():
        own = [Bound(**one) for one in bounds.get(source, ())]
        if all(
            is_alike((one.seen, one.wrong), (one.other_seen, one.other_wrong)) for one in own if one.threshold == least
        ):
            kept[source] = least
    return kept


def build(
    *,
    version: str,
    added: Mapping[str, float],
    curves: Mapping[str, tuple[float, float]],
    automatic: Mapping[str, float],
) -> Model:
    """Put what was learned on top of the shipped model."""
    base = corrected(shipped_model(), added)
    return replace(base, version=version, curves={**base.curves, **curves}, automatic=automatic)


def proven(evaluation: Mapping[str, Any], *, target: float) -> dict[str, float]:
    """Return the least probability per source whose bound reaches `target`; a source without proof is left out."""
    found = {
        source: proven_threshold([Bound(**one) for one in rows], target=target)
        for source, rows in evaluation.get("candidate", {}).get("bounds", {}).items()
    }
    return {source: least for source, least in found.items() if least is not None}


def target_precision() -> float:
    """Return the share that must come out right of what happens alone, as the tenant's policy asks."""
    asked = AutoApprovalPolicy.objects.order_by("pk").values_list("least_probability", flat=True).first()
    return asked if asked is not None else LEAST_RIGHT


def next_number() -> int:
    """Return the number of the next version."""
    return (EngineModel.objects.aggregate(highest=Max("number"))["highest"] or 0) + 1


@transaction.atomic
def use(*, number: int, by: User, now: datetime) -> EngineModel:
    """Let a person choose the version that judges from now on; training does not replace it by itself.

    Raises: EngineModel.DoesNotExist; NotUsable for one that was refused or learned on other shipped weights.
    """
    rows = {row.number: row for row in EngineModel.objects.select_for_update().order_by("pk")}
    if (row := rows.get(number)) is None:
        raise EngineModel.DoesNotExist
    if row.state == EngineModel.State.REFUSED:
        raise NotUsable(
            gettext("Version %(number)s was refused: %(reason)s") % {"number": number, "reason": row.reason_in_words}
        )
    if row.base_version != shipped_model().version:
        raise NotUsable(
            gettext("Version %(number)s was learned on other shipped weights. Train again instead.")
            % {"number": number}
        )
    put_to_use(row, now=now, by=by)
    audit.record(action="engine.chosen", about=row, details={"version": row.version})
    return row


@transaction.atomic
def use_shipped(*, by: User, now: datetime) -> EngineModel:
    """Let a person go back to the shipped weights: a version of its own, so that the history shows it."""
    list(EngineModel.objects.select_for_update().order_by("pk"))
    base = shipped_model().version
    number = next_number()
    row = EngineModel(number=number, version=version_name(base, number), base_version=base, trained_at=now)
    put_to_use(row, now=now, by=by)
    audit.record(action="engine.chosen", about=row, details={"version": row.version})
    return row


@transaction.atomic
def let_learn(*, now: datetime) -> EngineModel | None:
    """Let training replace the version in use again; return it, or None when no person had chosen one."""
    row = EngineModel.objects.select_for_update().filter(state=EngineModel.State.IN_USE).first()
    if row is None or row.chosen_by_id is None:
        return None
    row.chosen_by_id, row.chosen_by_name = None, ""
    row.save(update_fields=["chosen_by_id", "chosen_by_name"])
    audit.record(action="engine.released", about=row, details={"version": row.version})
    return row


def version_name(base: str, number: int) -> str:
    """Name a version so that a proposal tells both the shipped weights and what was learned."""
    return f"{base}+{number}"


def put_to_use(row: EngineModel, *, now: datetime, by: User | None = None) -> None:
    """Make a version the one in use inside the caller's transaction, and let the engine look at open payments again."""
    EngineModel.objects.filter(state=EngineModel.State.IN_USE).exclude(pk=row.pk).update(
        state=EngineModel.State.KEPT, chosen_by_id=None, chosen_by_name=""
    )
    row.state, row.used_since = EngineModel.State.IN_USE, now
    row.chosen_by_id, row.chosen_by_name = (by.pk, by.display_name) if by is not None else (None, "")
    row.save()
    look_again()


def look_again() -> None:
    """Let the engine judge every open payment anew, in its next rounds."""
    for model in (BankTransaction, StripePayment):
        model.objects.filter(state__in=_OPEN).exclude(proposed_at=None).update(proposed_at=None)
