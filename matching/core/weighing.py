"""Scores every hypothesis of a receipt against the others and against "settles nothing"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.core.book import Book
from matching.core.evidence import gather
from matching.core.features import Context, context, features, none_features
from matching.core.hypotheses import Hypothesis, build
from matching.core.scoring import Model, score, shares
from matching.core.types import Receipt


@dataclass(slots=True)
class Weighed:
    """Every hypothesis of a receipt with its features, score and raw share, best first; and the share of none.

    Shape: `agreed` is what part of the winner's allocations is right on average over all explanations: of a long list
    most, even where no list is likely to be right as a whole. `sure` is filled by `confidence.sureness`, once.
    """

    of: Context
    hypotheses: list[Hypothesis]
    names: list[list[str]]
    scores: list[float]
    shares: list[float]
    none_names: list[str]
    none_score: float
    none_share: float
    agreed: float
    sure: float | None = None

    @property
    def settles_nothing(self) -> bool:
        """Whether no hypothesis is likelier than that the receipt settles nothing."""
        return not self.hypotheses or self.none_share > max(self.shares[0], self.agreed)


def weigh(receipt: Receipt, book: Book, model: Model) -> Weighed:
    """Score every hypothesis against the others and against "settles nothing"."""
    found = gather(receipt, book)
    of = context(found, book)
    hypotheses = build(found, book)
    named = [features(of, hypothesis) for hypothesis in hypotheses]
    scored = [score(model, names) for names in named]
    order = sorted(range(len(hypotheses)), key=lambda place: (-scored[place], _key(hypotheses[place])))
    none_names = none_features(of)
    none_score = score(model, none_names)
    parts = shares([*(scored[place] for place in order), none_score])
    ranked = [hypotheses[place] for place in order]
    return Weighed(
        of,
        ranked,
        [named[place] for place in order],
        [scored[place] for place in order],
        parts[:-1],
        none_names,
        none_score,
        parts[-1],
        _agreed(ranked, parts),
    )


def _agreed(ranked: Sequence[Hypothesis], parts: Sequence[float]) -> float:
    if not ranked or len(ranked[0].debts) == 1:
        return parts[0] if ranked else 0.0
    said = _pairs(ranked[0])
    shared = sum([part * len(said & _pairs(one)) for one, part in zip(ranked, parts, strict=False)])
    return shared / len(said)


def _pairs(hypothesis: Hypothesis) -> set[tuple[int, int]]:
    return set(zip((debt.id for debt in hypothesis.debts), hypothesis.amounts, strict=True))


def _key(hypothesis: Hypothesis) -> tuple[tuple[int, int], ...]:
    return tuple((debt.issue, debt.id) for debt in hypothesis.debts)
