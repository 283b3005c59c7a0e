"""Fit the model that Payymo ships: `train_matching.py DIR [DIR ...] --proof DIR [DIR ...] --out FILE`.

Each DIR holds an export with a reviewer's decisions (feedback.jsonl); nothing else is learned from. Best they come from
`make_hosts.py --careful`, since slips cap what can be proven. Every past is run twice: knowing no decision, and knowing
those of its first half. What was decided but not known gives

1. the weights: one choice among hypotheses and "settles nothing" a row; a conditional logit with a ridge,
2. the trees that say how far a winner may be trusted, grown on hosts that the weights did not see,
3. the curve that makes their probabilities honest, on hosts that neither saw.

Hosts are dealt into two halves in the order given; each half is judged by what the other half taught. The hosts of
--proof teach nothing: on them it is counted how many receipts the finished model would automate, and how many of
those wrongly. With --model FILE an earlier model is proved again instead of fitting one; --processes N share the work.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.boosting import grow
from matching.core.calibration import fit_curve
from matching.core.proof import DOUBT, THRESHOLDS, lower_bound, tally
from matching.core.scoring import Model, shipped_model, sigmoid
from matching.core.training import NOTHING, Case, Judged, Label, collect, fit, judge
from matching.core.types import Source
from matching.management.commands.match_files import FileRun
from matching.parsers.export import Export

VERSION = f"{date.today():%Y.%m.%d}"  # noqa: DTZ011
RIDGE = 0.3
PROVEN = 0.9985
# Real hosts hold what no invented one does: nothing below is shipped, whatever the proof shows.
LEAST_AUTOMATIC = 0.998
# A wrong allocation costs a bookkeeper as much as three missing ones.
STATED = 0.75
# What past exports cannot teach, since a rejected proposal leaves no trace in them.
GIVEN = {"rejected": -3.0}
KNOWN_PARTS = (0.0, 0.5)
SOURCES = tuple(str(source) for source in Source)
Found = TypeVar("Found")


@dataclass
class Half:
    """Some of the hosts, and what was learned from them."""

    folders: list[Path]
    cases: list[Case] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)


def open_past(folder: Path, model: Model, known: float) -> tuple[FileRun, dict[str, Label], date]:
    """A host's past, its reviewer's decisions, and the day from which they are withheld."""
    run = FileRun(Export(folder, lambda error: print(error, file=sys.stderr)))
    run.replay.use(model)
    run.replay.refits = False
    labels = {key: Label(verdict) for key, verdict in run.replay.verdicts.items()}
    feed = Export(folder, lambda _: None)
    rows = [row for some in (feed.bank_rows(), feed.charges()) for row in some]
    days = sorted(row.on for row in rows if row.id in labels and row.on is not None)
    return run, labels, days[int(known * len(days))] if days else date.min


def choices(folder: Path, known: float) -> list[Case]:
    """What the reviewer chose, from a state that rests on decisions until then and on guesses from then on."""
    past, labels, since = open_past(folder, shipped_model(), known)
    cases, missed = collect(past, labels, withheld_from=since)
    print(f"{folder.name}, {known:.0%} known: {len(cases)} choices, {missed} not among the hypotheses", flush=True)
    return cases


def outcomes(folder: Path, known: float, model: Model) -> list[Judged]:
    """What a model makes of the decisions it does not know."""
    past, labels, since = open_past(folder, model, known)
    return judge(past, labels, since=since)


def of_each(pool: Pool, task: Callable[..., list[Found]], folders: Sequence[Path], *rest: Any) -> list[Found]:
    """Run a task for every past, and return what it finds in the order of the folders."""
    waiting = [(folder, known, *rest) for folder in folders for known in KNOWN_PARTS]
    return [one for found in pool.starmap(task, waiting, chunksize=1) for one in found]


def weights_of(cases: Sequence[Case]) -> dict[str, float]:
    """The weights that explain these choices best."""
    plain = [replace(case, scores=(0.0,) * len(case.scores)) for case in cases]
    return {**GIVEN, **fit(plain, ridge=RIDGE)}


def with_trees(half: Half, other: Half) -> list[Judged]:
    """This half's outcomes as the trees of the other half see them."""
    trees = {source: grow(other.judged, source) for source in SOURCES}
    seen = []
    for one in half.judged:
        tree = trees.get(one.source)
        share = sigmoid(one.looked[0] + tree.total(one.looked)) if tree and one.kind != NOTHING else one.share
        seen.append(replace(one, share=share))
    return seen


def curves_of(judged: Sequence[Judged]) -> dict[str, tuple[float, float]]:
    """The curve of each source that makes these shares honest."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for one in judged:
        if one.kind != NOTHING:
            rows.setdefault(one.source, []).append((one.share, float(one.right)))
    return {source: fit_curve(found) for source, found in rows.items()}


def fitted(pool: Pool, folders: Sequence[Path]) -> Model:
    """The model that these hosts teach, without evidence for automation."""
    one, two = Half(list(folders[::2])), Half(list(folders[1::2]))
    for half in (one, two):
        half.cases = of_each(pool, choices, half.folders)
    one.judged = of_each(pool, outcomes, one.folders, Model("0", weights_of(two.cases or one.cases), {}))
    two.judged = of_each(pool, outcomes, two.folders, Model("0", weights_of(one.cases), {}))
    curves = curves_of(with_trees(one, two if two.folders else one) + with_trees(two, one))
    judged = one.judged + two.judged
    trees = {source: grown for source in SOURCES if (grown := grow(judged, source)) is not None}
    return Model(VERSION, weights_of(one.cases + two.cases), curves, trees=trees, stated=STATED)


def proved(pool: Pool, model: Model, folders: Sequence[Path]) -> Model:
    """The model with what hosts that taught it nothing show about automation."""
    judged = of_each(pool, outcomes, folders, model)
    evidence: dict[str, dict[str, tuple[int, int]]] = {}
    automatic = {}
    for source, rows in tally(model, judged).items():
        evidence[source] = {str(at): counts for at, counts in rows.items()}
        bounds = {at: lower_bound(*counts, DOUBT / len(THRESHOLDS)) for at, counts in rows.items()}
        proven = [at for at, least in bounds.items() if least >= PROVEN and at >= LEAST_AUTOMATIC]
        if proven:
            automatic[source] = min(proven)
        print(source, {at: (*rows[at], round(bounds[at], 5)) for at in rows}, "automatic", automatic.get(source))
    return replace(model, automatic=automatic, evidence=evidence, stated=STATED)


def main() -> None:
    """Fit or take a model, prove it, write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="hosts that teach")
    parser.add_argument("--proof", nargs="+", type=Path, required=True, metavar="DIR", help="hosts that teach nothing")
    parser.add_argument("--model", type=Path, metavar="FILE", help="prove this model instead of fitting one")
    parser.add_argument("--processes", type=int, default=1, metavar="N")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if bool(options.folders) == bool(options.model):
        parser.error("give hosts that teach, or --model, and not both")
    with multiprocessing.Pool(options.processes) as pool:
        if options.model:
            model = Model.from_dict(json.loads(options.model.read_text(encoding="utf-8")))
        else:
            model = fitted(pool, options.folders)
        state = proved(pool, model, options.proof).to_dict()
    options.out.write_text(json.dumps(state, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
