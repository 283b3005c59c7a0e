"""Fit the weights that Payymo ships: `train_matching.py DIR [DIR ...] --out matching/core/weights.json`.

Each DIR holds an export with a reviewer's past decisions (feedback.jsonl). They are replayed in order; every decided
row gives one choice among its hypotheses and "settles nothing"; a conditional logit with a ridge fits the choices.
The curve that makes probabilities honest, and the evidence that a tenant's own bound may lean on, come from hosts that
neither the weights nor the curve saw.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.core.calibration import fit_curve
from matching.core.proof import tally
from matching.core.scoring import Model
from matching.core.training import NOTHING, Case, Judged, Label, collect, fit, judge
from matching.management.commands.match_files import FileRun
from matching.parsers.export import Export

VERSION = f"{date.today():%Y.%m.%d}"  # noqa: DTZ011
RIDGE = 0.3
# What past exports cannot teach, since a rejected proposal leaves no trace in them.
GIVEN = {"rejected": -3.0}
Curves = dict[str, tuple[float, float]]


def open_past(folder: Path, weights: dict[str, float]) -> tuple[FileRun, dict[str, Label]]:
    """A host's past with these weights, and the reviewer's decisions in it."""
    run = FileRun(Export(folder, lambda error: print(error, file=sys.stderr)))
    run.replay.use(Model("0", weights, {}))
    return run, {key: Label(verdict) for key, verdict in run.replay.verdicts.items()}


def curves_of(judged: list[Judged]) -> Curves:
    """The curve of each source that makes these shares honest."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for one in judged:
        if one.kind != NOTHING:
            rows.setdefault(one.source, []).append((one.share, float(one.right)))
    return {source: fit_curve(found) for source, found in rows.items()}


def weights_of(cases: list[Case]) -> dict[str, float]:
    """The weights that explain these choices best."""
    return {**GIVEN, **fit(cases, ridge=RIDGE)}


def evidence_of(judged: list[list[Judged]]) -> dict[str, dict[str, tuple[int, int]]]:
    """Receipts and errors above each threshold, each host under a curve that the others made."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for place, host in enumerate(judged):
        others = [one for number, rows in enumerate(judged) if number != place for one in rows]
        if not others:
            continue
        for source, rows in tally(Model("0", {}, curves_of(others)), host).items():
            known = found.setdefault(source, {})
            for threshold, (seen, wrong) in rows.items():
                before = known.get(str(threshold), (0, 0))
                known[str(threshold)] = (before[0] + seen, before[1] + wrong)
    return found


def main() -> None:
    """Collect, fit, calibrate and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    hosts: list[list[Case]] = []
    for folder in options.folders:
        cases, missed = collect(*open_past(folder, {}))
        print(f"{folder.name}: {len(cases)} decided rows, {missed} answers not among the hypotheses")
        hosts.append(cases)
    judged: list[list[Judged]] = []
    for place, folder in enumerate(options.folders):
        others = [case for number, host in enumerate(hosts) if number != place or len(hosts) == 1 for case in host]
        judged.append(judge(*open_past(folder, weights_of(others))))
    curves, evidence = curves_of([one for host in judged for one in host]), evidence_of(judged)
    for source, curve in sorted(curves.items()):
        print(source, "curve", curve, "evidence", evidence.get(source, {}))
    model = Model(VERSION, weights_of([case for host in hosts for case in host]), curves, evidence=evidence)
    options.out.write_text(json.dumps(model.to_dict(), indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
