"""Writes the files of one invented host, line by line."""

import json
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

FILES = (
    "clients", "invoices", "bank_transactions", "stripe_charges", "stripe_balance_transactions", "stripe_payouts",
    "stripe_payout_items", "feedback", "truth",
)  # fmt: skip


class Output:
    """An open folder of JSON lines."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files = {name: (folder / f"{name}.jsonl").open("w", encoding="utf-8") for name in FILES}
        self._encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode

    def __enter__(self) -> "Output":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    def header(self, fields: dict[str, Any]) -> None:
        """Write header.json."""
        (self._folder / "header.json").write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")

    def write(self, name: str, record: dict[str, Any]) -> None:
        """Append one line to a file."""
        self._files[name].write(self._encode(record) + "\n")


class Answers:
    """Writes what is true, and what a reviewer said of it before the cut-off; a careful one on all, without slips."""

    def __init__(
        self, output: Output, rng: Random, cutoff: str, wrong: float, feedback: bool, careful: bool = False
    ) -> None:
        self._output, self._rng, self._cutoff, self._feedback = output, rng, cutoff, feedback
        self._wrong, self._careful = 0.0 if careful else wrong, careful

    def write(self, line: dict[str, Any], other: int | None = None) -> None:
        """Write one truth; `other` is an invoice that a careless reviewer might have taken."""
        known = line["date"] < self._cutoff
        self._output.write("truth", {**line, "split": "feedback" if known else "test"})
        if not ((known or self._careful) and self._feedback):
            return
        said = line["allocations"]
        if said and self._rng.random() < self._wrong:
            said = [{**said[0], "invoice": other}] if other and self._rng.random() < 0.65 else []
        verdict = {"id": line["id"], "source": line["source"], "date": line["date"], "allocations": said}
        self._output.write("feedback", {**verdict, "payout": line["payout"]})
