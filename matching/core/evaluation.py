"""Measures a model on decisions it did not know: how honest its probabilities are, and how far they carry.

Shape: every figure is plain data, ready for JSON; the order of the judged receipts changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import ceil, log
from typing import Any

import numpy as np

from matching.core.proof import bounds, shipped_evidence, tally
from matching.core.scoring import Model, calibrated
from matching.core.training import NOTHING, Judged

BINS = 10
CURVE_POINTS = 40
_TINY = 1e-6


def said_and_right(model: Model, judged: Sequence[Judged]) -> list[tuple[float, bool]]:
    """The probability of each winner with whether it was right, surest first and right before wrong."""
    rows = [(calibrated(model, one.source, one.share), one.right) for one in judged if one.kind != NOTHING]
    return sorted(rows, reverse=True)


def evaluation(model: Model, judged: Sequence[Judged], *, shipped: Model) -> dict[str, Any]:
    """Everything the report shows about one model on one hold-out."""
    rows = said_and_right(model, judged)
    own = tally(model, judged)
    return {
        "version": model.version,
        "receipts": len(judged),
        "by_people": sum(one.by_person for one in judged),
        "right": sum(one.right for one in judged),
        "offered": len(rows),
        "offered_right": sum(right for _, right in rows),
        "log_loss": log_loss(model, judged),
        "calibration_error": calibration_error(rows),
        "bins": reliability(rows),
        "coverage": coverage(rows, of=len(judged)),
        "kinds": by_kind(model, judged),
        "rule": _rule(judged),
        "bounds": {
            source: [_plain(one) for one in bounds(own.get(source, {}), shipped_evidence(shipped, source))]
            for source in sorted({one.source for one in judged})
        },
    }


def log_loss(model: Model, judged: Sequence[Judged]) -> float:
    """The mean surprise in nats over every receipt, "settles nothing" included. Smaller is better."""
    if not judged:
        return 0.0
    total = 0.0
    for one in judged:
        chance = one.share if one.kind == NOTHING else calibrated(model, one.source, one.share)
        chance = min(1 - _TINY, max(_TINY, chance))
        total -= log(chance if one.right else 1 - chance)
    return total / len(judged)


def reliability(rows: Sequence[tuple[float, bool]], bins: int = BINS) -> list[dict[str, Any]]:
    """What was said against what came true, in bins of equal size, least sure first; with a 95 % interval."""
    # Here and not above: SciPy takes a second to load, which every command and worker would wait for.
    from scipy.special import betaincinv

    ordered = _evened(rows)
    found = []
    for part in np.array_split(np.arange(len(ordered)), min(bins, len(ordered)) or 1):
        if not len(part):
            continue
        some = ordered[int(part[0]) : int(part[-1]) + 1]
        seen, right = len(some), sum(right for _, right in some)
        found.append(
            {
                "n": seen,
                "from": some[0][0],
                "to": some[-1][0],
                "said": sum(said for said, _ in some) / seen,
                "right": right / seen,
                "low": float(betaincinv(right, seen - right + 1, 0.025)) if right > 0 else 0.0,
                "high": float(betaincinv(right + 1, seen - right, 0.975)) if right < seen else 1.0,
            }
        )
    return found


def _evened(rows: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Rows by probability; equal probabilities share out what was right, so that no bin gets the luckier ones."""
    groups: dict[float, list[bool]] = {}
    for said, right in rows:
        groups.setdefault(said, []).append(right)
    return [(said, sum(group) / len(group)) for said, group in sorted(groups.items()) for _ in group]


def calibration_error(rows: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """The mean distance between said and true over bins of equal size, weighted by size."""
    if not rows:
        return 0.0
    return float(sum(one["n"] * abs(one["said"] - one["right"]) for one in reliability(rows, bins)) / len(rows))


def coverage(rows: Sequence[tuple[float, bool]], *, of: int) -> list[dict[str, float]]:
    """The share of receipts above a probability with the share right among them, surest first, at most 40 points.

    Receipts of one probability stand together, so that their order changes nothing.
    """
    points: list[dict[str, float]] = []
    right = 0
    for place, (said, is_right) in enumerate(rows, 1):
        right += is_right
        if place == len(rows) or rows[place][0] != said:
            points.append({"share": place / max(1, of), "right": right / place, "at": said})
    step = ceil(len(points) / CURVE_POINTS) or 1
    return points[step - 1 :: step] + (points[-1:] if points and len(points) % step else [])


def by_kind(model: Model, judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """How many receipts of each source and kind, how many right, and what was said on average."""
    kinds: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    for one in judged:
        said = one.share if one.kind == NOTHING else calibrated(model, one.source, one.share)
        kinds.setdefault((one.source, one.kind), []).append((said, one.right))
    return [
        {
            "source": source,
            "kind": kind,
            "n": len(rows),
            "right": sum(right for _, right in rows),
            "said": sum(sorted(said for said, _ in rows)) / len(rows),
        }
        for (source, kind), rows in sorted(kinds.items())
    ]


class Worse(Enum):
    """In what a candidate is worse than the model in use."""

    FEWER_RIGHT = "fewer_right"
    FITS_LESS_WELL = "fits_less_well"


def worse_than(candidate: dict[str, Any], present: dict[str, Any]) -> Worse | None:
    """Why a candidate may not replace the model in use, measured on the same receipts; None when it may."""
    if candidate["right"] < present["right"]:
        return Worse.FEWER_RIGHT
    return Worse.FITS_LESS_WELL if candidate["log_loss"] > present["log_loss"] + _TINY else None


def _rule(judged: Sequence[Judged]) -> dict[str, int]:
    rule = [one for one in judged if one.provable]
    return {"n": len(rule), "wrong": sum(not one.right for one in rule)}


def _plain(one: Any) -> dict[str, Any]:
    return {
        "threshold": one.threshold, "seen": one.seen, "wrong": one.wrong, "other_seen": one.other_seen,
        "other_wrong": one.other_wrong, "least": one.least, "borrows": one.borrows,
    }  # fmt: skip
