"""Proposes what a receipt settles. Pure: the same receipt and book give the same answer, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable

from matching.core.amounts import FOREIGN, Relation
from matching.core.book import Book
from matching.core.confidence import sureness
from matching.core.evidence import Evidence
from matching.core.hits import STRONG, Grade
from matching.core.hypotheses import Hypothesis
from matching.core.lexicon import Noise
from matching.core.reasons import explain
from matching.core.scoring import Model, calibrated, shipped_model
from matching.core.settlement import find_payouts
from matching.core.types import (
    Allocation,
    Band,
    Candidate,
    CandidateKind,
    NoneReason,
    Payout,
    Receipt,
    Source,
    Suggestion,
)
from matching.core.weighing import Weighed, weigh

_MOST_CANDIDATES = 5
_EXACT, _LIKELY, _POSSIBLE = 0.985, 0.85, 0.3
_CLOSE, _CLOSE_BETWEEN_CLIENTS = 0.35, 1.1
_NEVER = 2.0
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


def decide(receipt: Receipt, weighed: Weighed, model: Model, *, most: int = _MOST_CANDIDATES) -> Suggestion:
    """Turn weighed hypotheses into candidates with honest probabilities, `most` of them."""
    if not weighed.hypotheses:
        return nothing(receipt, _why_none(weighed), model)
    tie = _is_tie(weighed)
    candidates: list[Candidate] = []
    first = calibrated(model, receipt.source, sureness(weighed, model))
    # What the winner leaves is shared out among the rest, "settles nothing" included, so that chances add up to one.
    left = (1 - first) / max(1e-9, 1 - weighed.shares[0])
    for place in range(min(most, len(weighed.hypotheses))):
        probability = first if place == 0 else min(first, left * weighed.shares[place])
        if place and probability < 0.002:
            break
        candidates.append(_candidate(weighed, place, probability, tie, model))
    reason = None
    if weighed.settles_nothing:
        reason = _why_none(weighed)
    elif tie:
        reason = NoneReason.AMBIGUOUS
    eligible = not tie and reason is None and _has_no_loose_end(weighed)
    proven = first >= model.automatic.get(receipt.source, _NEVER)
    auto = eligible and (proven or _is_provable(weighed, candidates[0]))
    return Suggestion(receipt.id, tuple(candidates), tie, reason, auto, model.version, eligible=eligible)


def _candidate(weighed: Weighed, place: int, probability: float, tie: bool, model: Model) -> Candidate:
    hypothesis = weighed.hypotheses[place]
    pairs = sorted(zip((debt.id for debt in hypothesis.debts), hypothesis.amounts, strict=True))
    reasons, why_not = explain(weighed.of, hypothesis, weighed.names[place], model.weights)
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
    exact = hypothesis.relation in (Relation.EXACT, Relation.REMAINDER, Relation.FX_EXACT)
    if probability >= _EXACT and exact and not doubtful:
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


def _has_no_loose_end(weighed: Weighed) -> bool:
    """Whether more than the amount speaks for the winner, its rate is known, and no debt that is named is left out."""
    hypothesis = weighed.hypotheses[0]
    if hypothesis.relation in FOREIGN - {Relation.FX_EXACT} or _is_bare(weighed.names[0]):
        return False
    return not weighed.of.strong_open - {debt.id for debt in hypothesis.debts}


def _is_provable(weighed: Weighed, best: Candidate) -> bool:
    """Whether the rule itself, not the probability alone, allows posting without a person.

    Exact to the cent, and either the whole number of every invoice with a payer that fits, or a payer known to pay for
    this client alone with one debt of this amount.
    """
    hypothesis, found = weighed.hypotheses[0], weighed.of.found
    if best.band is not Band.EXACT:
        return False
    hits = [found.hits.get(debt.id) for debt in hypothesis.debts]
    full = all(hit is not None and hit.grade in STRONG - {Grade.BARE, Grade.REPAIRED} for hit in hits)
    clients = [found.clients.get(debt.client_id) for debt in hypothesis.debts]
    if full:
        known = [
            client is not None and _fits(client.name, client.text_name, client.account, client.payer)
            for client in clients
        ]
        if found.receipt.source is Source.STRIPE_CHARGE:
            return True
        return any(known)
    return hypothesis.kind is CandidateKind.SINGLE and _is_only_choice(weighed, hypothesis)


def _is_only_choice(weighed: Weighed, hypothesis: Hypothesis) -> bool:
    """A payer known for this client alone, one open debt of this amount, and no number that is left unexplained."""
    of, debt = weighed.of, hypothesis.debts[0]
    client = of.found.clients.get(debt.client_id)
    if client is None or client.account < 0.98 or client.times < 3 or of.strong_closed:
        return False
    hit = of.found.hits.get(debt.id)
    unexplained = [
        quote
        for quote in of.found.quotes
        if quote.whole and len(quote.digits) >= 3 and not quote.date_like and (hit is None or quote is not hit.quote)
    ]
    if unexplained and not client.number:
        return False
    alike = [one for one in of.book.open_of_client(debt.client_id) if one.outstanding == debt.outstanding]
    return len(alike) == 1


def _fits(name: float, text_name: float, account: float, payer: float) -> bool:
    return max(name, text_name) >= 0.7 or account >= 0.9 or payer >= 0.9


def _why_none(weighed: Weighed) -> NoneReason:
    found: Evidence = weighed.of.found
    if any(
        name.startswith(("none:settled:now", "none:settled:lately", "none:paid_lately")) for name in weighed.none_names
    ):
        return NoneReason.PAID_TWICE
    for noise, reason in _NOISE_REASONS.items():
        if noise in found.noise:
            return reason
    hits = [hit.debt for hit in found.hits.values() if hit.debt.outstanding]
    if hits and all(debt.currency != found.receipt.currency for debt in hits):
        return NoneReason.CURRENCY_MISMATCH
    return NoneReason.NO_CANDIDATE
