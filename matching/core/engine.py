"""Proposes what a receipt settles. Pure: the same receipt and book give the same answer, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable

from matching.core.amounts import FOREIGN, Relation
from matching.core.book import Book
from matching.core.confidence import sureness, unexplained
from matching.core.evidence import Evidence
from matching.core.features import equal_in_doubt
from matching.core.hits import STRONG
from matching.core.hypotheses import Hypothesis
from matching.core.lexicon import Noise
from matching.core.quotes import Label
from matching.core.reasons import explain
from matching.core.scoring import Model, calibrated, shipped_model
from matching.core.settlement import find_payouts
from matching.core.types import (
    Allocation,
    Band,
    Candidate,
    NoneReason,
    Payout,
    Receipt,
    Suggestion,
)
from matching.core.weighing import Weighed, weigh

_MOST_CANDIDATES = 5
_EXACT, _LIKELY, _POSSIBLE = 0.985, 0.85, 0.3
_CLOSE, _CLOSE_BETWEEN_CLIENTS = 0.35, 1.1
_NEVER = 2.0
_DOUBTFUL = 0.3
_DOUBTFUL_EQUAL = 0.05
_NOT_THE_OLDEST = frozenset({"alike_of_client:second:unnamed", "alike_of_client:later:unnamed"})
_AN_INVOICE = frozenset({Label.INVOICE, Label.COUNT})
# An exchanged amount fits last month's invoice as well as this month's.
_MOST_SURE_OF_EXCHANGED = 0.99
_EXACTLY = frozenset({Relation.EXACT, Relation.REMAINDER, Relation.FX_EXACT})
_NOISE_REASONS = {
    Noise.PAYOUT: NoneReason.PAYOUT,
    Noise.OWN_TRANSFER: NoneReason.OWN_TRANSFER,
    Noise.REFUND: NoneReason.REFUND,
    Noise.TAX: NoneReason.TAX,
    Noise.INTEREST: NoneReason.INTEREST,
    Noise.PAYROLL: NoneReason.PAYROLL,
}


def propose(
    receipt: Receipt,
    book: Book,
    *,
    own_accounts: frozenset[str] = frozenset(),
    payouts: Iterable[Payout] = (),
    model: Model | None = None,
) -> Suggestion:
    """Say what `receipt` settles, how sure that is and why.

    Shape: at most five candidates, best first; a debit, an own transfer or a payout has none.
    Units: allocations in the invoice's currency; never more than was received or is owed.
    """
    model = model or shipped_model()
    if receipt.amount_minor <= 0:
        return nothing(receipt, NoneReason.DEBIT if receipt.amount_minor < 0 else NoneReason.ZERO_AMOUNT, model)
    if receipt.counterparty_account and receipt.counterparty_account in own_accounts:
        return nothing(receipt, NoneReason.OWN_TRANSFER, model)
    payout_id = find_payouts([receipt], payouts).get(receipt.id)
    if payout_id is not None:
        return nothing(receipt, NoneReason.PAYOUT, model, payout_id=payout_id)
    return decide(receipt, weigh(receipt, book, model), model)


def nothing(receipt: Receipt, reason: NoneReason, model: Model, *, payout_id: str | None = None) -> Suggestion:
    """The answer that no invoice is concerned."""
    return Suggestion(receipt.id, (), False, reason, False, model.version, payout_id)


def decide(
    receipt: Receipt, weighed: Weighed, model: Model, *, most: int = _MOST_CANDIDATES, places: bool = True
) -> Suggestion:
    """Turn weighed hypotheses into candidates with honest probabilities, `most` of them.

    Shape: without `places` the reasons do not say where in the texts the names stand.
    """
    if not weighed.hypotheses:
        return nothing(receipt, _why_none(weighed), model)
    tie = _is_tie(weighed)
    candidates: list[Candidate] = []
    first = calibrated(model, receipt.source, sureness(weighed, model))
    if weighed.hypotheses[0].relation in FOREIGN and not _is_named(weighed):
        first = min(first, _MOST_SURE_OF_EXCHANGED)
    # What the winner leaves is shared out among the rest, "settles nothing" included, so that chances add up to one.
    left = (1 - first) / max(1e-9, 1 - weighed.shares[0])
    for place in range(min(most, len(weighed.hypotheses))):
        probability = first if place == 0 else min(first, left * weighed.shares[place])
        if place and probability < 0.002:
            break
        candidates.append(_candidate(weighed, place, probability, model, tie=tie, places=places))
    reason = None
    if weighed.settles_nothing:
        reason = _why_none(weighed)
    elif tie:
        reason = NoneReason.AMBIGUOUS
    eligible = not tie and reason is None and _has_no_loose_end(weighed)
    auto = eligible and first >= model.automatic.get(receipt.source, _NEVER)
    return Suggestion(receipt.id, tuple(candidates), tie, reason, auto, model.version, eligible=eligible)


def _candidate(weighed: Weighed, place: int, probability: float, model: Model, *, tie: bool, places: bool) -> Candidate:
    hypothesis = weighed.hypotheses[place]
    pairs = sorted(zip((debt.id for debt in hypothesis.debts), hypothesis.amounts, strict=True))
    reasons, why_not = explain(weighed.of, hypothesis, weighed.names[place], model.weights, places=places)
    return Candidate(
        tuple(Allocation(invoice_id, amount) for invoice_id, amount in pairs),
        hypothesis.client_id,
        hypothesis.kind,
        probability,
        _band(probability, hypothesis, doubtful=(tie and place < 2) or _is_bare(weighed.names[place])),
        reasons,
        why_not,
    )


def _is_bare(names: list[str]) -> bool:
    """Whether nothing but the amount speaks for a hypothesis."""
    return "who:none&ref:no" in names


def _band(probability: float, hypothesis: Hypothesis, *, doubtful: bool) -> Band:
    if probability >= _EXACT and hypothesis.relation in _EXACTLY and not doubtful:
        return Band.EXACT
    if probability >= _LIKELY and not doubtful:
        return Band.LIKELY
    return Band.POSSIBLE if probability >= _POSSIBLE else Band.NONE


def _is_tie(weighed: Weighed) -> bool:
    """Two explanations that the evidence does not tell apart; between two clients it takes more to tell them apart."""
    if len(weighed.scores) < 2 or weighed.shares[1] < 0.02:
        return False
    first, second = weighed.hypotheses[:2]
    close = _CLOSE if first.client_id == second.client_id else _CLOSE_BETWEEN_CLIENTS
    return weighed.scores[0] - weighed.scores[1] < close


def _is_named(weighed: Weighed) -> bool:
    """Whether the receipt names every debt of the winner outright."""
    hits = weighed.of.found.hits
    return all(debt.id in hits and hits[debt.id].grade in STRONG for debt in weighed.hypotheses[0].debts)


def _has_no_loose_end(weighed: Weighed) -> bool:
    """Whether nothing but the probability is left to ask before posting without a person.

    The amount is exact, and more than that speaks for the winner; no debt that is named is left out; an exchanged
    payment names its invoice; what was booked for the client before is not in doubt, and where its number is not
    named outright, neither is whether an equal debt of the client is open, no older equal one is passed over, and
    nothing else is called an invoice that nobody knows.
    """
    hypothesis = weighed.hypotheses[0]
    found, book = weighed.of.found, weighed.of.book
    if hypothesis.relation not in _EXACTLY or _is_bare(weighed.names[0]):
        return False
    if hypothesis.relation is Relation.FX_EXACT and not _is_named(weighed):
        return False
    today = found.receipt.booking_date.toordinal()
    if any(book.doubts.of(debt.client_id, today) >= _DOUBTFUL for debt in hypothesis.debts):
        return False
    if not _is_named(weighed) and (
        equal_in_doubt(weighed.of, hypothesis) >= _DOUBTFUL_EQUAL
        or any(name in _NOT_THE_OLDEST for name in weighed.names[0])
        or any(quote.label in _AN_INVOICE for quote in unexplained(weighed, hypothesis))
    ):
        return False
    return not weighed.of.strong_open - {debt.id for debt in hypothesis.debts}


def _why_none(weighed: Weighed) -> NoneReason:
    found: Evidence = weighed.of.found
    if any(
        name.startswith(("none:settled:now", "none:settled:soon", "none:settled:lately", "none:paid_lately"))
        for name in weighed.none_names
    ):
        return NoneReason.PAID_TWICE
    for noise, reason in _NOISE_REASONS.items():
        if noise in found.noise:
            return reason
    hits = [hit.debt for hit in found.hits.values() if hit.debt.outstanding]
    if hits and all(debt.currency != found.receipt.currency for debt in hits):
        return NoneReason.CURRENCY_MISMATCH
    return NoneReason.NO_CANDIDATE
