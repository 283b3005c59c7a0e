"""Fit the weights that Payymo ships: `train_matching.py DIR [DIR ...] --out matching/core/weights.json`.

Each DIR holds an export with a reviewer's past decisions (feedback.jsonl). They are replayed in order; every decided
row gives one choice among its hypotheses and "settles nothing"; a conditional logit with a ridge fits the choices.
The curve that makes probabilities honest is fitted on hosts that the weights did not see.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.core.calibration import fit_curve
from matching.core.engine import Weighed
from matching.core.scoring import Model
from matching.core.types import Receipt, Source
from matching.management.commands.match_files import FileRun
from matching.parsers.export import Export

VERSION = f"{date.today():%Y.%m.%d}"  # noqa: DTZ011
RIDGE = 0.3
RARE = 3
# What past exports cannot teach, since a rejected proposal leaves no trace in them.
GIVEN = {"rejected": -3.0}


class Case:
    """One decided row: the features of every choice, and which one the reviewer took."""

    __slots__ = ("choices", "source", "taken")

    def __init__(self, choices: list[list[str]], taken: int, source: str) -> None:
        self.choices, self.taken, self.source = choices, taken, source


def collect(folder: Path) -> tuple[list[Case], int]:
    """Every decided row of one host, and how many answers were not among the hypotheses."""
    cases: list[Case] = []
    missed = 0
    run = FileRun(Export(folder, lambda error: print(error, file=sys.stderr)))
    run.replay.use(Model("0", {}, {}))

    def watch(receipt: Receipt, weighed: Weighed, answer: tuple[tuple[int, int], ...]) -> None:
        nonlocal missed
        choices = [*weighed.names, weighed.none_names]
        taken = len(choices) - 1
        if answer:
            sets = [
                {(debt.id, amount) for debt, amount in zip(one.debts, one.amounts, strict=True)}
                for one in weighed.hypotheses
            ]
            if set(answer) not in sets:
                missed += 1
                return
            taken = sets.index(set(answer))
        cases.append(Case(choices, taken, str(receipt.source)))

    run.replay.watch = watch
    for day, rows in run.days():
        run.run_day(day, rows)
    return cases, missed


def fit(cases: Sequence[Case]) -> dict[str, float]:
    """Weights by feature that make the reviewers' choices most likely."""
    counts: dict[str, int] = {}
    for case in cases:
        for name in {name for choice in case.choices for name in choice}:
            counts[name] = counts.get(name, 0) + 1
    columns = {name: place for place, name in enumerate(sorted(name for name in counts if counts[name] >= RARE))}
    indices, pointers, starts, taken = [], [0], [], []
    for case in cases:
        starts.append(len(pointers) - 1)
        taken.append(len(pointers) - 1 + case.taken)
        for choice in case.choices:
            indices.extend(columns[name] for name in choice if name in columns)
            pointers.append(len(indices))
    matrix = csr_matrix((np.ones(len(indices)), indices, pointers), shape=(len(pointers) - 1, len(columns)))
    begin, chosen = np.array(starts), np.array(taken)
    sizes = np.diff([*starts, len(pointers) - 1])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = matrix @ weights
        highest = np.repeat(np.maximum.reduceat(scores, begin), sizes)
        parts = np.exp(scores - highest)
        totals = np.add.reduceat(parts, begin)
        chances = parts / np.repeat(totals, sizes)
        value = -np.log(np.maximum(chances[chosen], 1e-12)).sum() + RIDGE * float(weights @ weights)
        chances[chosen] -= 1.0
        return float(value), matrix.T @ chances + 2 * RIDGE * weights

    best = minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return {**GIVEN, **{name: float(best.x[place]) for name, place in columns.items()}}


def outcomes(folder: Path, weights: dict[str, float]) -> dict[str, list[tuple[float, float]]]:
    """Shares of the winners with whether the reviewer agreed, on a host that lives by its own decisions alone."""
    run = FileRun(Export(folder, lambda error: print(error, file=sys.stderr)))
    verdicts, run.replay.verdicts = run.replay.verdicts, {}
    run.replay.use(Model("0", weights, {}))
    rows: dict[str, list[tuple[float, float]]] = {}
    for day, batch in run.days():
        for decision in run.run_day(day, batch):
            verdict = verdicts.get(decision.row_id)
            if verdict is not None and decision.allocations:
                source = str(Source.STRIPE_CHARGE if decision.row_id.startswith("ch_") else Source.BANK)
                given = {(one.invoice_id, one.amount_minor) for one in decision.allocations}
                right = given == set(run.replay.in_minor(verdict))
                rows.setdefault(source, []).append((decision.confidence, float(right)))
    return rows


def main() -> None:
    """Collect, fit, calibrate and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    hosts = []
    for folder in options.folders:
        cases, missed = collect(folder)
        print(f"{folder.name}: {len(cases)} decided rows, {missed} answers not among the hypotheses")
        hosts.append(cases)
    held: dict[str, list[tuple[float, float]]] = {}
    for place, folder in enumerate(options.folders):
        others = [case for number, host in enumerate(hosts) if number != place or len(hosts) == 1 for case in host]
        for source, rows in outcomes(folder, fit(others)).items():
            held.setdefault(source, []).extend(rows)
    curves = {source: fit_curve(rows) for source, rows in held.items()}
    for source, rows in held.items():
        print(source, len(rows), "right", sum(right for _, right in rows) / len(rows), "curve", curves[source])
    model = Model(VERSION, fit([case for host in hosts for case in host]), curves)
    options.out.write_text(json.dumps(model.to_dict(), indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
