"""What following the rules makes of the engine's answer. The engine is asked through a function, so it knows no rule.

Source: docs/adr/0013-a-rule-answers-one-of-three-questions.md
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log

from matching.core.rules.types import Action, Match, Verdict
from matching.core.types import (
    Agreement,
    Band,
    Candidate,
    CandidateKind,
    NoneReason,
    Reason,
    ReasonCode,
    RuleNote,
    Suggestion,
)

AskAboutClient = Callable[[int], Suggestion]
"""The engine's answer when only one client's debts are known and the payer is known to pay for that client."""
Owed = Callable[[int], tuple[str, int] | None]
"""Currency and outstanding minor units of an invoice by its id; None when it is unknown."""

_MOST_CANDIDATES = 5
_ORDINARY = (CandidateKind.SINGLE, CandidateKind.SEVERAL)
_SURE = 1e-6


def apply(verdict: Verdict, engines: Suggestion, *, ask: AskAboutClient, owed: Owed) -> Suggestion:
    """Follow the rules of a verdict, and name those that had a say.

    A rule never makes a payment more certain: at most it lifts the engine's own caution, and never a tie, a reason
    against, a foreign or odd amount, or anything that the tenant's policy asks for.
    """
    suggestion, said = engines, list[Match]()
    if verdict.whose is not None and _concerns(verdict.whose, engines):
        suggestion = _whose(suggestion, verdict.whose, ask)
        said.append(verdict.whose)
    if verdict.shortage is not None:
        with_fee = _with_fee(suggestion, verdict.shortage, owed)
        if with_fee.candidates != suggestion.candidates:
            said.append(verdict.shortage)
        suggestion = with_fee
    if verdict.alone is not None:
        alone = _with_automation(suggestion, verdict.alone, engines)
        if verdict.alone.rule.action is Action.FORBID_AUTOMATION or alone.auto != suggestion.auto:
            said.append(verdict.alone)
        suggestion = alone
    return replace(suggestion, rules=tuple(_note(match) for match in said)) if said else suggestion


def _note(match: Match) -> RuleNote:
    return RuleNote(match.rule.id, match.rule.name, str(match.rule.action), match.spans)


def _whose(suggestion: Suggestion, match: Match, ask: AskAboutClient) -> Suggestion:
    if match.rule.action is not Action.IGNORE:
        return _with_client(suggestion, match, ask)
    # A quoted number with the exact amount outranks a rule about the text around it: a person looks at it.
    if _is_exact(suggestion):
        return _contradicted(suggestion, match)
    return replace(suggestion, auto=False, ignored_by=match.rule.id)


_NO_CLIENTS_MONEY = (NoneReason.DEBIT, NoneReason.ZERO_AMOUNT, NoneReason.PAYOUT, NoneReason.OWN_TRANSFER)


def _concerns(match: Match, engines: Suggestion) -> bool:
    """Whether a rule about whose money it is has a say: a payout is settled, not ignored and nobody's payment."""
    if match.rule.action is Action.IGNORE:
        return engines.payout_id is None and engines.none_reason is not NoneReason.PAYOUT
    return engines.none_reason not in _NO_CLIENTS_MONEY


def _is_exact(suggestion: Suggestion) -> bool:
    return bool(suggestion.candidates) and suggestion.candidates[0].band is Band.EXACT


def _reason(match: Match, agrees: Agreement, weight: float = 0.0) -> Reason:
    values = {"rule": match.rule.name, "rule_id": str(match.rule.id), "action": str(match.rule.action)}
    return Reason(ReasonCode.RULE, agrees, round(weight, 3), match.spans, values)


def _contradicted(suggestion: Suggestion, match: Match) -> Suggestion:
    """Keep the answer, say that a rule speaks against it, and let a person choose."""
    first, *rest = suggestion.candidates
    against = replace(first, why_not=(*first.why_not, _reason(match, Agreement.NO)))
    return replace(suggestion, candidates=(against, *rest), auto=False)


def _with_client(suggestion: Suggestion, match: Match, ask: AskAboutClient) -> Suggestion:
    client_id = match.rule.client_id
    assert client_id is not None  # noqa: S101 - kept by the row's constraint
    best = suggestion.candidates[0] if suggestion.candidates else None
    if best is not None and best.client_id == client_id and not suggestion.tie:
        # The engine says the same: nothing changes but that the rule is named.
        return replace(suggestion, candidates=(_spoken_for(best, match, 0.0), *suggestion.candidates[1:]))
    of_client = ask(client_id)
    if match.rule.action is Action.SUGGEST_CLIENT:
        return _offered(suggestion, match, of_client)
    return _set(suggestion, match, of_client)


def _spoken_for(candidate: Candidate, match: Match, weight: float) -> Candidate:
    return replace(candidate, reasons=(*candidate.reasons, _reason(match, Agreement.YES, weight)))


def _allocated(candidate: Candidate) -> frozenset[tuple[int, int]]:
    return frozenset((each.invoice_id, each.amount_minor) for each in candidate.allocations)


def _before(suggestion: Suggestion, candidate: Candidate) -> float:
    """How likely the engine held the same use of the money without the rule."""
    same = _allocated(candidate)
    return next((each.probability for each in suggestion.candidates if _allocated(each) == same), 0.0)


def _logit(probability: float) -> float:
    bounded = min(1 - _SURE, max(_SURE, probability))
    return log(bounded / (1 - bounded))


def _set(suggestion: Suggestion, match: Match, of_client: Suggestion) -> Suggestion:
    """Let only this client's debts explain the payment; an exact match of somebody else stays, for a person."""
    mine = tuple(
        _spoken_for(each, match, _logit(each.probability) - _logit(_before(suggestion, each)))
        for each in of_client.candidates
    )
    if _is_exact(suggestion):
        kept = _contradicted(suggestion, match).candidates[0]
        left = max(0.0, 1 - kept.probability)
        # Chances still add up to one; what the rule offers comes after what the payment says itself.
        others = tuple(
            replace(each, probability=min(each.probability, left * each.probability), band=_at_most_possible(each))
            for each in mine[: _MOST_CANDIDATES - 1]
        )
        return replace(suggestion, candidates=(kept, *others), auto=False, tie=True, none_reason=NoneReason.AMBIGUOUS)
    return replace(suggestion, candidates=mine, tie=of_client.tie, auto=False, none_reason=of_client.none_reason)


def _at_most_possible(candidate: Candidate) -> Band:
    return Band.NONE if candidate.band is Band.NONE else Band.POSSIBLE


def _offered(suggestion: Suggestion, match: Match, of_client: Suggestion) -> Suggestion:
    """Offer this client's best explanation beside the engine's own, with at most the chance that those leave."""
    if not of_client.candidates:
        return replace(suggestion, auto=False)
    offer = of_client.candidates[0]
    same = _allocated(offer)
    if any(_allocated(each) == same for each in suggestion.candidates):
        named = tuple(
            _spoken_for(each, match, 0.0) if _allocated(each) == same else each for each in suggestion.candidates
        )
        return replace(suggestion, candidates=named, auto=False)
    left = max(0.0, 1 - sum(each.probability for each in suggestion.candidates))
    probability = min(offer.probability, left) if suggestion.candidates else offer.probability
    added = replace(
        _spoken_for(offer, match, _logit(probability) - _logit(0.0)),
        probability=probability,
        band=_at_most_possible(offer),
    )
    kept = suggestion.candidates[: _MOST_CANDIDATES - 1]
    return replace(
        suggestion,
        candidates=(*kept, added),
        auto=False,
        none_reason=suggestion.none_reason if kept else None,
    )


def _with_fee(suggestion: Suggestion, match: Match, owed: Owed) -> Suggestion:
    """Write off what is missing on one invoice, up to the rule's limit; such a payment waits for a person."""
    changed = tuple(_written_off(each, match, owed) for each in suggestion.candidates)
    best_changed = bool(changed) and changed[0] is not suggestion.candidates[0]
    return replace(suggestion, candidates=changed, auto=suggestion.auto and not best_changed)


def _written_off(candidate: Candidate, match: Match, owed: Owed) -> Candidate:
    short: list[tuple[int, int]] = []
    for place, each in enumerate(candidate.allocations):
        debt = owed(each.invoice_id)
        if debt is None or debt[0] != match.rule.conditions.currency:
            return candidate
        missing = debt[1] - each.amount_minor
        if missing > 0:
            short.append((place, missing))
    if len(short) != 1 or short[0][1] > match.rule.limit_minor:
        return candidate
    [(place, missing)] = short
    lines = list(candidate.allocations)
    lines[place] = replace(lines[place], fee_minor=missing)
    reason = _reason(match, Agreement.YES)
    reason = replace(reason, values={**reason.values, "fee": str(missing), "currency": match.rule.conditions.currency})
    return replace(candidate, allocations=tuple(lines), reasons=(*candidate.reasons, reason))


def _with_automation(suggestion: Suggestion, match: Match, engines: Suggestion) -> Suggestion:
    if match.rule.action is Action.FORBID_AUTOMATION:
        return replace(suggestion, auto=False)
    return replace(suggestion, auto=suggestion.auto or (_is_ordinary(engines) and _agrees(suggestion, engines)))


def _is_ordinary(engines: Suggestion) -> bool:
    """Whether only the engine's own caution stands between its answer and the tenant's policy."""
    if engines.tie or engines.none_reason is not None or not engines.candidates:
        return False
    return engines.candidates[0].kind in _ORDINARY and engines.candidates[0].band in (Band.EXACT, Band.LIKELY)


def _agrees(suggestion: Suggestion, engines: Suggestion) -> bool:
    """Whether the other rules left the engine's best answer as it was and spoke against nothing."""
    if suggestion.tie or suggestion.none_reason is not None or not suggestion.candidates:
        return False
    best = suggestion.candidates[0]
    return best.allocations == engines.candidates[0].allocations and best.why_not == engines.candidates[0].why_not
