"""Learns from decided receipts how much a raw share of probability is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize

from matching.core.scoring import Model, logit

ENOUGH = 150
_PULL = 4.0


@dataclass(slots=True)
class CalibrationLog:
    """Raw shares of winners with whether they were right, per source."""

    rows: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    fitted: dict[str, tuple[int, tuple[float, float]]] = field(default_factory=dict)

    def add(self, source: str, share: float, right: float) -> None:
        """Note one decided receipt."""
        self.rows.setdefault(str(source), []).append((share, right))


def fit_curve(rows: Sequence[tuple[float, float]], start: tuple[float, float] = (1.0, 0.0)) -> tuple[float, float]:
    """Slope and shift in log-odds that make shares honest, held near `start` when evidence is thin.

    Units: log-odds.
    """
    x = np.array([logit(share) for share, _ in rows])
    y = np.array([right for _, right in rows], dtype=float)
    x = np.clip(x, -12, 12)
    held = np.array(start)

    def loss(curve: np.ndarray) -> tuple[float, np.ndarray]:
        z = curve[0] * x + curve[1]
        value = (np.logaddexp(0, z) - y * z).sum() + _PULL * ((curve - held) ** 2).sum()
        wrong = np.exp(-np.logaddexp(0, -z)) - y
        return float(value), np.array([wrong @ x, wrong.sum()]) + 2 * _PULL * (curve - held)

    bounds = ((0.05, 3.0), (-4.0, 4.0))
    best = minimize(loss, held, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(best[0]), float(best[1])


def recalibrated(model: Model, log: CalibrationLog) -> Model:
    """The model with curves refitted where enough was decided; the shipped curves elsewhere."""
    curves = dict(model.curves)
    for source, rows in log.rows.items():
        if len(rows) >= ENOUGH:
            known, curve = log.fitted.get(source, (0, (1.0, 0.0)))
            if known != len(rows):
                curve = fit_curve(rows, curves.get(source, (1.0, 0.0)))
                log.fitted[source] = (len(rows), curve)
            curves[source] = curve
    return replace(model, curves=curves)
