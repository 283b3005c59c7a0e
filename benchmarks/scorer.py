"""Score what the engine decided against what was true, a whole line at a time.

A pair (row, invoice) is right when the truth has it with the same amount, give or take two cents (four per cent where
the payment was exchanged). A line is right when its pairs are exactly the truth's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import beta

BINS = 15


@dataclass(frozen=True)
class Score:
    """The measures of one source of rows."""

    rows: int
    payable: int
    precision: float
    recall: float
    f1: float
    lines_right: float
    nothing_right: float
    auto: int
    auto_wrong: int
    auto_bound: float
    coverage: Mapping[float, float]
    ece: float

    @property
    def auto_share(self) -> float:
        """Part of the payable lines that would be posted without a person."""
        return self.auto / max(1, self.payable)


def _pairs(allocations: Iterable[Any]) -> dict[int, float]:
    pairs: dict[int, float] = {}
    for one in allocations:
        invoice, amount = (one["invoice"], one["amount"]) if isinstance(one, dict) else one
        pairs[int(invoice)] = pairs.get(int(invoice), 0.0) + float(amount)
    return pairs


def score(truth: Iterable[Mapping[str, Any]], predictions: Mapping[str, Mapping[str, Any]], source: str) -> Score:
    """Measure one source over the rows that no reviewer had decided."""
    rows = payable = right_lines = empty = empty_right = right_pairs = said_pairs = true_pairs = auto = auto_right = 0
    sure: list[tuple[float, bool]] = []
    for line in truth:
        if line["source"] != source or line["split"] != "test":
            continue
        rows += 1
        said = predictions.get(line["id"], {})
        wanted, given = _pairs(line["allocations"]), _pairs(said.get("allocations", ()))
        right = {
            invoice
            for invoice, amount in given.items()
            if invoice in wanted and abs(amount - wanted[invoice]) <= _slack(wanted[invoice], line["fx"])
        }
        whole = len(right) == len(wanted) == len(given)
        right_pairs, said_pairs, true_pairs = (
            right_pairs + len(right),
            said_pairs + len(given),
            true_pairs + len(wanted),
        )
        payable += bool(wanted)
        right_lines += bool(wanted) and whole
        empty += not wanted
        empty_right += not wanted and not given
        if given:
            sure.append((float(said["confidence"]), whole))
            auto += bool(said["auto"])
            auto_right += bool(said["auto"]) and whole
    precision, recall = right_pairs / max(1, said_pairs), right_pairs / max(1, true_pairs)
    return Score(
        rows, payable, precision, recall, 2 * precision * recall / max(1e-12, precision + recall),
        right_lines / max(1, payable), empty_right / max(1, empty), auto, auto - auto_right,
        lower_bound(auto_right, auto), {level: coverage(sure, level, payable) for level in (0.995, 0.999)}, ece(sure),
    )  # fmt: skip


def _slack(amount: float, exchanged: bool) -> float:
    return max(0.02, 0.04 * amount) if exchanged else 0.021


def lower_bound(right: int, total: int) -> float:
    """One-sided 95 % Clopper-Pearson bound."""
    return float(beta.ppf(0.05, right, total - right + 1)) if right else 0.0


def coverage(sure: Sequence[tuple[float, bool]], level: float, payable: int) -> float:
    """The largest part of payable lines above one threshold of confidence that is right to this level."""
    best = taken = right = 0
    ordered = sorted(sure, key=lambda one: -one[0])
    for place, (confidence, whole) in enumerate(ordered):
        taken, right = taken + 1, right + whole
        last_of_equals = place + 1 == len(ordered) or ordered[place + 1][0] != confidence
        if last_of_equals and right / taken >= level:
            best = taken
    return best / max(1, payable)


def ece(sure: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error over bins of equal mass."""
    ordered = sorted(sure)
    total, error = len(ordered), 0.0
    for number in range(BINS):
        part = ordered[number * total // BINS : (number + 1) * total // BINS]
        if part:
            error += abs(sum(one for one, _ in part) - sum(whole for _, whole in part)) / total
    return error
