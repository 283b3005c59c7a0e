"""Grows the trees that say how far a winner may be trusted, and turns them into plain arrays."""

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np

from matching.core.confidence import LOOKED_AT
from matching.core.training import NOTHING, Judged
from matching.core.trees import Trees

TREES = 160
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.06,
    "min_data_in_leaf": 60,
    "lambda_l2": 8.0,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "num_threads": 2,
    "seed": 7,
    "verbose": -1,
}
# What can only speak for a winner, or only against it, whatever few examples say.
RISING = {"share", "lead", "lead_over_nothing"}
FALLING = {"doubts", "equal_in_doubt"}


def grow(judged: Sequence[Judged], source: str) -> Trees | None:
    """Trees that correct the log-odds of the winners of one source; None without winners both right and wrong."""
    rows = [one for one in judged if one.source == source and one.kind != NOTHING]
    looked = np.array([one.looked for one in rows], dtype=float)
    right = np.array([one.right for one in rows], dtype=float)
    if not 0 < right.sum() < len(right):
        return None
    bounds = [1 if name in RISING else -1 if name in FALLING else 0 for name in LOOKED_AT]
    data = lightgbm.Dataset(looked, right, init_score=looked[:, 0], feature_name=list(LOOKED_AT))
    booster = lightgbm.train({**SETTINGS, "monotone_constraints": bounds}, data, TREES)
    return flattened([tree["tree_structure"] for tree in booster.dump_model()["tree_info"]])


def flattened(structures: Sequence[dict[str, Any]]) -> Trees:
    """The trees as arrays of nodes."""
    roots: list[int] = []
    nodes: list[list[float]] = []

    def add(node: dict[str, Any]) -> int:
        place = len(nodes)
        nodes.append([0, 0.0, place, place, node.get("leaf_value", 0.0)])
        if "split_feature" in node:
            left, right = add(node["left_child"]), add(node["right_child"])
            nodes[place] = [node["split_feature"], node["threshold"], left, right, 0.0]
        return place

    for structure in structures:
        roots.append(add(structure))
    feature, threshold, left, right, value = zip(*nodes, strict=True)
    return Trees(roots, [int(one) for one in feature], threshold, [int(one) for one in left],
                 [int(one) for one in right], value)  # fmt: skip
