"""The features of explanations that settle several debts at once."""

from __future__ import annotations

from matching.core.amounts import Relation
from matching.core.evidence import Evidence
from matching.core.hypotheses import Hypothesis
from matching.core.types import CandidateKind


def of_several(found: Evidence, hypothesis: Hypothesis, *, named: str) -> list[str]:
    """How the debts were put together, what was left out or left over, and what the payer usually does."""
    group = "group" if hypothesis.kind is CandidateKind.GROUP else "own"
    size, rivals, skipped = len(hypothesis.debts), hypothesis.solutions, hypothesis.skipped
    bucket = "2" if size == 2 else "3-4" if size <= 4 else "5+"
    said = [f"several:{group}:{hypothesis.how}", f"several:{group}:{bucket}"]
    if named != "strong":
        said.append(f"sets:{hypothesis.how}:{'1' if rivals == 1 else '2-3' if rivals <= 3 else 'many'}")
        said.append(f"skipped:{'no' if not skipped else '1-2' if skipped <= 2 else '3-6' if skipped <= 6 else 'many'}")
    if hypothesis.relation is Relation.OVER:
        said.append(f"left_over:{_left_over(found, hypothesis)}")
    if hypothesis.kind is CandidateKind.GROUP:
        said += _as_usual(found, hypothesis)
    return said


def _left_over(found: Evidence, hypothesis: Hypothesis) -> str:
    """How much of what arrived a list does not explain."""
    part = 1 - sum(hypothesis.amounts) / found.receipt.amount_minor
    return "little" if part <= 0.03 else "some" if part <= 0.1 else "much" if part <= 0.3 else "most"


def _as_usual(found: Evidence, hypothesis: Hypothesis) -> list[str]:
    """Whether the payer is known to pay for many at once, for about as many, and up to how new a debt this goes."""
    together, size = found.together, len(hypothesis.debts)
    newest = found.receipt.booking_date.toordinal() - max(debt.issue for debt in hypothesis.debts)
    age = "now" if newest <= 7 else "lately" if newest <= 20 else "before"
    said = [f"lists:{habit_of_lists(together)}", f"newest:{age}"]
    if together > 1:
        said.append(f"length:{'shorter' if size * 2 < together else 'alike' if size <= together * 2 else 'longer'}")
    return said


def habit_of_lists(together: int) -> str:
    """For how many clients the payer is known to pay at once."""
    return "no" if together < 2 else "few" if together <= 4 else "many"
