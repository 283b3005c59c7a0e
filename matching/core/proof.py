"""Proves from which probability on automation is right often enough: a bound on held-back decisions, not a hope.

Source: Clopper and Pearson 1934, with Bonferroni; docs/adr/0017-automation-is-proved-on-held-back-decisions.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matching.core.scoring import Model, calibrated

if TYPE_CHECKING:
    from matching.core.training import Judged

THRESHOLDS = (0.95, 0.98, 0.99, 0.995, 0.997, 0.998, 0.999)
DOUBT = 0.05
"""The chance, over all thresholds and both ways of counting, that a bound promises too much."""
LEAST_OWN = 200
"""Fewer held-back receipts of one's own at a threshold prove nothing, whatever others show."""
MOST_BORROWED = 2.0
"""Other hosts count for at most this many times one's own receipts."""
_UNLIKE = 0.1

Counts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known about one threshold of one source.

    Shape: `seen` and `wrong` are one's own, `other_*` those of the hosts behind the shipped weights; `least` is the
    share that is right at least, with a doubt of `DOUBT`; `borrows` says that other hosts' receipts counted.
    """

    threshold: float
    seen: int
    wrong: int
    other_seen: int
    other_wrong: int
    least: float
    borrows: bool


def lower_bound(seen: float, wrong: float, doubt: float) -> float:
    """The share of right ones that is exceeded with a chance of `1 - doubt`, by Clopper and Pearson."""
    # Here and not above: SciPy takes a second to load, which every command and worker would wait for.
    from scipy.special import betaincinv

    right = seen - wrong
    return float(betaincinv(right, wrong + 1, doubt)) if right > 0 else 0.0


def tally(model: Model, judged: Iterable[Judged]) -> dict[str, dict[float, Counts]]:
    """How many receipts that a threshold would automate were judged, and how many of them wrongly, per source."""
    rows: dict[str, dict[float, list[int]]] = {}
    for one in judged:
        if not one.eligible:
            continue
        probability = calibrated(model, one.source, one.share)
        counted = rows.setdefault(one.source, {threshold: [0, 0] for threshold in THRESHOLDS})
        for threshold in THRESHOLDS:
            if probability >= threshold:
                counted[threshold][0] += 1
                counted[threshold][1] += not one.right
    return {source: {at: (seen, wrong) for at, (seen, wrong) in counted.items()} for source, counted in rows.items()}


def bound(threshold: float, own: Counts, others: Counts) -> Bound:
    """The bound that holds at a threshold: the better of one's own and the pooled one.

    Other hosts count only where one's own errors do not say that they are better, and never for more than
    `MOST_BORROWED` times one's own receipts. One more error never gives a higher bound.
    """
    doubt = DOUBT / len(THRESHOLDS) / 2
    seen, wrong = own
    least, borrows = lower_bound(seen, wrong, doubt), False
    if others[0] and seen and is_alike(own, others):
        scale = min(1.0, MOST_BORROWED * seen / others[0])
        pooled = lower_bound(seen + scale * others[0], wrong + scale * others[1], doubt)
        if pooled > least:
            least, borrows = pooled, True
    return Bound(threshold, seen, wrong, *others, least if seen >= LEAST_OWN else 0.0, borrows and seen >= LEAST_OWN)


def is_alike(own: Counts, others: Counts) -> bool:
    """Whether one's own errors are no more than chance would give at the other hosts' rate."""
    from scipy.special import bdtrc

    rate = (others[1] + 1) / (others[0] + 2)
    return bool(bdtrc(own[1] - 1, own[0], rate) >= _UNLIKE)


def bounds(own: Mapping[float, Counts], others: Mapping[float, Counts]) -> tuple[Bound, ...]:
    """The bound of every threshold, lowest threshold first."""
    return tuple(bound(at, own.get(at, (0, 0)), others.get(at, (0, 0))) for at in THRESHOLDS)


def proven_threshold(found: Iterable[Bound], *, target: float) -> float | None:
    """The lowest threshold whose bound reaches `target`; None when nothing is proven."""
    return min((one.threshold for one in found if one.least >= target), default=None)


def shipped_evidence(model: Model, source: str) -> dict[float, Counts]:
    """What the hosts behind the shipped weights showed, by threshold."""
    return {float(at): (int(seen), int(wrong)) for at, (seen, wrong) in model.evidence.get(source, {}).items()}
