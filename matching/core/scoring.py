"""Weighs hypotheses against each other and against "settles nothing", and says how sure the winner is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from math import exp, log, tanh
from typing import Any

from matching.core.trees import Trees

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Model:
    """Weights in log-odds by feature, and the curve that turns raw into honest probability, per source.

    Shape: `curves[source]` is (slope, shift) in log-odds; an unknown feature weighs nothing; `trees[source]` moves the
    log-odds of a winner by how it won, see confidence.py; `automatic[source]` is the least probability from which a
    proven bound allows automation, absent where nothing is proven; `evidence[source]` holds, by threshold, how many
    held-out receipts of unseen hosts the model decided and how many of them wrongly; below `stated` an allocation is
    better left unsaid.
    """

    version: str
    weights: Mapping[str, float]
    curves: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    automatic: Mapping[str, float] = field(default_factory=dict)
    evidence: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    trees: Mapping[str, Trees] = field(default_factory=dict)
    stated: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain state, ready for JSON."""
        return {
            "version": self.version,
            "weights": {name: round(weight, 4) for name, weight in sorted(self.weights.items())},
            "curves": {source: list(curve) for source, curve in sorted(self.curves.items())},
            "automatic": dict(sorted(self.automatic.items())),
            "evidence": {
                source: {threshold: list(counts) for threshold, counts in sorted(rows.items())}
                for source, rows in sorted(self.evidence.items())
            },
            "stated": self.stated,
            "trees": {source: trees.to_dict() for source, trees in sorted(self.trees.items())},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Model:
        """The model that `to_dict` described."""
        curves = {str(source): (float(a), float(b)) for source, (a, b) in state["curves"].items()}
        evidence = {
            str(source): {str(threshold): (int(seen), int(wrong)) for threshold, (seen, wrong) in rows.items()}
            for source, rows in state.get("evidence", {}).items()
        }
        return cls(
            version=str(state["version"]),
            weights={str(name): float(weight) for name, weight in state["weights"].items()},
            curves=curves,
            automatic={str(source): float(least) for source, least in state.get("automatic", {}).items()},
            evidence=evidence,
            stated=float(state.get("stated", 0.0)),
            trees={str(source): Trees.from_dict(one) for source, one in state.get("trees", {}).items()},
        )


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The weights a tenant starts with.

    Source: benchmarks/train_matching.py writes them.
    """
    text = files("matching.core").joinpath("weights.json").read_text(encoding="utf-8")
    return Model.from_dict(json.loads(text))


def score(model: Model, names: Sequence[str]) -> float:
    """The log-odds of one hypothesis: the sum of its features' weights."""
    weight_of = model.weights.get
    return sum([weight_of(name, 0.0) for name in names])


def shares(scores: Sequence[float]) -> list[float]:
    """Probabilities that sum to one, in the order of the scores."""
    highest = max(scores)
    parts = [exp(value - highest) for value in scores]
    total = sum(parts)
    return [part / total for part in parts]


def sigmoid(odds: float) -> float:
    """The probability of log-odds."""
    return 0.5 * (1 + tanh(0.5 * odds))


def logit(probability: float) -> float:
    """Log-odds of a probability, kept finite."""
    bounded = min(1 - _TINY, max(_TINY, probability))
    return log(bounded / (1 - bounded))


def calibrated(model: Model, source: str, probability: float) -> float:
    """The chance that the winner is exactly right, given its raw share."""
    slope, shift = model.curves.get(source, (1.0, 0.0))
    return sigmoid(slope * logit(probability) + shift)
