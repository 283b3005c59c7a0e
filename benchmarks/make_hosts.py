"""Invent a host with its past: `make_hosts.py OUT --profile NAME --seed N --invoices N [--no-feedback | --careful]`.

Writes the files that `match_files` reads, and truth.jsonl, which only the scorer may read.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.hosts.profiles import PROFILES
from benchmarks.hosts.world import invent


def main() -> int:
    """Write one host."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into; made if missing")
    parser.add_argument("--profile", choices=sorted(PROFILES), required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--invoices", type=int, default=2700)
    parser.add_argument("--no-feedback", action="store_true", help="a new tenant: no past decisions")
    parser.add_argument("--careful", action="store_true", help="decisions on everything, without a slip: to learn from")
    options = parser.parse_args()
    if options.invoices < 1:
        parser.error("--invoices must be at least 1")
    if options.no_feedback and options.careful:
        parser.error("give --no-feedback or --careful, and not both")
    profile = PROFILES[options.profile]
    invent(
        options.out,
        profile,
        options.seed,
        options.invoices,
        feedback=not options.no_feedback,
        careful=options.careful,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
