"""Lists the complete explanations of a receipt that are worth weighing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matching.core.amounts import FOREIGN, LONG, SHORT, Relation, relate, relate_foreign
from matching.core.book import Book, Debt
from matching.core.evidence import Evidence, amounts_of
from matching.core.hits import STRONG
from matching.core.lists import SHORT_LIST, Listed, is_leftover, lists, payers_clients
from matching.core.subset import exact_subsets, runs
from matching.core.types import CandidateKind

_MOST_DEBTS = 60
_MOST_EXACT = 6
_MOST_HYPOTHESES = 160
_MOST_NAMED = 100


@dataclass(slots=True)
class Hypothesis:
    """One way to use the whole receipt.

    Shape: `amounts[i]` goes to `debts[i]`; `client_id` is None for a group; `solutions` counts the rival sets of
    debts that explain the amount in the same way; `skipped` counts debts before the last one that are left out.
    """

    debts: tuple[Debt, ...]
    amounts: tuple[int, ...]
    kind: CandidateKind
    relation: Relation
    client_id: int | None
    how: str = "single"
    solutions: int = 1
    skipped: int = 0


def build(found: Evidence, book: Book) -> list[Hypothesis]:
    """Every hypothesis for a positive receipt, without repetition.

    Shape: never more than a fixed number; no hypothesis uses more than was received or is owed, or an invoice that a
    person turned down for this very receipt.
    """
    hypotheses: list[Hypothesis] = []
    seen: set[tuple[int, ...]] = set()
    rejected = book.memory.rejected_invoices.get(found.receipt.id, set())
    for hypothesis in _all(found, book):
        key = tuple(sorted(debt.id for debt in hypothesis.debts))
        if key not in seen and rejected.isdisjoint(key):
            seen.add(key)
            hypotheses.append(hypothesis)
            if len(hypotheses) >= _MOST_HYPOTHESES:
                break
    return hypotheses


def _all(found: Evidence, book: Book) -> Iterable[Hypothesis]:
    yield from _named_sets(found)
    yield from map(_listed, lists(found, book))
    for client_id in found.clients:
        debts = book.open_of_client(client_id)
        yield from _singles(found, book, _worth_a_look(found, debts))
        if len(debts) > 1:
            yield from _sums(found, debts[:_MOST_DEBTS], client_id)
    yield from _group_sums(found, book)


def _worth_a_look(found: Evidence, debts: Sequence[Debt]) -> Sequence[Debt]:
    """The oldest debts of a client, and of the others those that the text names or that are of the very amount."""
    if len(debts) <= _MOST_DEBTS:
        return debts
    amounts = amounts_of(found.receipt)
    others = debts[_MOST_DEBTS:]
    named = [debt for debt in others if debt.id in found.hits]
    equal = [debt for debt in others if debt.outstanding == amounts.get(debt.currency) and debt.id not in found.hits]
    return [*debts[:_MOST_DEBTS], *named[:_MOST_DEBTS], *equal[:_MOST_EXACT]]


def _singles(found: Evidence, book: Book, debts: Sequence[Debt]) -> Iterable[Hypothesis]:
    per_relation: dict[Relation, int] = {}
    for place, debt in enumerate(debts):
        relation = relation_to(found, book, debt)
        count = per_relation[relation] = per_relation.get(relation, 0) + 1
        named = debt.id in found.hits
        if relation is Relation.FX_UNKNOWN and not named:
            continue
        exact = relation in (Relation.EXACT, Relation.REMAINDER, Relation.FX_EXACT)
        if named or place == 0 or count <= (_MOST_EXACT if exact else 2):
            yield single(found, debt, relation)


def relation_to(found: Evidence, book: Book, debt: Debt) -> Relation:
    """How the receipt's amount stands to one debt, across currencies where a rate or the sent amount is known."""
    receipt = found.receipt
    if debt.currency == receipt.currency:
        return relate(receipt.amount_minor, debt, charges_deducted=found.charges_deducted)
    if debt.currency == receipt.instructed_currency and receipt.instructed_amount_minor:
        if receipt.instructed_amount_minor == debt.outstanding:
            return Relation.FX_EXACT
        return relate_foreign(receipt.instructed_amount_minor, debt.outstanding, 1.0)
    rate = book.rates.get((debt.currency, receipt.currency))
    return relate_foreign(receipt.amount_minor, debt.outstanding, rate[0] if rate else None)


def single(found: Evidence, debt: Debt, relation: Relation) -> Hypothesis:
    """The hypothesis that the receipt is for one debt."""
    if relation in FOREIGN:
        return Hypothesis((debt,), (debt.outstanding,), CandidateKind.FX, relation, debt.client_id)
    amount = min(found.receipt.amount_minor, debt.outstanding)
    if relation in LONG:
        kind = CandidateKind.OVER
    elif relation in SHORT:
        kind = CandidateKind.UNDER
    elif relation in (Relation.PART, Relation.FRACTION):
        kind = CandidateKind.PART
    else:
        kind = CandidateKind.SINGLE
    return Hypothesis((debt,), (amount,), kind, relation, debt.client_id)


def _several(
    debts: Sequence[Debt],
    how: str,
    *,
    solutions: int = 1,
    foreign: bool = False,
    short: bool = False,
    skipped: int = 0,
) -> Hypothesis:
    ordered = tuple(sorted(debts, key=lambda debt: debt.id))
    clients = {debt.client_id for debt in ordered}
    kind = CandidateKind.GROUP if len(clients) > 1 else CandidateKind.SEVERAL
    relation = Relation.FX_EXACT if foreign else Relation.OVER if short else Relation.EXACT
    client_id = ordered[0].client_id if len(clients) == 1 else None
    amounts = tuple(debt.outstanding for debt in ordered)
    return Hypothesis(ordered, amounts, kind, relation, client_id, how, solutions, skipped)


def _listed(one: Listed) -> Hypothesis:
    short = one.how.endswith(SHORT_LIST)
    return _several(one.debts, one.how, solutions=one.solutions, short=short, skipped=one.skipped)


def _named_sets(found: Evidence) -> Iterable[Hypothesis]:
    """The debts that the text names together, when they add up; grades are mixed only if the sure ones do not."""
    named = [hit for hit in found.hits.values() if hit.debt.outstanding]
    for currency, target in amounts_of(found.receipt).items():
        foreign = currency != found.receipt.currency
        strong = [hit.debt for hit in named if hit.grade in STRONG and hit.debt.currency == currency]
        every = [hit.debt for hit in named if hit.debt.currency == currency]
        for debts in (strong, every):
            if 2 <= len(debts) <= _MOST_NAMED and sum(debt.outstanding for debt in debts) == target:
                yield _several(debts, "named", foreign=foreign)
        if 2 < len(every) <= _MOST_DEBTS:
            subsets = exact_subsets([debt.outstanding for debt in every], target, most=3)
            for places in subsets:
                if len(places) > 1:
                    debts = [every[place] for place in places]
                    yield _several(debts, "named_subset", solutions=len(subsets), foreign=foreign)


def _sums(found: Evidence, debts: Sequence[Debt], client_id: int | None) -> Iterable[Hypothesis]:
    """Sums over several debts of one client, or of the clients that one payer pays for."""
    for currency, target in amounts_of(found.receipt).items():
        own = [debt for debt in debts if debt.currency == currency and not is_leftover(debt)]
        if len(own) < 2:
            continue
        foreign = currency != found.receipt.currency
        amounts = [debt.outstanding for debt in own]
        if sum(amounts) == target:
            yield _several(own, "all_open", foreign=foreign)
            continue
        if sum(amounts) < target:
            continue
        stretches = runs(amounts, target)
        for start, end in stretches:
            how = "oldest" if start == 0 else "newest" if end == len(own) else "run"
            yield _several(own[start:end], how, solutions=len(stretches), foreign=foreign, skipped=start)
        subsets = [places for places in exact_subsets(amounts, target) if len(places) > 1]
        for places in subsets[:2]:
            chosen = [own[place] for place in places]
            skipped = places[-1] + 1 - len(places)
            yield _several(chosen, "subset", solutions=len(subsets), foreign=foreign, skipped=skipped)


def _group_sums(found: Evidence, book: Book) -> Iterable[Hypothesis]:
    """Sums over the clients for whom this account or name has paid before."""
    summed: list[Sequence[Debt]] = []
    for clients in payers_clients(found):
        for ordered in book.open_of_clients(clients):
            pool = ordered[: 2 * _MOST_DEBTS]
            # Mostly account and name, and age and urgency, lead to the same debts in the same order.
            if pool not in summed:
                summed.append(pool)
                yield from _sums(found, pool, None)
