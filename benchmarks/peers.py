"""Other approaches on the same hosts: `peers.py DIR [DIR ...]`.

Measures, each in a process of its own, the rules that accounting packages ship, Splink on DuckDB, and Payymo, over the
rows that no reviewer decided. All of them know what the reviewer settled before.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.approaches.records import Answer, Host
from benchmarks.matching import read, replay
from benchmarks.scorer import score
from matching.parsers.export import Export, UnreadableExport

HEAD = (
    "folder", "approach", "source", "rows", "precision", "recall", "F1", "lines right", "at 99.5 %", "at 99.9 %", "ECE",
    "rows/s", "peak MB",
)  # fmt: skip


def _rules(host: Host) -> Iterable[Answer]:
    from benchmarks.approaches.rules import Rules

    return Rules(host).answers()


def _linkage(host: Host) -> Iterable[Answer]:
    from benchmarks.approaches.linkage import link

    return link(host)


APPROACHES: dict[str, Callable[[Host], Iterable[Answer]]] = {"rules": _rules, "Splink": _linkage}


def run(approach: str, folder: Path, out: Path) -> tuple[int, float, float]:
    """Judge one folder in this process; return rows, seconds of processor time and peak memory in MB."""
    if approach == "Payymo":
        return replay(folder, out, feedback=True)
    started = time.process_time()
    host = Host(folder)
    with out.open("w", encoding="utf-8") as lines:
        for said in APPROACHES[approach](host):
            lines.write(json.dumps(said.line()) + "\n")
    return host.rows, time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(approach: str, folder: Path) -> list[list[str]]:
    """The lines of the table for one approach and one folder."""
    with tempfile.TemporaryDirectory() as there:
        out = Path(there) / "predictions.jsonl"
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
            rows, seconds, peak = alone.submit(run, approach, folder, out).result()
        truth, said = read(folder / "truth.jsonl"), {line["id"]: line for line in read(out)}
    table = []
    for source in ("bank", "stripe_charge"):
        got = score(truth, said, source)
        shown = [got.precision, got.recall, got.f1, got.lines_right, got.coverage[0.995], got.coverage[0.999]]
        table.append(
            [folder.name, approach, source, str(got.rows), *(f"{number:.3f}" for number in shown), f"{got.ece:.4f}",
             f"{rows / max(seconds, 1e-9):.0f}", f"{peak:.0f}"]
        )  # fmt: skip
    return table


def main() -> int:
    """Measure every approach on every folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="folder of exported records with truth.jsonl"
    )
    options = parser.parse_args()
    try:
        for folder in options.folders:
            Export(folder, lambda _: None)
            if not (folder / "truth.jsonl").is_file():
                raise UnreadableExport(f"{folder} holds no truth.jsonl to judge by")
    except UnreadableExport as error:
        print(error, file=sys.stderr)
        return 2
    print("| " + " | ".join(HEAD) + " |")
    print("|" + "---|" * len(HEAD))
    for folder in options.folders:
        for approach in (*APPROACHES, "Payymo"):
            for line in measure(approach, folder):
                print("| " + " | ".join(line) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
