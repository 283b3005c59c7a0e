"""Learns from decided receipts how much a raw share of probability is worth."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from matching.core.proof import bound, shipped_evidence
from matching.core.scoring import Model, logit

ENOUGH = 150
_PULL = 4.0
_MOST_STEPS = 50
OWN_STATED = 0.6
"""With a curve of one's own a chance above this is worth saying: it was measured here."""
OWN_TARGET = 0.998
OWN_THRESHOLD = 0.995
"""With enough decisions of its own a tenant may go down to this threshold, if their bound and the others' reach it."""


class Decided:
    """Raw shares of winners, as log-odds, with whether they were right, from 0 to 1."""

    __slots__ = ("odds", "right")

    def __init__(self, rows: Iterable[tuple[float, float]] = ()) -> None:
        self.odds = array("d")
        self.right = array("d")
        for share, right in rows:
            self.add(share, right)

    def __len__(self) -> int:
        return len(self.odds)

    def add(self, share: float, right: float) -> None:
        """Note one decided receipt."""
        self.odds.append(logit(share))
        self.right.append(right)


@dataclass(slots=True)
class CalibrationLog:
    """What was decided, per source; and of that what may be automated."""

    rows: dict[str, Decided] = field(default_factory=dict)
    eligible: dict[str, Decided] = field(default_factory=dict)
    fitted: dict[str, tuple[int, tuple[float, float]]] = field(default_factory=dict)

    def add(self, source: str, share: float, right: float, *, eligible: bool = False) -> None:
        """Note one decided receipt."""
        self.rows.setdefault(str(source), Decided()).add(share, right)
        if eligible:
            self.eligible.setdefault(str(source), Decided()).add(share, right)


def fit_curve(rows: Iterable[tuple[float, float]], start: tuple[float, float] = (1.0, 0.0)) -> tuple[float, float]:
    """Slope and shift in log-odds that make shares honest, held near `start` when evidence is thin."""
    return _fit(Decided(rows), start)


def _fit(rows: Decided, start: tuple[float, float]) -> tuple[float, float]:
    """Newton's method; the loss is convex, and the pull towards `start` keeps its curvature positive.

    Units: log-odds.
    """
    x, y = np.clip(np.array(rows.odds), -12, 12), np.array(rows.right)
    slope, shift = start
    for _ in range(_MOST_STEPS):
        said = 1 / (1 + np.exp(-(slope * x + shift)))
        wrong, spread = said - y, said * (1 - said)
        pull = 2 * _PULL
        g1, g2 = (wrong * x).sum() + pull * (slope - start[0]), wrong.sum() + pull * (shift - start[1])
        h11, h12, h22 = (spread * x * x).sum() + pull, (spread * x).sum(), spread.sum() + pull
        determinant = h11 * h22 - h12 * h12
        step = ((h22 * g1 - h12 * g2) / determinant, (h11 * g2 - h12 * g1) / determinant)
        slope, shift = slope - step[0], shift - step[1]
        if abs(step[0]) + abs(step[1]) < 1e-9:
            break
    return float(min(3.0, max(0.05, slope))), float(min(4.0, max(-4.0, shift)))


def recalibrated(model: Model, log: CalibrationLog) -> Model:
    """The model with curves refitted where enough was decided; the shipped curves elsewhere.

    Shape: who has one's own curve is told more, see `OWN_STATED`.
    """
    curves, stated = dict(model.curves), model.stated
    for source, rows in log.rows.items():
        if len(rows) >= ENOUGH:
            known, curve = log.fitted.get(source, (0, (1.0, 0.0)))
            if known != len(rows):
                curve = _fit(rows, curves.get(source, (1.0, 0.0)))
                log.fitted[source] = (len(rows), curve)
            curves[source], stated = curve, min(stated, OWN_STATED)
    found = replace(model, curves=curves, stated=stated)
    automatic = {source: least for source in log.eligible if (least := _own_threshold(found, source, log)) is not None}
    return replace(found, automatic={**model.automatic, **automatic})


def _own_threshold(model: Model, source: str, log: CalibrationLog) -> float | None:
    """The lower threshold that this tenant's own decisions prove, where they do."""
    if source not in model.automatic:
        return None
    slope, shift = model.curves.get(source, (1.0, 0.0))
    rows = log.eligible[source]
    above = np.array(rows.right)[slope * np.array(rows.odds) + shift >= logit(OWN_THRESHOLD)]
    own = (len(above), round(len(above) - float(above.sum())))
    proved = bound(OWN_THRESHOLD, own, shipped_evidence(model, source).get(OWN_THRESHOLD, (0, 0)))
    return OWN_THRESHOLD if proved.least >= OWN_TARGET else None
