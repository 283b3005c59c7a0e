"""Proposing: what could each open payment settle? Incremental, idempotent, and repeatable without writing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from banking.models import BankAccount, BankTransaction
from matching import adapters, locks, payout_selectors
from matching.core import engine
from matching.core import types as core
from matching.core.book import Book
from matching.core.rivals import rivals
from matching.locks import Receipt
from matching.models import Band, Decision, Proposal, ProposalLine
from matching.services import engine_models, ruling
from matching.services.decisions import about
from payments.models import StripePayment
from payymo.shared.models import ReceiptState
from payymo.shared.money import from_minor
from whmcs.models import Invoice

OPEN_STATES = (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)
LOOK_BACK_DAYS = 400
RUN_LIMIT = 5000
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Outcome:
    """What one run did, or with `dry_run` would have done. `changed` holds public ids of receipts."""

    looked_at: int = 0
    changed: list[str] = field(default_factory=list)
    by_band: dict[str, int] = field(default_factory=dict)


def waiting(*, limit: int = RUN_LIMIT) -> list[Receipt]:
    """Return the receipts that wait for the engine, oldest first."""
    bank = BankTransaction.objects.filter(proposed_at=None, state__in=OPEN_STATES, amount__gt=0)
    charges = StripePayment.objects.filter(proposed_at=None, state__in=OPEN_STATES)
    return [*bank.order_by("booking_date", "pk")[:limit], *charges.order_by("charged_at", "pk")[:limit]]


def since(day: date, *, limit: int = 100_000) -> list[Receipt]:
    """Return every open receipt from a day on, for a replay."""
    bank = BankTransaction.objects.filter(booking_date__gte=day, state__in=OPEN_STATES, amount__gt=0)
    charges = StripePayment.objects.filter(charged_at__date__gte=day, state__in=OPEN_STATES)
    return [*bank.order_by("booking_date", "pk")[:limit], *charges.order_by("charged_at", "pk")[:limit]]


def set_outgoing_aside(*, now: datetime) -> int:
    """Take money that left the account out of the queue: a debit settles no invoice. Return how many."""
    return BankTransaction.objects.filter(proposed_at=None, state=ReceiptState.UNRECONCILED, amount__lte=0).update(
        state=ReceiptState.IGNORED, ignored_reason="debit", proposed_at=now
    )


@transaction.atomic
def requeue_for_changed_invoices(*, now: datetime, limit: int = 5000) -> int:
    """Let the engine look again at receipts that a new or changed invoice may concern; return how many invoices.

    A receipt with an exact suggestion elsewhere is left alone, unless the changed invoice is in that suggestion.
    """
    changed = list(Invoice.objects.filter(matched_at=None).order_by("pk").values_list("pk", flat=True)[:limit])
    if not changed:
        return 0
    earliest = (now - timedelta(days=LOOK_BACK_DAYS)).date()
    offered = Q(proposals__status=Proposal.Status.OPEN, proposals__lines__invoice__in=changed)
    unsure = Q(proposals__status=Proposal.Status.OPEN, proposals__rank=1) & ~Q(proposals__band=Band.EXACT)
    for model, recent in (
        (BankTransaction, Q(booking_date__gte=earliest)),
        (StripePayment, Q(charged_at__date__gte=earliest)),
    ):
        ids = model.objects.filter(offered | (unsure & recent), state__in=OPEN_STATES).values("pk")
        model.objects.filter(pk__in=list(ids.values_list("pk", flat=True))).update(proposed_at=None)
    Invoice.objects.filter(pk__in=changed).update(matched_at=now)
    return len(changed)


def propose(
    *, receipts: Iterable[Receipt], now: datetime, dry_run: bool = False, progress: Progress | None = None
) -> Outcome:
    """Ask the engine about each receipt and save what it says; an unchanged answer writes nothing new.

    Shape: `receipts` in any order; the book is read once.
    """
    todo = list(receipts)
    outcome = Outcome()
    if not todo:
        return outcome
    book = adapters.load_book(today=now.date())
    own_accounts = frozenset(BankAccount.objects.exclude(iban_hash="").values_list("iban_hash", flat=True))
    model = engine_models.model_in_use()
    payouts = payout_selectors.open_payouts()

    def ask(value: core.Receipt, known: Book) -> core.Suggestion:
        return engine.propose(value, known, own_accounts=own_accounts, payouts=payouts, model=model)

    ruled = ruling.prepare(todo, today=now.date())
    for position, receipt in enumerate(todo, 1):
        answer = ask(adapters.to_receipt(receipt, rest_only=True), book)
        suggestion = ruled.applied(receipt, answer, book=book, ask=ask)
        outcome.looked_at += 1
        saved = _differs(receipt, suggestion) if dry_run else _save(receipt, suggestion, now=now)
        if saved:
            outcome.changed.append(str(receipt.public_id))
        band = str(suggestion.candidates[0].band) if suggestion.candidates else Band.NONE.value
        outcome.by_band[band] = outcome.by_band.get(band, 0) + 1
        if progress is not None:
            progress(position, len(todo))
    if not dry_run:
        ruled.record(now=now)
    return outcome


def _candidates(receipt: Receipt, suggestion: core.Suggestion) -> list[core.Candidate]:
    """Leave out what a person turned down for this very receipt."""
    turned_down = {
        frozenset((line.invoice_id, line.amount) for line in proposal.lines.all())
        for proposal in Proposal.objects.filter(status=Proposal.Status.REJECTED, **about(receipt)).prefetch_related(
            "lines"
        )
        if proposal.decision is not None and proposal.decision.kind == Decision.Kind.REJECT
    }
    if not turned_down:
        return list(suggestion.candidates)
    return [
        candidate
        for candidate in suggestion.candidates
        if frozenset((a.invoice_id, from_minor(a.amount_minor, receipt.currency)) for a in candidate.allocations)
        not in turned_down
    ]


def _signature(proposals: Iterable[Proposal]) -> list[tuple[object, ...]]:
    return [
        (
            proposal.rank, proposal.band, proposal.kind, round(proposal.probability, 3), proposal.none_reason,
            proposal.is_tie, proposal.is_certain, proposal.engine_version, proposal.rules, proposal.ignore_rule_id,
            tuple(sorted((line.invoice_id, line.amount, line.fee) for line in proposal.lines.all())),
        )
        for proposal in proposals
    ]  # fmt: skip


def _planned(receipt: Receipt, suggestion: core.Suggestion) -> list[tuple[Proposal, list[ProposalLine]]]:
    """Build the rows of a suggestion without saving them."""
    common = {
        "amount": receipt.amount,
        "currency": receipt.currency,
        "engine_version": suggestion.engine_version,
        "rules": [adapters.rule_note_to_json(note) for note in suggestion.rules],
    }
    planned = []
    candidates = _candidates(receipt, suggestion)
    for rank, (candidate, rival) in enumerate(zip(candidates, rivals(candidates), strict=True), 1):
        proposal = Proposal(
            rank=rank,
            band=str(candidate.band),
            kind=str(candidate.kind),
            probability=candidate.probability,
            is_tie=suggestion.tie,
            is_certain=suggestion.auto and rank == 1 and len(candidates) == len(suggestion.candidates),
            client_id=candidate.client_id,
            reasons=[adapters.reason_to_json(reason) for reason in candidate.reasons],
            why_not=[adapters.reason_to_json(reason) for reason in candidate.why_not],
            rival=adapters.rival_to_json(rival),
            ignore_rule_id=suggestion.ignored_by if rank == 1 else None,
            none_reason=str(suggestion.none_reason or ""),
            **about(receipt),
            **common,
        )
        lines = [
            ProposalLine(
                invoice_id=a.invoice_id,
                amount=from_minor(a.amount_minor, receipt.currency),
                fee=from_minor(a.fee_minor, receipt.currency),
            )
            for a in candidate.allocations
        ]
        planned.append((proposal, lines))
    if not planned:
        reason = str(suggestion.none_reason or core.NoneReason.NO_CANDIDATE)
        nothing = Proposal(
            rank=1, band=Band.NONE, probability=0.0, none_reason=reason, ignore_rule_id=suggestion.ignored_by,
            **about(receipt), **common,
        )  # fmt: skip
        planned.append((nothing, []))
    return planned


def _planned_signature(planned: list[tuple[Proposal, list[ProposalLine]]]) -> list[tuple[object, ...]]:
    return [
        (
            proposal.rank, proposal.band, proposal.kind, round(proposal.probability, 3), proposal.none_reason,
            proposal.is_tie, proposal.is_certain, proposal.engine_version, proposal.rules, proposal.ignore_rule_id,
            tuple(sorted((line.invoice_id, line.amount, line.fee) for line in lines)),
        )
        for proposal, lines in planned
    ]  # fmt: skip


def _differs(receipt: Receipt, suggestion: core.Suggestion) -> bool:
    opened = Proposal.objects.filter(status=Proposal.Status.OPEN, **about(receipt)).prefetch_related("lines")
    return _signature(opened.order_by("rank")) != _planned_signature(_planned(receipt, suggestion))


def _save(receipt: Receipt, suggestion: core.Suggestion, *, now: datetime) -> bool:
    with transaction.atomic():
        fresh = locks.lock_receipt(receipt.public_id)
        if fresh.state not in OPEN_STATES or fresh.allocated != receipt.allocated:
            return False
        type(fresh).objects.filter(pk=fresh.pk).update(proposed_at=now)
        if not _differs(fresh, suggestion):
            return False
        # Nobody decided about these, so nothing refers to them.
        Proposal.objects.filter(status=Proposal.Status.OPEN, **about(fresh)).delete()
        for proposal, lines in _planned(fresh, suggestion):
            proposal.save()
            for line in lines:
                line.proposal = proposal
            ProposalLine.objects.bulk_create(lines)
    return True
