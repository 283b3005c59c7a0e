"""What a candidate was measured against, and which evidence decided between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.core.types import Candidate, ReasonCode

_MOST_DIFFERENCES = 4
_NOTICEABLE = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more one kind of evidence says for the one than for the other. Units: log-odds; never negative."""

    code: ReasonCode
    weight: float


@dataclass(frozen=True, slots=True)
class Rival:
    """The other explanation: for the best candidate the second, for any other the best.

    Shape: `rank` is 0 for "settles nothing", which has no invoices; `behind` is the evidence in which the worse of the
    two fell short, strongest first.
    """

    rank: int
    probability: float
    invoice_ids: tuple[int, ...] = ()
    behind: tuple[Difference, ...] = ()


def rivals(candidates: Sequence[Candidate]) -> tuple[Rival, ...]:
    """Name the rival of each candidate, in their order.

    Shape: what the candidates' chances leave belongs to "settles nothing"; it is the best one's rival where it is
    likelier than the second.
    """
    if not candidates:
        return ()
    best = candidates[0]
    nothing = max(0.0, 1 - sum([each.probability for each in candidates]))
    second = candidates[1] if len(candidates) > 1 else None
    if second is None or nothing > second.probability:
        first = Rival(0, round(nothing, 4), behind=_speaking_for(best))
    else:
        first = _rival(2, second, winner=best, loser=second)
    return (first, *(_rival(1, best, winner=best, loser=each) for each in candidates[1:]))


def _rival(rank: int, other: Candidate, *, winner: Candidate, loser: Candidate) -> Rival:
    invoice_ids = tuple(each.invoice_id for each in other.allocations)
    return Rival(rank, round(other.probability, 4), invoice_ids, _behind(winner, loser))


def _weights(candidate: Candidate) -> dict[ReasonCode, float]:
    found: dict[ReasonCode, float] = {}
    for reason in (*candidate.reasons, *candidate.why_not):
        found[reason.code] = found.get(reason.code, 0.0) + reason.weight
    return found


def _strongest(weights: dict[ReasonCode, float]) -> tuple[Difference, ...]:
    ordered = sorted(weights.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Difference(code, round(weight, 3)) for code, weight in ordered if weight > _NOTICEABLE)[
        :_MOST_DIFFERENCES
    ]


def _behind(winner: Candidate, loser: Candidate) -> tuple[Difference, ...]:
    ahead, back = _weights(winner), _weights(loser)
    return _strongest({code: ahead.get(code, 0.0) - back.get(code, 0.0) for code in ahead.keys() | back.keys()})


def _speaking_for(candidate: Candidate) -> tuple[Difference, ...]:
    return _strongest(_weights(candidate))
