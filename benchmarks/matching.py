"""The matching benchmark: `matching.py DIR [DIR ...]`.

Replays each exported folder as `match_files` does, with the reviewer's past decisions and without them, and prints one
table. Where a folder holds truth.jsonl the decisions are scored; the engine itself never opens that file.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scorer import Score, score
from matching.management.commands.match_files import FileRun
from matching.parsers.export import Export, UnreadableExport

HEAD = (
    "folder", "feedback", "source", "rows", "precision", "recall", "F1", "lines right", "nothing right", "auto share",
    "auto wrong", "auto bound", "at 99.5 %", "at 99.9 %", "ECE", "rows/s", "peak MB",
)  # fmt: skip


def replay(folder: Path, out: Path, *, feedback: bool) -> tuple[int, float, float]:
    """Run one folder; return rows, seconds of processor time and peak memory in MB."""
    started = time.process_time()
    run = FileRun(
        Export(folder, lambda error: print(f"{error.file}, line {error.line}: {error.reason}", file=sys.stderr))
    )
    if not feedback:
        run.replay.verdicts = {}
    with out.open("w", encoding="utf-8") as lines:
        rows = run.write(lines, progress=sys.stderr.isatty())
    return rows, time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path: Path) -> list[dict[str, Any]]:
    """Every line of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def cells(measured: Score) -> list[str]:
    """The measures as the table shows them."""
    numbers = [measured.precision, measured.recall, measured.f1, measured.lines_right, measured.nothing_right]
    shown = [str(measured.rows), *(f"{number:.3f}" for number in [*numbers, measured.auto_share])]
    shown += [f"{measured.auto_wrong} of {measured.auto}", f"{measured.auto_bound:.4f}"]
    return [*shown, *(f"{measured.coverage[level]:.3f}" for level in (0.995, 0.999)), f"{measured.ece:.4f}"]


def measure(folder: Path, *, feedback: bool) -> list[list[str]]:
    """The lines of the table for one folder, from a process of its own so that memory is its own."""
    with tempfile.TemporaryDirectory() as there:
        out = Path(there) / "predictions.jsonl"
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
            rows, seconds, peak = alone.submit(replay, folder, out, feedback=feedback).result()
        cost = [f"{rows / max(seconds, 1e-9):.0f}", f"{peak:.0f}"]
        name = [folder.name, "yes" if feedback else "no"]
        if not (folder / "truth.jsonl").is_file():
            return [[*name, "all", str(rows), *["-"] * (len(HEAD) - 6), *cost]]
        truth, said = read(folder / "truth.jsonl"), {line["id"]: line for line in read(out)}
        return [[*name, source, *cells(score(truth, said, source)), *cost] for source in ("bank", "stripe_charge")]


def main() -> int:
    """Measure every folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folder of exported records")
    options = parser.parse_args()
    try:
        for folder in options.folders:
            Export(folder, lambda _: None)
    except UnreadableExport as error:
        print(error, file=sys.stderr)
        return 2
    print("| " + " | ".join(HEAD) + " |")
    print("|" + "---|" * len(HEAD))
    for folder in options.folders:
        for feedback in (True, False):
            for line in measure(folder, feedback=feedback):
                print("| " + " | ".join(line) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
