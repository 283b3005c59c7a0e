"""Says how far the likeliest explanation may be trusted, from how it won and from what speaks around it.

The score that ranks explanations is a sum that people can read. Whether the winner is right also depends on what no sum
shows: a lead that rests on age alone, a client whose earlier payments were guessed, a list that the bank cut off.
Boosted trees over a few dozen numbers learn that; they move the probability, never the order of the candidates.
"""

from __future__ import annotations

from math import log1p

from matching.core.amounts import FOREIGN, Relation
from matching.core.evidence import ClientEvidence
from matching.core.features import equal_in_doubt, strength_of
from matching.core.hits import Grade
from matching.core.hypotheses import Hypothesis
from matching.core.memory import NOBODY
from matching.core.quotes import Quote
from matching.core.scoring import Model, logit, sigmoid
from matching.core.weighing import Weighed

_FAR = 12.0
_UNKNOWN = -1.0
_LONG_AGO = 400.0
_GRADES = {grade: place for place, grade in enumerate(Grade)}
_RELATIONS = {relation: place for place, relation in enumerate(Relation)}
_WAYS = (
    "single", "named", "named_subset", "named_and_next", "named_and_rest", "all_open", "oldest", "newest", "run",
    "subset", "first_by_issue", "first_by_due", "but_one_by_issue", "but_one_by_due", "all_and_new", "issue_and_new",
    "due_and_new", "all_short", "issue_short", "due_short",
)  # fmt: skip
_NUMBERS = {"": 0.0, "bare": 1.0, "labelled": 2.0}
_DOMAINS = {"": 0.0, "cut": 1.0, "stem": 2.0, "full": 3.0}
_EMAILS = {"": 0.0, "domain": 1.0, "same": 2.0}

LOOKED_AT = (
    "share", "lead", "lead_over_nothing", "hypotheses", "rival_of_same_client", "rival_of_same_amount",
    "relation", "way", "debts", "solutions", "grade", "covered", "used",
    "named_of_same_client", "named_of_others", "settled_of_same_client", "settled_of_others", "settled_days_ago",
    "name", "text_name", "name_tied", "name_lead", "account", "payer", "text", "times", "client_number", "domain",
    "email", "strength", "rank", "alike", "open", "place", "age", "past_due", "against_habit", "since_last", "pool",
    "has_name", "has_account", "unexplained", "cut_off", "known_account", "known_payer", "nobody", "noise", "charges",
    "best_name", "clients", "doubts", "skipped", "together", "equal_in_doubt",
)  # fmt: skip


def sureness(weighed: Weighed, model: Model) -> float:
    """The raw chance that the winner is exactly right, before the curve of the source makes it honest."""
    if weighed.sure is None:
        trees = model.trees.get(weighed.of.found.receipt.source)
        row = look(weighed) if trees is not None else []
        weighed.sure = sigmoid(row[0] + trees.total(row)) if trees is not None else weighed.shares[0]
    return weighed.sure


def look(weighed: Weighed) -> list[float]:
    """The numbers of `LOOKED_AT` for the winner, in that order.

    Units: shares, scores and counts; days; nothing that depends on a currency or on the size of a host's prices.
    """
    winner = weighed.hypotheses[0]
    return [
        *_race(weighed, winner),
        *_references(weighed, winner),
        *_client(weighed, winner),
        *_around(weighed, winner),
    ]


def _race(weighed: Weighed, winner: Hypothesis) -> list[float]:
    scores, none = weighed.scores, weighed.none_score
    share = min(_FAR, max(-_FAR, logit(weighed.shares[0])))
    lead, same_client, same_amount = _FAR, _UNKNOWN, _UNKNOWN
    if len(scores) > 1:
        rival = weighed.hypotheses[1]
        lead = min(_FAR, scores[0] - scores[1])
        same_client = float(rival.client_id == winner.client_id)
        same_amount = float(sum(rival.amounts) == sum(winner.amounts))
    return [share, lead, max(-_FAR, min(_FAR, scores[0] - none)), float(len(scores)), same_client, same_amount]


def _references(weighed: Weighed, winner: Hypothesis) -> list[float]:
    of, found = weighed.of, weighed.of.found
    own = {debt.id for debt in winner.debts}
    clients = {debt.client_id for debt in winner.debts}
    hits = [found.hits[debt.id] for debt in winner.debts if debt.id in found.hits]
    elsewhere = [of.book.debts[one].client_id in clients for one in of.strong_open - own]
    settled = [hit for hit in of.strong_closed if hit.debt.client_id in clients]
    today = found.receipt.booking_date.toordinal()
    used = 1.0
    if winner.relation not in FOREIGN:
        used = sum(winner.amounts) / found.receipt.amount_minor
    return [
        float(_RELATIONS[winner.relation]),
        float(_WAYS.index(winner.how)) if winner.how in _WAYS else float(len(_WAYS)),
        float(len(winner.debts)),
        float(winner.solutions),
        float(max((_GRADES[hit.grade] for hit in hits), default=len(_GRADES))),
        len(hits) / len(winner.debts),
        used,
        float(sum(elsewhere)),
        float(len(elsewhere) - sum(elsewhere)),
        float(len(settled)),
        float(len(of.strong_closed) - len(settled)),
        float(min((today - hit.debt.closed for hit in settled), default=int(_UNKNOWN))),
    ]


def _client(weighed: Weighed, winner: Hypothesis) -> list[float]:
    found = weighed.of.found
    clients = {debt.client_id for debt in winner.debts}
    known = [found.clients[one] for one in clients if one in found.clients]
    client = max(known, key=lambda one: max(one.name, one.text_name), default=ClientEvidence())
    others = (max(one.name, one.text_name) for key, one in found.clients.items() if key not in clients)
    return [
        client.name,
        client.text_name,
        float(client.name_tied),
        max(client.name, client.text_name) - max(others, default=0.0),
        client.account,
        client.payer,
        client.same_text,
        log1p(client.times),
        _NUMBERS[client.number],
        _DOMAINS[client.domain],
        _EMAILS[client.email],
        float(strength_of(client)),
    ]


def _around(weighed: Weighed, winner: Hypothesis) -> list[float]:
    of, found, debt = weighed.of, weighed.of.found, winner.debts[0]
    book, receipt = of.book, of.found.receipt
    today = receipt.booking_date.toordinal()
    own = book.open_of_client(debt.client_id)
    alike = [one.id for one in own if one.outstanding == debt.outstanding and one.currency == debt.currency]
    usual, last = book.usual_delay(debt.client_id), book.last_closed(debt.client_id)
    age = today - debt.issue
    nobody = max((counts.get(NOBODY, 0.0) for counts in (found.known_account, found.known_payer)), default=0.0)
    return [
        float(alike.index(debt.id)) if debt.id in alike else 0.0,
        float(len(alike)),
        float(len(own)),
        float(next((place for place, one in enumerate(own) if one.id == debt.id), 0)),
        float(age),
        float(today - debt.due),
        -_LONG_AGO if usual is None else age - usual,
        _LONG_AGO if last is None else float(today - last),
        log1p(book.count_of_amount(debt.currency, debt.outstanding)),
        float(bool(receipt.counterparty_name)),
        float(bool(receipt.counterparty_account)),
        float(len(unexplained(weighed, winner))),
        float(found.cut_off),
        log1p(sum(found.known_account.values())),
        log1p(sum(found.known_payer.values())),
        log1p(nobody),
        float(len(found.noise)),
        float(found.charges_deducted),
        of.best_name,
        float(len(found.clients)),
        max(book.doubts.of(one.client_id, today) for one in winner.debts),
        float(winner.skipped),
        log1p(found.together),
        equal_in_doubt(of, winner),
    ]


def unexplained(weighed: Weighed, winner: Hypothesis) -> list[Quote]:
    """Numbers in the text that the winner does not account for."""
    found = weighed.of.found
    used = {id(found.hits[debt.id].quote) for debt in winner.debts if debt.id in found.hits}
    spans = {client.number_span.start for client in found.clients.values() if client.number_span is not None}
    return [
        quote
        for quote in found.quotes
        if quote.whole
        and len(quote.digits) >= 3
        and not quote.date_like
        and id(quote) not in used
        and quote.start not in spans
    ]
