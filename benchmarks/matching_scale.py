"""How `match_files` grows: `matching_scale.py [--rows 20000 40000 ...] [--profile reseller] [--seed 1]`.

Invents a host of about so many feed rows for each size, runs the command over it as anybody would, and prints rows a
second by the clock and by one processor's time, the peak memory of all its processes together, what plain reading of
the same lines as JSON takes, and how time grew for each doubling of the rows: 1.00 is in step with them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from math import log2
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.hosts.profiles import PROFILES
from benchmarks.hosts.world import invent

ROOT = Path(__file__).resolve().parent.parent
SIZES = (20_000, 40_000, 80_000, 160_000, 320_000, 600_000)
FILES = ("clients", "invoices", "bank_transactions", "stripe_charges", "feedback")
INVOICES_PER_ROW = 1.56
HEAD = ("rows", "invoices", "seconds", "rows/s", "rows/s of processor time", "peak MB", "x plain reading", "growth")
_EVERY = 0.2


@dataclass(frozen=True)
class Run:
    """What one run took. Units: seconds; `processor` adds up all processes; `peak` in MB, of all together."""

    rows: int
    invoices: int
    seconds: float
    processor: float
    peak: float
    floor: float


def measure(folder: Path) -> Run:
    """Run the command over one folder."""
    floor, counts = read_plainly(folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, peak = time.perf_counter(), 0.0
    out = folder / "predictions.jsonl"
    command = [sys.executable, str(ROOT / "manage.py"), "match_files", str(folder), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None:
            peak = max(peak, memory_of(running.pid))
            time.sleep(_EVERY)
        complaint = running.stderr.read() if running.stderr else ""
    seconds = time.perf_counter() - started
    if running.returncode:
        raise RuntimeError(complaint.strip() or f"match_files ended with {running.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = counts["bank_transactions"] + counts["stripe_charges"]
    return Run(rows, counts["invoices"], seconds, processor, peak, floor)


def read_plainly(folder: Path) -> tuple[float, dict[str, int]]:
    """Processor time of decoding every line, and how many lines each file has."""
    started, counts = time.process_time(), {}
    for name in FILES:
        with (folder / f"{name}.jsonl").open("rb") as lines:
            counts[name] = sum(json.loads(line) is not None for line in lines)
    return time.process_time() - started, counts


def memory_of(pid: int) -> float:
    """Resident memory of a process and everything below it in MB; 0 when it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * resource.getpagesize() / 2**20 + sum(memory_of(int(child)) for child in children)


def growth(smaller: Run, larger: Run) -> float:
    """How much faster than the rows time grew, for each doubling of the rows."""
    more = larger.rows / smaller.rows
    return float((larger.seconds / smaller.seconds / more) ** (1 / log2(more)))


def cells(run: Run, before: Run | None) -> list[str]:
    """One line of the table."""
    return [
        str(run.rows),
        str(run.invoices),
        f"{run.seconds:.1f}",
        f"{run.rows / run.seconds:.0f}",
        f"{run.rows / run.processor:.0f}",
        f"{run.peak:.0f}",
        f"{run.processor / run.floor:.1f}",
        "-" if before is None else f"{growth(before, run):.2f}",
    ]


def main() -> int:
    """Invent, run and print, size by size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, metavar="N", help="feed rows, about, of each run")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="reseller")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| " + " | ".join(HEAD) + " |")
    print("|" + "---|" * len(HEAD))
    before: Run | None = None
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as there:
            invoices = max(1, round(rows * INVOICES_PER_ROW))
            invent(Path(there) / "host", PROFILES[options.profile], options.seed, invoices, feedback=True)
            run = measure(Path(there) / "host")
        print("| " + " | ".join(cells(run, before)) + " |", flush=True)
        before = run
    return 0


if __name__ == "__main__":
    sys.exit(main())
