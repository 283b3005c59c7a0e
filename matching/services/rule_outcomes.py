"""What became of payments, read for many at once, and whether following a rule would have changed it for the worse."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from banking.models import BankTransaction
from matching.core.rules.types import Action, Rule
from matching.locks import Receipt
from matching.models import Band, Decision, InvoiceMatch, Proposal, ProposalLine, StripeInvoiceMatch
from payments.models import StripePayment
from payymo.shared.models import ReceiptState
from payymo.shared.money import from_minor

_DECIDING = (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE, Decision.Kind.IGNORE)
_BY_PEOPLE = (Decision.Source.PERSON, Decision.Source.STAFF)
_ORDINARY = ("single", "several")


class Outcome(StrEnum):
    """What following a rule would have been."""

    SAME = "same"
    CHANGE = "change"
    WRONG = "wrong"


@dataclass(slots=True)
class Best:
    """The first suggestion: the one that waits, or the one that was there when somebody decided."""

    client_id: int | None
    band: str
    kind: str
    is_certain: bool
    is_tie: bool
    none_reason: str
    status: str
    shortages: list[Decimal] = field(default_factory=list)


@dataclass(slots=True)
class Past:
    """What became of one payment: the decision in force, whom the money went to, the suggestion.

    Shape: `shortages` holds (missing on the invoice when it was decided, whether a later payment brought it).
    """

    state: str
    ignored_reason: str
    currency: str
    source: str = ""
    kind: str = ""
    clients: set[int] = field(default_factory=set)
    shortages: list[tuple[Decimal, bool]] = field(default_factory=list)
    best: Best | None = None

    @property
    def is_decided_by_people(self) -> bool:
        """Whether a person said what this payment is."""
        return self.source in _BY_PEOPLE


def outcome_of(rule: Rule, past: Past) -> Outcome:
    """Compare following the rule with what became of the payment."""
    if rule.action in (Action.SET_CLIENT, Action.SUGGEST_CLIENT):
        return _of_client(rule, past)
    if rule.action is Action.IGNORE:
        return _of_ignoring(rule, past)
    if rule.action is Action.FORBID_AUTOMATION:
        went_alone = past.source == Decision.Source.POLICY or (not past.source and _is_certain(past.best))
        return Outcome.CHANGE if went_alone else Outcome.SAME
    if rule.action is Action.ALLOW_AUTOMATION:
        return _of_allowing(past)
    return _of_fee(rule, past)


def _of_client(rule: Rule, past: Past) -> Outcome:
    if past.clients or past.kind == Decision.Kind.IGNORE:
        if rule.client_id in past.clients:
            return Outcome.SAME
        return Outcome.WRONG if past.is_decided_by_people else Outcome.CHANGE
    if past.state != ReceiptState.UNRECONCILED:
        return Outcome.SAME
    suggested = past.best.client_id if past.best is not None else None
    return Outcome.SAME if suggested == rule.client_id else Outcome.CHANGE


def _of_ignoring(rule: Rule, past: Past) -> Outcome:
    if past.clients:
        return Outcome.WRONG
    if past.state == ReceiptState.IGNORED:
        return Outcome.SAME if past.ignored_reason == rule.ignore_reason else Outcome.CHANGE
    if past.state != ReceiptState.UNRECONCILED or (past.best is not None and past.best.band == Band.EXACT):
        return Outcome.SAME
    return Outcome.CHANGE


def _is_certain(best: Best | None) -> bool:
    return best is not None and best.is_certain


def _of_allowing(past: Past) -> Outcome:
    best = past.best
    if best is None or best.is_certain or best.is_tie or best.none_reason:
        return Outcome.SAME
    if best.kind not in _ORDINARY or best.band not in (Band.EXACT, Band.LIKELY):
        return Outcome.SAME
    if past.is_decided_by_people and best.status != Proposal.Status.APPROVED:
        return Outcome.WRONG
    return Outcome.CHANGE


def _of_fee(rule: Rule, past: Past) -> Outcome:
    limit = from_minor(rule.limit_minor, past.currency)
    if past.clients:
        short = [came_later for missing, came_later in past.shortages if 0 < missing <= limit]
        if len(past.shortages) > 1 or not short:
            return Outcome.SAME
        return Outcome.WRONG if short[0] else Outcome.CHANGE
    waiting = past.best.shortages if past.best is not None and past.state == ReceiptState.UNRECONCILED else []
    return Outcome.CHANGE if len(waiting) == 1 and waiting[0] <= limit else Outcome.SAME


def load_pasts(receipts: Sequence[Receipt]) -> dict[str, Past]:
    """Read what became of these payments: at most five queries for transactions, and five for charges."""
    pasts: dict[str, Past] = {}
    for model, about, matches in (
        (BankTransaction, "bank_transaction", InvoiceMatch),
        (StripePayment, "stripe_payment", StripeInvoiceMatch),
    ):
        rows = [each for each in receipts if isinstance(each, model)]
        if rows:
            by_key = {row.pk: Past(row.state, row.ignored_reason, row.currency) for row in rows}
            _read_decisions(by_key, about)
            _read_allocations(by_key, about, matches)
            pasts.update({str(row.public_id): by_key[row.pk] for row in rows})
    return pasts


def _read_decisions(pasts: dict[int, Past], about: str) -> None:
    live = Decision.objects.filter(**{f"{about}__in": list(pasts)}, kind__in=_DECIDING, undone_by=None).order_by("pk")
    decided: dict[int, int] = {}
    for key, decision_id, kind, source in live.values_list(about, "pk", "kind", "source"):
        pasts[key].kind, pasts[key].source = kind, source
        decided[decision_id] = key
    fields = ("pk", about, "client", "band", "kind", "is_certain", "is_tie", "none_reason", "status")
    firsts = Proposal.objects.filter(**{f"{about}__in": list(pasts)}, rank=1)
    waiting = firsts.filter(status=Proposal.Status.OPEN)
    then = firsts.filter(decision__in=list(decided))
    opened: dict[int, Best] = {}
    for pk, key, *values in [*then.values_list(*fields), *waiting.values_list(*fields)]:
        best = Best(*values)
        pasts[key].best = best
        if best.status == Proposal.Status.OPEN:
            opened[pk] = best
    lines = ProposalLine.objects.filter(proposal__in=list(opened), fee=0)
    for pk, amount, balance, reserved in lines.values_list(
        "proposal", "amount", "invoice__balance", "invoice__reserved"
    ):
        missing = balance - reserved - amount
        if missing > 0:
            opened[pk].shortages.append(missing)


def _read_allocations(pasts: dict[int, Past], about: str, matches: Any) -> None:
    kept = matches.objects.filter(**{f"{about}__in": list(pasts)}, reverses=None, reversed_by=None)
    short: list[tuple[int, int, Any, Decimal]] = []
    for key, client_id, invoice_id, at, fee, expected, posted in kept.values_list(
        about, "invoice__client", "invoice", "allocated_at", "fee", "posting__expected_balance", "posting__amount"
    ):
        pasts[key].clients.add(client_id)
        if expected is not None and not fee and expected > posted:
            short.append((key, invoice_id, at, expected - posted))
    later = _later_payments({invoice_id for _, invoice_id, _, _ in short})
    for key, invoice_id, at, missing in short:
        came_later = any(moment > at for moment in later.get(invoice_id, ()))
        pasts[key].shortages.append((missing, came_later))


def _later_payments(invoice_ids: set[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for model in (InvoiceMatch, StripeInvoiceMatch) if invoice_ids else ():
        kept = model.objects.filter(invoice__in=invoice_ids, reverses=None, reversed_by=None)
        for invoice_id, at in kept.values_list("invoice", "allocated_at"):
            found.setdefault(invoice_id, []).append(at)
    return found
