"""Turns evidence and a hypothesis into named yes-or-no features; each has one weight, so a score is an exact sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from matching.core.amounts import FOREIGN, Relation
from matching.core.book import Book, Debt
from matching.core.evidence import ClientEvidence, Evidence
from matching.core.hits import STRONG, Grade, Hit
from matching.core.hypotheses import Hypothesis
from matching.core.lexicon import Noise
from matching.core.list_features import habit_of_lists, of_several
from matching.core.memory import NOBODY
from matching.core.types import CandidateKind, Source

_OF_SEVERAL = frozenset({CandidateKind.SEVERAL, CandidateKind.GROUP})
_GRADES = {grade: place for place, grade in enumerate(Grade)}
_RELATION_CLASS = {
    Relation.EXACT: "exact",
    Relation.REMAINDER: "exact",
    Relation.FX_EXACT: "exact",
    Relation.FX_CLOSE: "fx",
    Relation.FX_NEAR: "fx",
    Relation.FX_FAR: "fx",
    Relation.FX_UNKNOWN: "fx",
}
_PROBABLY_PAID = 0.5


@dataclass(slots=True)
class Context:
    """What is the same for every hypothesis of one receipt.

    Shape: `said_of` holds by client the features that its hypotheses share, and how well the payer is known for it.
    """

    found: Evidence
    book: Book
    strong_open: frozenset[int]
    strong_closed: tuple[Hit, ...]
    best_name: float
    rivals: dict[tuple[str, int], int]
    today: int
    said_of: dict[int, tuple[list[str], str]]


def context(found: Evidence, book: Book) -> Context:
    """Prepare what every hypothesis of a receipt needs."""
    strong = [hit for hit in found.hits.values() if hit.grade in STRONG]
    return Context(
        found=found,
        book=book,
        strong_open=frozenset(hit.debt.id for hit in strong if hit.debt.outstanding),
        strong_closed=tuple(hit for hit in strong if not hit.debt.outstanding),
        best_name=max((max(client.name, client.text_name) for client in found.clients.values()), default=0.0),
        rivals={},
        today=found.receipt.booking_date.toordinal(),
        said_of={},
    )


def features(of: Context, hypothesis: Hypothesis) -> list[str]:
    """The features of one hypothesis; each name appears once."""
    reference, named = _reference(of, hypothesis)
    relation = _RELATION_CLASS.get(hypothesis.relation, "off")
    said = [f"amount:{hypothesis.relation}:{named}", *reference]
    if hypothesis.kind in _OF_SEVERAL:
        said += of_several(of.found, hypothesis, named=named)
    else:
        said += _order(of, hypothesis, named)
    known, strength = _known(of, hypothesis)
    said += known
    said.append(f"who:{strength}&ref:{named}")
    said.append(f"who:{strength}&{relation}")
    if strength == "none" and hypothesis.kind is not CandidateKind.GROUP:
        said.append(f"alike:{_pool(of, hypothesis)}")
    if hypothesis.relation in FOREIGN:
        said.append("foreign")
    if hypothesis.relation is Relation.OVER and of.found.cut_off:
        said.append(f"cut_off:{named}")
    said.append(_gateway(of, hypothesis))
    return said


def _known(of: Context, hypothesis: Hypothesis) -> tuple[list[str], str]:
    """What is known of the payer and the client, and how well the payer is known to act for it in all."""
    if hypothesis.client_id is None:
        client = _client_of(of, hypothesis)
        return _client_features(of, client, hypothesis), _strength(client)
    known = of.said_of.get(hypothesis.client_id)
    if known is None:
        client = _client_of(of, hypothesis)
        known = of.said_of[hypothesis.client_id] = _client_features(of, client, hypothesis), _strength(client)
    return known


def _client_of(of: Context, hypothesis: Hypothesis) -> ClientEvidence:
    if hypothesis.client_id is not None:
        return of.found.clients.get(hypothesis.client_id, ClientEvidence())
    members = [of.found.clients.get(debt.client_id) for debt in hypothesis.debts]
    best = ClientEvidence()
    for member in members:
        if member is not None and max(member.name, member.text_name) > max(best.name, best.text_name):
            best = member
    return best


def _reference(of: Context, hypothesis: Hypothesis) -> tuple[list[str], str]:
    known = of.found.hits
    if not known:
        return [], "no"
    hits = [known[debt.id] for debt in hypothesis.debts if debt.id in known]
    said = []
    named = "no"
    if hits:
        worst = max(hits, key=lambda hit: _GRADES[hit.grade])
        every = len(hits) == len(hypothesis.debts)
        said.append(f"ref:{worst.grade}:{of.found.receipt.source}" if every else "ref:some")
        named = "strong" if worst.grade in STRONG else "weak"
        if not every:
            named = "some"
    elsewhere = of.strong_open.difference([debt.id for debt in hypothesis.debts])
    if elsewhere:
        clients = {debt.client_id for debt in hypothesis.debts}
        same = any(of.book.debts[invoice_id].client_id in clients for invoice_id in elsewhere)
        said.append("elsewhere:same_client" if same else "elsewhere:other_client")
    if of.strong_closed and named != "strong":
        clients = {debt.client_id for debt in hypothesis.debts}
        same = any(hit.debt.client_id in clients for hit in of.strong_closed)
        said.append("stale:same_client" if same else "stale:other_client")
    return said, named


def _order(of: Context, hypothesis: Hypothesis, named: str) -> list[str]:
    """Where the debt stands among the client's open debts: payers mean the oldest of equal ones."""
    debt = hypothesis.debts[0]
    own, doubts = of.book.open_of_client(debt.client_id), of.book.doubts
    rank = alike = 0
    for other in own:
        if other.outstanding == debt.outstanding and other.currency == debt.currency:
            if other.id == debt.id:
                rank = alike
            elif doubts.of_debt(other.id) > _PROBABLY_PAID:
                continue
            alike += 1
    first = next((one.id for one in own if doubts.of_debt(one.id) <= _PROBABLY_PAID), debt.id) == debt.id
    sure = "named" if named == "strong" else "unnamed"
    where = "only" if alike == 1 else "first" if rank == 0 else "second" if rank == 1 else "later"
    said = [f"alike_of_client:{where}:{sure}", f"age:{_age(of, hypothesis)}:{sure if named == 'strong' else where}"]
    if len(own) > 1:
        said.append(f"oldest:{'yes' if first else 'no'}:{sure}")
    if named != "strong":
        said.append(f"habit:{_habit(of, debt)}:{where}")
        said.append(f"doubts:{_doubts(of, debt)}:{where}")
        paid = doubts.of_debt(debt.id)
        if paid >= 0.05:
            said.append(f"perhaps_paid:{'likely' if paid >= 0.3 else 'maybe'}")
    return said


def equal_in_doubt(of: Context, hypothesis: Hypothesis) -> float:
    """How likely it is that an equal debt of this client is open where it was paid, or paid where it is open."""
    if len(hypothesis.debts) > 1:
        return max(of.book.doubts.of_debt(debt.id) for debt in hypothesis.debts)
    debt, book = hypothesis.debts[0], of.book
    doubted = [book.doubts.of_debt(debt.id)]
    for one in book.open_of_client(debt.client_id):
        if (one.currency, one.total) == (debt.currency, debt.total) and one.id != debt.id:
            # What is probably paid is passed over as if it were: the doubt is that it is not.
            doubted.append(min(book.doubts.of_debt(one.id), 1 - book.doubts.of_debt(one.id)))
    for one in book.closed_of_client(debt.client_id):
        if (one.currency, one.total) == (debt.currency, debt.total):
            doubted.append(book.doubts.of_debt(one.id))
    return max(doubted)


def _habit(of: Context, debt: Debt) -> str:
    """Whether the debt is as old as this client's debts are when they are paid."""
    usual = of.book.usual_delay(debt.client_id)
    if usual is None:
        return "unknown"
    later = of.today - debt.issue - usual
    for bound, name in ((-20, "early"), (-7, "rather_early"), (8, "usual"), (21, "rather_late"), (45, "late")):
        if later < bound:
            return name
    return "very_late"


def _doubts(of: Context, debt: Debt) -> str:
    """How likely it is that payments of this client were booked wrongly before."""
    slips = of.book.doubts.of(debt.client_id, of.today)
    return "no" if slips < 0.05 else "some" if slips < 0.4 else "many"


def _age(of: Context, hypothesis: Hypothesis) -> str:
    days = of.today - hypothesis.debts[0].issue
    for bound, name in ((-1, "before"), (3, "0-3"), (14, "4-14"), (35, "15-35"), (70, "36-70"), (150, "71-150")):
        if days <= bound:
            return name
    return "older"


def _bucket(score: float) -> str:
    for bound, name in ((0.97, "whole"), (0.85, "nearly"), (0.7, "mostly"), (0.5, "half"), (0.25, "little")):
        if score >= bound:
            return name
    return "no"


def _share(share: float) -> str:
    if share < 0:
        return "new"
    return "only" if share >= 0.98 else "mostly" if share >= 0.6 else "some" if share > 0 else "never"


def _client_features(of: Context, client: ClientEvidence, hypothesis: Hypothesis) -> list[str]:
    group = hypothesis.kind is CandidateKind.GROUP
    if group:
        return [f"group:account:{bool(of.found.known_account)}", f"group:payer:{bool(of.found.known_payer)}"]
    source = of.found.receipt.source
    named_payer = bool(of.found.receipt.counterparty_name) or client.name > 0
    name = _bucket(client.name)
    text = _bucket(client.text_name)
    said = [f"name:{source}:{name}" if named_payer else "name:absent", f"text_name:{text}"]
    if client.name_tied and client.name >= 0.5:
        said.append("name:tied")
    said.append(f"account:{_share(client.account) if of.found.receipt.counterparty_account else 'absent'}")
    said.append(f"payer:{_share(client.payer) if named_payer else 'absent'}")
    said.append(f"text:{_share(client.same_text)}")
    if client.times >= 3:
        said.append("regular")
    if client.number:
        said.append(f"client_number:{client.number}")
    if client.domain:
        said.append(f"domain:{client.domain}")
    if of.found.receipt.email:
        said.append(f"email:{client.email or 'other'}")
    if client.rejected:
        said.append("rejected")
    return said


def _strength(client: ClientEvidence) -> str:
    """How well the payer is known to act for the client, in four steps."""
    past = max(client.account, 0.9 * client.payer, client.same_text)
    name = max(client.name, 0.9 * client.text_name)
    if client.email == "same" or client.number == "labelled" or client.domain == "full":
        return "sure"
    if past >= 0.9 or (past >= 0.5 and name >= 0.5):
        return "sure"
    if name >= 0.9 or past >= 0.4 or client.domain or client.email:
        return "good"
    return "some" if name >= 0.5 or past > 0 or client.number else "none"


def _pool(of: Context, hypothesis: Hypothesis) -> str:
    debt = hypothesis.debts[0]
    key = (debt.currency, debt.outstanding)
    count = of.rivals.setdefault(key, of.book.count_of_amount(*key))
    return "1" if count <= 1 else "2-5" if count <= 5 else "6-30" if count <= 30 else "many"


def _gateway(of: Context, hypothesis: Hypothesis) -> str:
    here = of.found.receipt.source
    if len(hypothesis.debts) == 1:
        end = _ends_at(hypothesis.debts[0].gateway)
        return "gateway:unknown" if end is None else "gateway:same" if here in end else "gateway:other"
    ends = {_ends_at(debt.gateway) for debt in hypothesis.debts}
    if ends == {None}:
        return "gateway:unknown"
    return "gateway:same" if all(end is not None and here in end for end in ends) else "gateway:other"


@lru_cache(maxsize=1024)
def _ends_at(gateway: str) -> frozenset[Source] | None:
    """Where a payment by this gateway is seen; None when no gateway is named."""
    name = gateway.lower()
    if not name:
        return None
    return frozenset(source for source, words in _GATEWAYS if any(word in name for word in words))


_GATEWAYS = ((Source.BANK, ("bank", "transfer", "mailin")), (Source.STRIPE_CHARGE, ("stripe", "card")))


def none_features(of: Context) -> list[str]:
    """The features of the explanation that the receipt settles nothing."""
    found = of.found
    receipt = found.receipt
    said = [f"none:{receipt.source}", f"none:best_name:{_bucket(of.best_name)}"]
    said += [f"none:noise:{kind}" for kind in Noise if kind in found.noise]
    if not found.noise:
        said.append("none:quiet")
    for counts, name in ((found.known_account, "account"), (found.known_payer, "payer"), (found.known_text, "text")):
        total = sum(counts.values())
        if total > 0.05:
            said.append(f"none:{name}:{_share(counts.get(NOBODY, 0.0) / total)}")
    strongest = max((_strength(client) for client in found.clients.values()), key=_STEPS.index, default="none")
    said.append(f"none:who:{strongest}")
    said.append("none:named:open" if of.strong_open else "none:named:no")
    if not of.strong_open:
        said += _settled(of)
    if found.together > 1:
        said.append(f"none:lists:{habit_of_lists(found.together)}")
    if receipt.amount_minor % 10000 == 0:
        said.append("none:round")
    return said


# A second payment comes before the next invoice does, an old number is used again when that is due.
_SETTLED = ((10, "now"), (25, "soon"), (45, "lately"))
_STEPS = ("none", "some", "good", "sure")


def strength_of(client: ClientEvidence) -> int:
    """How well the payer is known to act for the client, from 0 to 3."""
    return _STEPS.index(_strength(client))


def _settled(of: Context) -> list[str]:
    """Whether the receipt looks like a debt paid a second time, or like an old number used again."""
    receipt, today = of.found.receipt, of.today
    for hit in of.strong_closed:
        if hit.debt.total == receipt.amount_minor:
            days = today - hit.debt.closed
            when = next((name for bound, name in _SETTLED if days <= bound), "before")
            waiting = any(
                debt.outstanding == receipt.amount_minor for debt in of.book.open_of_client(hit.debt.client_id)
            )
            return [f"none:settled:{when}:{'waiting' if waiting else 'nothing_open'}"]
    if of.strong_closed:
        return ["none:settled:other_amount"]
    for client_id, client in of.found.clients.items():
        if _strength(client) in ("sure", "good") and not of.book.open_of_client(client_id):
            for debt in of.book.closed_of_client(client_id):
                if debt.total == receipt.amount_minor and today - debt.closed <= 45:
                    return ["none:paid_lately"]
    return []
