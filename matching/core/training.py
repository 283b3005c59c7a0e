"""Learns from a decided past: weights that make people's choices likely, and what a model would have said.

The same code fits the shipped weights, a tenant's correction of them, and judges either on a later slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

import numpy as np

from matching.core.confidence import look, sureness
from matching.core.feed import FeedRow, Verdict
from matching.core.replay import Decision, Replay, Watcher
from matching.core.scoring import Model
from matching.core.types import Receipt, Suggestion
from matching.core.weighing import Weighed

NOTHING = "nothing"
_RARE = 3
_CLOSE = 0.6
_MOST_STEPS = 400
Lines = tuple[tuple[int, Decimal], ...]


class Past(Protocol):
    """A past that can be run again: the replay's state, and its rows by day."""

    replay: Replay

    def days(self) -> Iterable[tuple[date, list[FeedRow]]]:
        """Rows by day, oldest first."""

    def run_day(self, day: date, rows: list[FeedRow]) -> list[Decision]:
        """Take up what was issued by that day, then judge its rows."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is known to be right about a receipt.

    Shape: `verdict` is None when people only said what it is not; `refused` holds those sets of invoices;
    `by_person` is False for what was done automatically and nobody corrected.
    """

    verdict: Verdict | None
    refused: tuple[Lines, ...] = ()
    by_person: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One decided receipt: the features and the score so far of every choice, and which one was taken."""

    choices: tuple[tuple[str, ...], ...]
    scores: tuple[float, ...]
    taken: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model said about a receipt whose answer it did not know.

    Shape: `share` is the winner's chance before its curve; `kind` is `NOTHING` when "settles nothing" won; `provable`
    says that the engine's own rule allows automation, `eligible` that a proven threshold may; `looked` are the numbers
    of `confidence.look`, empty where nothing won.
    """

    day: date
    source: str
    kind: str
    share: float
    right: bool
    provable: bool
    eligible: bool
    by_person: bool = True
    looked: tuple[float, ...] = ()


def collect(
    past: Past, labels: Mapping[str, Label], *, until: date | None = None, withheld_from: date | None = None
) -> tuple[list[Case], int]:
    """Run the past with its verdicts and return every labelled choice before `until`, and how many were not offered.

    From `withheld_from` on the state rests on what the model itself decides.
    """
    cases: list[Case] = []
    missed = 0
    replay = past.replay

    def watch(receipt: Receipt, weighed: Weighed, _: Suggestion) -> None:
        nonlocal missed
        label = labels.get(receipt.id)
        if label is None or label.verdict is None or not label.by_person:
            return
        taken = _place(weighed, set(replay.in_minor(label.verdict)))
        if taken is None:
            missed += 1
            return
        choices = tuple(tuple(names) for names in (*weighed.names, weighed.none_names))
        cases.append(Case(choices, (*weighed.scores, weighed.none_score), taken))

    _run(past, watch, until=until or date.max, withheld_from=withheld_from or date.max)
    return cases, missed


def judge(past: Past, labels: Mapping[str, Label], *, since: date | None = None) -> list[Judged]:
    """Run the past and return what was said about each labelled receipt from `since` on.

    The verdicts of those receipts are withheld: the state goes on from what the model itself decides.
    """
    replay = past.replay
    judged: list[Judged] = []

    def watch(receipt: Receipt, weighed: Weighed, said: Suggestion) -> None:
        label = labels.get(receipt.id)
        if label is None or (since is not None and receipt.booking_date < since):
            return
        right = _is_right(replay, weighed, label)
        if right is not None:
            judged.append(_judged(receipt, weighed, said, label, model=replay.model, right=right))

    _run(past, watch, withheld_from=since or date.min)
    return judged


def fit(cases: Sequence[Case], *, ridge: float) -> dict[str, float]:
    """What to add to the weights behind the cases' scores so that the choices people took become likely.

    Shape: only features that at least three cases show; empty without cases. Held near zero by `ridge`.
    """
    counts: dict[str, int] = {}
    for case in cases:
        for name in {name for choice in case.choices for name in choice}:
            counts[name] = counts.get(name, 0) + 1
    columns = {name: place for place, name in enumerate(sorted(name for name in counts if counts[name] >= _RARE))}
    if not columns:
        return {}
    indices: list[int] = []
    pointers, begin, chosen = [0], [], []
    for case in cases:
        begin.append(len(pointers) - 1)
        chosen.append(len(pointers) - 1 + case.taken)
        for choice in case.choices:
            indices.extend(columns[name] for name in choice if name in columns)
            pointers.append(len(indices))
    # Here and not above: SciPy takes a second to load, which every command and worker would wait for.
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((np.ones(len(indices)), indices, pointers), shape=(len(pointers) - 1, len(columns)))
    known = np.array([score for case in cases for score in case.scores])
    starts, taken = np.array(begin), np.array(chosen)
    sizes = np.diff([*begin, len(pointers) - 1])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = known + matrix @ weights
        parts = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        chances = parts / np.repeat(np.add.reduceat(parts, starts), sizes)
        value = -np.log(np.maximum(chances[taken], 1e-12)).sum() + ridge * float(weights @ weights)
        chances[taken] -= 1.0
        return float(value), matrix.T @ chances + 2 * ridge * weights

    best = minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS})
    return {name: float(best.x[place]) for name, place in columns.items()}


def corrected(base: Model, added: Mapping[str, float]) -> Model:
    """The model with what was learned added to its weights."""
    names = base.weights.keys() | added.keys()
    return replace(base, weights={name: base.weights.get(name, 0.0) + added.get(name, 0.0) for name in names})


def _run(past: Past, watch: Watcher, *, until: date = date.max, withheld_from: date = date.max) -> None:
    past.replay.watch = watch
    for day, rows in past.days():
        if day >= until:
            break
        if day >= withheld_from:
            past.replay.verdicts = {}
        past.run_day(day, rows)


def _place(weighed: Weighed, answer: set[tuple[int, int]]) -> int | None:
    """The place of the answer; where no hypothesis is just that, of the one that comes closest to a long list."""
    if not answer:
        return len(weighed.hypotheses)
    best, closest = None, _CLOSE
    for place, one in enumerate(weighed.hypotheses):
        said = set(zip((debt.id for debt in one.debts), one.amounts, strict=True))
        if said == answer:
            return place
        if len(said & answer) > closest * len(said | answer):
            best, closest = place, len(said & answer) / len(said | answer)
    return best


def _is_right(replay: Replay, weighed: Weighed, label: Label) -> bool | None:
    """Whether the winner is what the label says; None when people only turned down something else."""
    answer: set[tuple[int, int]] = set()
    if not weighed.settles_nothing:
        best = weighed.hypotheses[0]
        answer = {(debt.id, amount) for debt, amount in zip(best.debts, best.amounts, strict=True)}
    if label.verdict is not None:
        return answer == set(replay.in_minor(label.verdict))
    refused = [set(replay.in_minor(Verdict("", lines, ""))) for lines in label.refused]
    return False if answer in refused else None


def _judged(receipt: Receipt, weighed: Weighed, said: Suggestion, label: Label, *, model: Model, right: bool) -> Judged:
    won = not weighed.settles_nothing
    return Judged(
        day=receipt.booking_date,
        source=str(receipt.source),
        kind=str(weighed.hypotheses[0].kind) if won else NOTHING,
        share=sureness(weighed, model) if won else weighed.none_share,
        right=right,
        provable=won and said.auto,
        eligible=won and said.eligible,
        by_person=label.by_person,
        looked=tuple(look(weighed)) if won else (),
    )
