"""Scores every hypothesis of a receipt against the others and against "settles nothing"."""

from __future__ import annotations

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

    Shape: `sure` is filled by `confidence.sureness`, once.
    """

    of: Context
    hypotheses: list[Hypothesis]
    names: list[list[str]]
    scores: list[float]
    shares: list[float]
    none_names: list[str]
    none_score: float
    none_share: float
    sure: float | None = None

    @property
    def settles_nothing(self) -> bool:
        """Whether no hypothesis is likelier than that the receipt settles nothing."""
        return not self.hypotheses or self.none_share > self.shares[0]


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
    return Weighed(
        of,
        [hypotheses[place] for place in order],
        [named[place] for place in order],
        [scored[place] for place in order],
        parts[:-1],
        none_names,
        none_score,
        parts[-1],
    )


def _key(hypothesis: Hypothesis) -> tuple[tuple[int, int], ...]:
    return tuple((debt.issue, debt.id) for debt in hypothesis.debts)
