"""Writing what the engine said about many receipts: a fixed number of statements, whatever their number.

A suggestion that is written replaces the open ones, which stay behind as replaced; what a person decided is never
touched, and a receipt that somebody holds or has decided meanwhile is left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Prefetch, Q

from banking.models import BankTransaction
from matching import adapters, locks
from matching.core import types as core
from matching.core.rivals import rivals
from matching.locks import Receipt
from matching.models import Band, Decision, Proposal, ProposalLine
from matching.services.decisions import about
from payments.models import StripePayment
from payymo.shared.copying import copy_rows, take_keys
from payymo.shared.models import ReceiptState
from payymo.shared.money import from_minor
from whmcs.models import Invoice

OPEN_STATES = (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)
Planned = list[tuple[Proposal, list[ProposalLine]]]
Amounts = frozenset[tuple[int, Decimal]]
Signature = list[tuple[object, ...]]
_Key = tuple[bool, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said about one receipt, and what its invoices owed when it did (currency and minor units)."""

    receipt: Receipt
    suggestion: core.Suggestion
    owed: Mapping[int, tuple[str, int]]


def differing(answers: Sequence[Answer]) -> list[Receipt]:
    """Return the receipts whose saved suggestions are not what was answered. Writes nothing."""
    receipts = [answer.receipt for answer in answers]
    opened, turned_down = _opened(receipts), _turned_down(receipts)
    return [
        answer.receipt
        for answer in answers
        if _signature(opened.get(_key(answer.receipt), [])) != _signature(_plan(answer, turned_down))
    ]


@transaction.atomic
def save(answers: Sequence[Answer], *, now: datetime) -> list[Receipt]:
    """Write each answer that differs from what is saved; return their receipts.

    Shape: a receipt that is being decided just now keeps its place in the queue, and so does one whose invoices moved
    on since it was judged.
    """
    fresh = locks.lock_free_receipts(answer.receipt for answer in answers)
    still = [answer for answer in answers if _is_unchanged(answer.receipt, fresh.get(_key(answer.receipt)))]
    moved = _moved(still)
    good = [answer for answer in still if moved.isdisjoint(answer.owed)]
    receipts = [answer.receipt for answer in good]
    opened, turned_down = _opened(receipts), _turned_down(receipts)
    plans: list[tuple[Answer, Planned]] = []
    for answer in good:
        plan = _plan(answer, turned_down)
        if _signature(opened.get(_key(answer.receipt), [])) != _signature(plan):
            plans.append((answer, plan))
    _mark_proposed(receipts, now=now)
    _replace([proposal for answer, _ in plans for proposal, _ in opened.get(_key(answer.receipt), [])])
    for answer, plan in plans:
        _explain(answer, plan)
    _insert([pair for _, plan in plans for pair in plan])
    return [answer.receipt for answer, _ in plans]


def _key(receipt: Receipt) -> _Key:
    return isinstance(receipt, BankTransaction), receipt.pk


def _is_unchanged(judged: Receipt, fresh: Receipt | None) -> bool:
    if fresh is None or fresh.state not in OPEN_STATES:
        return False
    return (fresh.allocated, fresh.proposed_at) == (judged.allocated, judged.proposed_at)


def _moved(answers: Iterable[Answer]) -> set[int]:
    """The invoices that do not owe any more what they owed when the receipts were judged."""
    judged = {invoice_id: owed for answer in answers for invoice_id, owed in answer.owed.items()}
    rows = Invoice.objects.filter(pk__in=sorted(judged)).values_list(*adapters.INVOICE_COLUMNS)
    now = {invoice.id: (invoice.currency, invoice.outstanding_minor) for invoice in map(adapters.invoice_of, rows)}
    return {invoice_id for invoice_id, owed in judged.items() if now.get(invoice_id) != owed}


def _about_any(receipts: Iterable[Receipt]) -> Q:
    bank, charges = _split(receipts)
    return Q(bank_transaction__in=bank) | Q(stripe_payment__in=charges)


def _split(receipts: Iterable[Receipt]) -> tuple[list[int], list[int]]:
    keys = [_key(receipt) for receipt in receipts]
    return [pk for is_bank, pk in keys if is_bank], [pk for is_bank, pk in keys if not is_bank]


def _owner(proposal: Proposal) -> _Key:
    if proposal.bank_transaction_id is not None:
        return True, proposal.bank_transaction_id
    assert proposal.stripe_payment_id is not None  # noqa: S101 - kept by a constraint
    return False, proposal.stripe_payment_id


def _opened(receipts: Iterable[Receipt]) -> dict[_Key, Planned]:
    """The open suggestions of each receipt, best first; their reasons are not read."""
    found: dict[_Key, Planned] = {}
    rows = Proposal.objects.filter(_about_any(receipts), status=Proposal.Status.OPEN).defer(
        "reasons", "why_not", "rival"
    )
    for proposal in rows.prefetch_related(_LINES).order_by("rank"):
        found.setdefault(_owner(proposal), []).append((proposal, list(proposal.lines.all())))
    return found


_LINES = Prefetch("lines", ProposalLine.objects.only("proposal_id", "invoice_id", "amount", "fee"))


def _turned_down(receipts: Iterable[Receipt]) -> dict[_Key, set[Amounts]]:
    """What a person turned down for each receipt."""
    found: dict[_Key, set[Amounts]] = {}
    rows = Proposal.objects.filter(
        _about_any(receipts), status=Proposal.Status.REJECTED, decision__kind=Decision.Kind.REJECT
    )
    for proposal in rows.defer("reasons", "why_not", "rival").prefetch_related(_LINES):
        found.setdefault(_owner(proposal), set()).add(_amounts(proposal.lines.all()))
    return found


def _plan(answer: Answer, turned_down: Mapping[_Key, set[Amounts]]) -> Planned:
    """Build the rows of an answer, all but their reasons, without what a person turned down for this very receipt."""
    receipt, suggestion = answer.receipt, answer.suggestion
    refused = turned_down.get(_key(receipt), set())
    common = {
        "amount": receipt.amount,
        "currency": receipt.currency,
        "received_date": _received(receipt),
        "engine_version": suggestion.engine_version,
        "rules": [adapters.rule_note_to_json(note) for note in suggestion.rules],
    }
    kept: list[tuple[core.Candidate, list[ProposalLine]]] = []
    for candidate in suggestion.candidates:
        lines = [_line(allocation, answer.owed) for allocation in candidate.allocations]
        if _amounts(lines) not in refused:
            kept.append((candidate, lines))
    complete = len(kept) == len(suggestion.candidates)
    planned: Planned = []
    for rank, (candidate, lines) in enumerate(kept, 1):
        proposal = Proposal(
            rank=rank,
            band=str(candidate.band),
            kind=str(candidate.kind),
            probability=candidate.probability,
            is_tie=suggestion.tie,
            is_certain=suggestion.auto and rank == 1 and complete,
            client_id=candidate.client_id,
            ignore_rule_id=suggestion.ignored_by if rank == 1 else None,
            none_reason=str(suggestion.none_reason or ""),
            **about(receipt),
            **common,
        )
        planned.append((proposal, lines))
    if not planned:
        reason = str(suggestion.none_reason or core.NoneReason.NO_CANDIDATE)
        nothing = Proposal(
            rank=1, band=Band.NONE, probability=0.0, none_reason=reason, ignore_rule_id=suggestion.ignored_by,
            **about(receipt), **common,
        )  # fmt: skip
        planned.append((nothing, []))
    return planned


def _received(receipt: Receipt) -> date:
    return receipt.booking_date if isinstance(receipt, BankTransaction) else receipt.charged_at.date()


def _explain(answer: Answer, planned: Planned) -> None:
    """Write the reasons into the rows of an answer; most answers are not saved, so most need none."""
    by_lines = {
        _amounts(_line(one, answer.owed) for one in candidate.allocations): candidate
        for candidate in answer.suggestion.candidates
    }
    named = [(row, by_lines[_amounts(lines)]) for row, lines in planned if lines]
    against = rivals([candidate for _, candidate in named])
    for (row, candidate), rival in zip(named, against, strict=True):
        row.reasons = [adapters.reason_to_json(reason) for reason in candidate.reasons]
        row.why_not = [adapters.reason_to_json(reason) for reason in candidate.why_not]
        row.rival = adapters.rival_to_json(rival)


def _amounts(lines: Iterable[ProposalLine]) -> Amounts:
    return frozenset((line.invoice_id, line.amount) for line in lines)


def _line(allocation: core.Allocation, owed: Mapping[int, tuple[str, int]]) -> ProposalLine:
    currency, _ = owed[allocation.invoice_id]
    return ProposalLine(
        invoice_id=allocation.invoice_id,
        amount=from_minor(allocation.amount_minor, currency),
        fee=from_minor(allocation.fee_minor, currency),
    )


def _signature(planned: Planned) -> Signature:
    """What makes a difference to somebody who decides; the wording of the reasons follows from it."""
    return [
        (
            proposal.rank, proposal.band, proposal.kind, round(proposal.probability, 3), proposal.none_reason,
            proposal.is_tie, proposal.is_certain, proposal.engine_version, proposal.rules, proposal.ignore_rule_id,
            tuple(sorted((line.invoice_id, line.amount, line.fee) for line in lines)),
        )
        for proposal, lines in planned
    ]  # fmt: skip


def _mark_proposed(receipts: Iterable[Receipt], *, now: datetime) -> None:
    bank, charges = _split(receipts)
    if bank:
        BankTransaction.objects.filter(pk__in=bank).update(proposed_at=now)
    if charges:
        StripePayment.objects.filter(pk__in=charges).update(proposed_at=now)


def _replace(proposals: Sequence[Proposal]) -> None:
    if proposals:
        ids = [proposal.pk for proposal in proposals]
        Proposal.objects.filter(pk__in=ids, status=Proposal.Status.OPEN).update(status=Proposal.Status.SUPERSEDED)


def _insert(planned: Planned) -> None:
    if not planned:
        return
    _set_due_dates(planned)
    for key, (proposal, lines) in zip(take_keys(Proposal, len(planned)), planned, strict=True):
        proposal.pk = key
        for line in lines:
            line.proposal_id = key
    copy_rows(Proposal, (proposal for proposal, _ in planned))
    copy_rows(ProposalLine, (line for _, lines in planned for line in lines))


def _set_due_dates(planned: Planned) -> None:
    """Write the earliest due date of its invoices into each suggestion."""
    wanted = {line.invoice_id for _, lines in planned for line in lines}
    rows = Invoice.objects.filter(pk__in=wanted).values_list("pk", "due_date")
    due = {invoice_id: day for invoice_id, day in rows if day is not None}
    for proposal, lines in planned:
        proposal.due_date = min((due[each.invoice_id] for each in lines if each.invoice_id in due), default=None)


def forget_replaced(*, before: datetime, limit: int = 20_000) -> int:
    """Delete replaced suggestions that nobody decided about and that are older than this; return how many."""
    old = Proposal.objects.filter(status=Proposal.Status.SUPERSEDED, decision=None, created_at__lt=before)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:limit])
    Proposal.objects.filter(pk__in=ids).delete()
    return len(ids)
