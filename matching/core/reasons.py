"""Words the evidence of a candidate: what speaks for it, what against, and where in the text it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from matching.core.amounts import FOREIGN, Relation
from matching.core.evidence import ClientEvidence, name_spans, text_spans
from matching.core.features import Context
from matching.core.hits import Grade, Hit
from matching.core.hypotheses import Hypothesis
from matching.core.types import Agreement, CandidateKind, Client, Reason, ReasonCode, Span

_OF_GRADE = {
    Grade.METADATA: (ReasonCode.METADATA, Agreement.YES),
    Grade.STRUCTURED: (ReasonCode.NUMBER, Agreement.YES),
    Grade.FULL: (ReasonCode.NUMBER, Agreement.YES),
    Grade.BARE: (ReasonCode.NUMBER, Agreement.YES),
    Grade.OTHER: (ReasonCode.NUMBER, Agreement.YES),
    Grade.REPAIRED: (ReasonCode.NUMBER_DAMAGED, Agreement.NEARLY),
    Grade.SLIP: (ReasonCode.NUMBER_DAMAGED, Agreement.NEARLY),
    Grade.ENDING: (ReasonCode.NUMBER_PART, Agreement.NEARLY),
    Grade.RUNNING: (ReasonCode.NUMBER_PART, Agreement.NEARLY),
    Grade.RUNNING_BARE: (ReasonCode.NUMBER_PART, Agreement.NEARLY),
    Grade.NEIGHBOUR: (ReasonCode.NUMBER_DAMAGED, Agreement.NEARLY),
    Grade.CUT: (ReasonCode.NUMBER_PART, Agreement.NEARLY),
}
_OF_RELATION = {
    Relation.EXACT: (ReasonCode.AMOUNT, Agreement.YES),
    Relation.REMAINDER: (ReasonCode.AMOUNT_REMAINDER, Agreement.YES),
    Relation.NET: (ReasonCode.AMOUNT_NET_OF_TAX, Agreement.NEARLY),
    Relation.DISCOUNT: (ReasonCode.AMOUNT_DISCOUNT, Agreement.NEARLY),
    Relation.CENTS_SHORT: (ReasonCode.AMOUNT_UNDER, Agreement.NEARLY),
    Relation.FEE_SHORT: (ReasonCode.AMOUNT_BANK_FEE, Agreement.NEARLY),
    Relation.FRACTION: (ReasonCode.AMOUNT_PART, Agreement.NEARLY),
    Relation.PART: (ReasonCode.AMOUNT_PART, Agreement.NO),
    Relation.CENTS_OVER: (ReasonCode.AMOUNT_OVER, Agreement.NEARLY),
    Relation.FEE_OVER: (ReasonCode.AMOUNT_LATE_FEE, Agreement.NEARLY),
    Relation.OVER: (ReasonCode.AMOUNT_OVER, Agreement.NO),
    Relation.FX_EXACT: (ReasonCode.AMOUNT, Agreement.YES),
    Relation.FX_CLOSE: (ReasonCode.EXCHANGE_RATE, Agreement.NEARLY),
    Relation.FX_NEAR: (ReasonCode.EXCHANGE_RATE, Agreement.NEARLY),
    Relation.FX_FAR: (ReasonCode.EXCHANGE_RATE, Agreement.NO),
    Relation.FX_UNKNOWN: (ReasonCode.CURRENCY, Agreement.NO),
}
_GRADES = {grade: place for place, grade in enumerate(Grade)}
_TOPICS = {
    "amount": "amount",
    "several": "amount",
    "sets": "amount",
    "skipped": "amount",
    "left_over": "amount",
    "lists": "past",
    "length": "past",
    "newest": "age",
    "ref": "number",
    "elsewhere": "elsewhere",
    "stale": "stale",
    "name": "name",
    "text_name": "text_name",
    "account": "past",
    "payer": "past",
    "regular": "past",
    "group": "past",
    "text": "same_text",
    "client_number": "client_number",
    "domain": "domain",
    "email": "email",
    "rejected": "rejected",
    "alike_of_client": "order",
    "oldest": "order",
    "age": "age",
    "habit": "age",
    "doubts": "order",
    "perhaps_paid": "order",
    "cut_off": "amount",
    "alike": "alike",
    "foreign": "amount",
    "gateway": "gateway",
}


def explain(
    of: Context, hypothesis: Hypothesis, names: Sequence[str], weights: Mapping[str, float], *, places: bool = True
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """What speaks for a hypothesis and what against it, heaviest first.

    Units: a reason's weight is the log-odds its features add to what the candidate would score without them.
    Shape: without `places` nobody will look where in the texts the names stand, and they are not looked for.
    """
    by_topic: dict[str, float] = {}
    for name in names:
        topics = _topics(name)
        moved = weights.get(name, 0.0) - weights.get(_without(name), 0.0)
        for topic in topics:
            by_topic[topic] = by_topic.get(topic, 0.0) + moved / len(topics)
    reasons: list[Reason] = []
    for topic, code, agrees, spans, values in _facts(of, hypothesis, places=places):
        reasons.append(Reason(code, agrees, round(by_topic.pop(topic, 0.0), 3), tuple(spans), values))
    against = [reason for reason in reasons if _speaks_against(reason)]
    speaking = [reason for reason in reasons if reason not in against]
    speaking.sort(key=lambda reason: (-reason.weight, reason.code))
    against.sort(key=lambda reason: (reason.weight, reason.code))
    return tuple(speaking), tuple(against)


def _speaks_against(reason: Reason) -> bool:
    """What agrees speaks for a hypothesis, however little it weighs; what nearly agrees may weigh against it."""
    return reason.agrees is Agreement.NO or (reason.agrees is Agreement.NEARLY and reason.weight < -0.3)


@lru_cache(maxsize=4096)
def _topics(name: str) -> tuple[str, ...]:
    """What a feature is about; one that joins two facts counts half for each."""
    first, *rest = name.split(":")
    if first == "who":
        with_number = name.endswith(("ref:strong", "ref:weak", "ref:some"))
        return ("name", "number") if with_number else ("name", "amount") if "ref:" not in name else ("name",)
    if first == "amount" and rest[-1] in ("strong", "weak", "some"):
        return "amount", "number"
    return (_TOPICS.get(first, "other"),)


@lru_cache(maxsize=4096)
def _without(name: str) -> str:
    """The feature that would stand in the place of `name` if that evidence were missing; empty when none would."""
    first, *rest = name.split(":")
    if first == "who":
        kind = name.split("&", 1)[1]
        return f"who:none&{kind}"
    if first in ("name", "text_name") and rest[-1] not in ("tied", "absent"):
        return ":".join([first, *rest[:-1], "no"])
    if first in ("account", "payer", "text") and rest[-1] != "absent":
        return f"{first}:new"
    if first == "amount":
        return f"amount:part:{rest[-1]}"
    return ""


_Fact = tuple[str, ReasonCode, Agreement, Sequence[Span], Mapping[str, str]]


def _facts(of: Context, hypothesis: Hypothesis, *, places: bool) -> Iterable[_Fact]:
    yield from _number_facts(of, hypothesis)
    yield _amount_fact(of, hypothesis)
    if hypothesis.kind is CandidateKind.GROUP:
        if of.found.known_account or of.found.known_payer:
            yield "past", ReasonCode.PAID_BEFORE, Agreement.YES, (Span("counterparty_name", 0, 0),), {}
    else:
        client_id = hypothesis.debts[0].client_id
        client = of.found.clients.get(client_id)
        if client is not None:
            yield from _client_facts(of, client, of.book.clients.get(client_id), places=places)
        yield from _order_facts(of, hypothesis)


def _hit_span(hit: Hit) -> Span:
    return Span(hit.quote.field, hit.quote.start, hit.quote.end)


def _number_facts(of: Context, hypothesis: Hypothesis) -> Iterable[_Fact]:
    hits = [of.found.hits[debt.id] for debt in hypothesis.debts if debt.id in of.found.hits]
    if hits:
        worst = max(hits, key=lambda hit: _GRADES[hit.grade])
        code, agrees = _OF_GRADE[worst.grade]
        spans = [*(_hit_span(hit) for hit in hits), Span("invoice.number", 0, 0)]
        numbers = ", ".join(hit.debt.number for hit in hits)
        yield "number", code, agrees, spans, {"number": numbers, "written": worst.quote.digits}
        if len(hits) < len(hypothesis.debts):
            missing = ", ".join(debt.number for debt in hypothesis.debts if debt.id not in of.found.hits)
            yield "uncovered", ReasonCode.NUMBER_UNCOVERED, Agreement.NO, (), {"number": missing}
    own = {debt.id for debt in hypothesis.debts}
    others = sorted(of.strong_open - own)
    if others:
        hit = of.found.hits[others[0]]
        yield "elsewhere", ReasonCode.NUMBER_OTHER, Agreement.NO, (_hit_span(hit),), {"number": hit.debt.number}
    if of.strong_closed and not hits:
        hit = of.strong_closed[0]
        yield "stale", ReasonCode.NUMBER_SETTLED, Agreement.NO, (_hit_span(hit),), {"number": hit.debt.number}


def _amount_fact(of: Context, hypothesis: Hypothesis) -> _Fact:
    receipt = of.found.receipt
    code, agrees = _OF_RELATION[hypothesis.relation]
    if len(hypothesis.debts) > 1 and hypothesis.relation is not Relation.OVER:
        code = ReasonCode.AMOUNT_SUM
        agrees = Agreement.YES if hypothesis.solutions == 1 else Agreement.NEARLY
    values = {
        "received": str(receipt.amount_minor),
        "currency": receipt.currency,
        "owed": str(sum(debt.outstanding for debt in hypothesis.debts)),
        "invoice_currency": hypothesis.debts[0].currency,
        "sets": str(hypothesis.solutions),
    }
    if hypothesis.relation in FOREIGN and receipt.instructed_amount_minor:
        values["instructed"] = str(receipt.instructed_amount_minor)
    return "amount", code, agrees, (Span("receipt.amount", 0, 0), Span("invoice.amount", 0, 0)), values


def _client_facts(of: Context, client: ClientEvidence, who: Client | None, *, places: bool) -> Iterable[_Fact]:
    receipt = of.found.receipt
    full_name = "" if who is None else who.company_name or f"{who.first_name} {who.last_name}".strip()
    if client.name >= 0.25:
        spans = name_spans(of.found, of.book, client) if places else []
        agrees = Agreement.YES if client.name >= 0.85 else Agreement.NEARLY
        yield "name", ReasonCode.PAYER_NAME, agrees, [*spans, Span("invoice.client", 0, 0)], {"client": full_name}
    elif receipt.counterparty_name and client.text_name < 0.5:
        spans = [Span("counterparty_name", 0, len(receipt.counterparty_name))]
        yield "name", ReasonCode.PAYER_NAME, Agreement.NO, spans, {"client": full_name}
    if client.text_name >= 0.5:
        spans = text_spans(of.found, of.book, client) if places else []
        yield "text_name", ReasonCode.NAME_IN_TEXT, Agreement.YES, spans, {"client": full_name}
    past = max(client.account, client.payer)
    if past >= 0:
        code = ReasonCode.PAYER_ACCOUNT if client.account >= client.payer else ReasonCode.PAID_BEFORE
        field_name = "counterparty_account" if code is ReasonCode.PAYER_ACCOUNT else "counterparty_name"
        agrees = Agreement.YES if past >= 0.9 else Agreement.NEARLY if past > 0 else Agreement.NO
        values = {"client": full_name, "times": f"{client.times:.0f}", "share": f"{max(past, 0):.2f}"}
        yield "past", code, agrees, (Span(field_name, 0, 0),), values
    if client.same_text > 0:
        yield "same_text", ReasonCode.SAME_TEXT_BEFORE, Agreement.YES, (Span("remittance_information", 0, 0),), {}
    yield from _pointer_facts(receipt.email, client)


def _pointer_facts(email: str, client: ClientEvidence) -> Iterable[_Fact]:
    if client.number:
        agrees = Agreement.YES if client.number == "labelled" else Agreement.NEARLY
        spans = (client.number_span,) if client.number_span else ()
        yield "client_number", ReasonCode.CLIENT_NUMBER, agrees, spans, {}
    if client.domain:
        agrees = Agreement.YES if client.domain == "full" else Agreement.NEARLY
        spans = (client.domain_span,) if client.domain_span else ()
        yield "domain", ReasonCode.DOMAIN, agrees, spans, {}
    if client.email:
        agrees = Agreement.YES if client.email == "same" else Agreement.NEARLY
        yield "email", ReasonCode.EMAIL, agrees, (Span("email", 0, len(email)),), {}
    if client.rejected:
        yield "rejected", ReasonCode.REJECTED_BEFORE, Agreement.NO, (), {}


def _order_facts(of: Context, hypothesis: Hypothesis) -> Iterable[_Fact]:
    debt = hypothesis.debts[0]
    own = of.book.open_of_client(debt.client_id)
    alike = [other.id for other in own if (other.outstanding, other.currency) == (debt.outstanding, debt.currency)]
    if len(alike) > 1:
        oldest = alike[0] == debt.id
        values = {"number": debt.number, "equal": str(len(alike))}
        yield "order", ReasonCode.OLDEST_OPEN, Agreement.YES if oldest else Agreement.NO, (), values
    count = of.book.count_of_amount(debt.currency, debt.outstanding)
    if count > 20 and debt.id not in of.found.hits:
        yield (
            "alike",
            ReasonCode.AMOUNT_COMMON,
            Agreement.NEARLY,
            (Span("receipt.amount", 0, 0),),
            {"equal": str(count)},
        )
