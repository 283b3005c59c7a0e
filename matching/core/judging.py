"""What a replay keeps of a weighed receipt: little, and nothing that points into the book."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from matching.core.book import Book
from matching.core.confidence import sureness
from matching.core.engine import decide
from matching.core.scoring import Model
from matching.core.types import (
    Agreement,
    Allocation,
    Band,
    Candidate,
    CandidateKind,
    NoneReason,
    Reason,
    ReasonCode,
    Receipt,
    Suggestion,
)
from matching.core.weighing import Weighed, weigh

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Judged:
    """One receipt as it was judged, before anything was booked for it.

    Shape: `debts` and `clients` are the winner's, `share` and `sure` its raw chances, 0 without one; `named` says that
    the text names every debt of the winner; `closed` are settled debts that the text names; `agreed` is
    what part of the winner is right on average; `answer_named` says that the text names some of what the reviewer said,
    and `answer_share` is what the
    reviewer's answer scored, None without a reviewer or where it is not among the explanations.
    """

    suggestion: Suggestion
    debts: tuple[int, ...]
    clients: tuple[int, ...]
    share: float
    none_share: float
    sure: float
    named: bool
    closed: tuple[int, ...]
    agreed: float = 0.0
    answer_named: bool = False
    answer_share: float | None = None

    @property
    def best(self) -> Candidate | None:
        """The winner; None when the receipt settles nothing."""
        settles = self.suggestion.candidates and self.none_share <= max(self.share, self.agreed)
        return self.suggestion.candidates[0] if settles else None


Judge = Callable[[Receipt], Judged]
Answer = Collection[tuple[int, int]]


def judge(receipt: Receipt, book: Book, model: Model, *, answer: Answer | None) -> tuple[Judged, Weighed]:
    """Weigh a receipt and keep what is needed of it; only the winner is explained, and not to the letter.

    Shape: `answer` is what the reviewer said, invoices with amounts in minor units.
    """
    weighed = weigh(receipt, book, model)
    won = weighed.hypotheses[0] if weighed.hypotheses else None
    debts = tuple(debt.id for debt in won.debts) if won is not None else ()
    judged = Judged(
        suggestion=decide(receipt, weighed, model, most=1, places=False),
        debts=debts,
        clients=tuple(sorted({debt.client_id for debt in won.debts})) if won is not None else (),
        share=weighed.shares[0] if won is not None else 0.0,
        none_share=weighed.none_share,
        sure=sureness(weighed, model) if won is not None else 0.0,
        named=won is not None and weighed.of.strong_open.issuperset(debts),
        closed=tuple(hit.debt.id for hit in weighed.of.strong_closed),
        agreed=weighed.agreed,
        answer_named=answer is not None and any(invoice_id in weighed.of.found.hits for invoice_id, _ in answer),
        answer_share=None if answer is None else _share_of(set(answer), weighed),
    )
    return judged, weighed


def judge_each(receipts: Sequence[Receipt], ask: Judge) -> list[Judged]:
    """Judge receipts one after the other."""
    return [ask(receipt) for receipt in receipts]


def _share_of(answer: set[tuple[int, int]], weighed: Weighed) -> float | None:
    if not answer:
        return max(_LEAST, weighed.none_share)
    for hypothesis, share in zip(weighed.hypotheses, weighed.shares, strict=True):
        if {(debt.id, amount) for debt, amount in zip(hypothesis.debts, hypothesis.amounts, strict=True)} == answer:
            return max(_LEAST, share)
    return None


def pack(judged: Judged) -> tuple[Any, ...]:
    """The same as plain tuples, numbers and texts; of the reasons only what they are and weigh."""
    said = judged.suggestion
    best = said.candidates[0] if said.candidates else None
    return (
        judged.debts,
        judged.clients,
        judged.share,
        judged.none_share,
        judged.sure,
        judged.named,
        judged.closed,
        judged.agreed,
        judged.answer_named,
        judged.answer_share,
        said.tie,
        None if said.none_reason is None else said.none_reason.value,
        said.auto,
        said.eligible,
        said.payout_id,
        said.engine_version,
        None if best is None else _pack_candidate(best),
    )


def _pack_candidate(best: Candidate) -> tuple[Any, ...]:
    return (
        tuple((one.invoice_id, one.amount_minor) for one in best.allocations),
        best.client_id,
        best.kind.value,
        best.probability,
        best.band.value,
        *(
            tuple((one.code.value, one.agrees.value, one.weight) for one in reasons)
            for reasons in (best.reasons, best.why_not)
        ),
    )


def unpack(packed: Sequence[Any], *, receipt_id: str) -> Judged:
    """What `pack` was given."""
    debts, clients, share, none_share, sure, named, closed, agreed, answer_named, answered, *of_suggestion = packed
    tie, none_reason, auto, eligible, payout_id, version, best = of_suggestion
    candidates = () if best is None else (_unpack_candidate(best),)
    reason = None if none_reason is None else NoneReason(none_reason)
    said = Suggestion(receipt_id, candidates, tie, reason, auto, version, payout_id, eligible=eligible)
    return Judged(
        said,
        tuple(debts),
        tuple(clients),
        share,
        none_share,
        sure,
        named,
        tuple(closed),
        agreed,
        answer_named,
        answered,
    )


def _unpack_candidate(packed: Sequence[Any]) -> Candidate:
    allocations, client_id, kind, probability, band, *both = packed
    reasons, why_not = (
        tuple(Reason(ReasonCode(code), Agreement(agrees), weight) for code, agrees, weight in one) for one in both
    )
    given = tuple(Allocation(invoice_id, amount) for invoice_id, amount in allocations)
    return Candidate(given, client_id, CandidateKind(kind), probability, Band(band), reasons, why_not)
