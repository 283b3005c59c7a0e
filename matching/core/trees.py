"""Boosted regression trees as plain arrays: read from JSON, answered with a few array steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class Trees:
    """The sum of many small trees.

    Shape: node i goes to `left[i]` when `x[feature[i]] <= threshold[i]`, else to `right[i]`; a leaf leads to itself.
    """

    __slots__ = ("_asking", "_feature", "_left", "_right", "_roots", "_steps", "_threshold", "_value")

    def __init__(
        self,
        roots: Sequence[int],
        feature: Sequence[int],
        threshold: Sequence[float],
        left: Sequence[int],
        right: Sequence[int],
        value: Sequence[float],
    ) -> None:
        self._roots = np.array(roots, dtype=np.int32)
        self._feature = np.array(feature, dtype=np.int32)
        self._threshold = np.array(threshold, dtype=np.float64)
        self._left = np.array(left, dtype=np.int32)
        self._right = np.array(right, dtype=np.int32)
        self._value = np.array(value, dtype=np.float64)
        nodes = len(self._value)
        parts = (self._feature, self._threshold, self._left, self._right)
        if any(len(part) != nodes for part in parts):
            raise ValueError("the arrays of the trees differ in length")
        if nodes and not all(part.min() >= 0 and part.max() < nodes for part in (self._left, self._right, self._roots)):
            raise ValueError("a tree leads outside its arrays")
        self._steps = self._depth()
        self._asking = self._questions_first()

    def _depth(self) -> int:
        """Steps until every path stands on a leaf."""
        here, steps = self._roots, 0
        while len(here := here[self._left[here] != here]):
            here = np.concatenate((self._left[here], self._right[here]))
            steps += 1
            if steps > len(self._value):
                raise ValueError("a tree leads back to itself")
        return steps

    def _questions_first(self) -> tuple[np.ndarray[Any, Any], ...]:
        """The nodes that ask, then the leaves: roots, feature, threshold, left and right of the former, and values."""
        places = np.arange(len(self._value))
        asks = self._left != places
        order = np.concatenate((places[asks], places[~asks]))
        new = np.empty_like(order)
        new[order] = places
        count = int(asks.sum())
        inner = order[:count]
        return (
            new[self._roots],
            self._feature[inner].astype(np.intp),
            self._threshold[inner],
            new[self._left[inner]],
            new[self._right[inner]],
            places[count:],
            self._value[order],
        )

    def total(self, row: Sequence[float]) -> float:
        """What the trees add for one row of features."""
        if not len(self._roots):
            return 0.0
        here, feature, threshold, left, right, leaves, value = self._asking
        # Every question is answered at once: that is less to do than a few steps with fewer questions each.
        below = np.array(row, dtype=np.float64).take(feature) <= threshold
        following = np.concatenate((np.where(below, left, right), leaves))
        for _ in range(self._steps):
            here = following.take(here)
        return float(value.take(here).sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain state, ready for JSON."""
        return {
            "roots": self._roots.tolist(),
            "feature": self._feature.tolist(),
            "threshold": [round(one, 6) for one in self._threshold.tolist()],
            "left": self._left.tolist(),
            "right": self._right.tolist(),
            "value": [round(one, 5) for one in self._value.tolist()],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Trees:
        """The trees that `to_dict` described.

        Raises: ValueError for arrays that do not fit together; KeyError for a missing one.
        """
        return cls(*(state[name] for name in ("roots", "feature", "threshold", "left", "right", "value")))
