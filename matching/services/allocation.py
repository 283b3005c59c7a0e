"""Deciding: approve, match by hand, reject, ignore, put off, undo. Each in one transaction, under the locks of `locks`.

Every match leaves a posting behind in the same transaction; none is sent before the undo window has passed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from banking.models import BankTransaction
from matching import locks
from matching.core.rules.types import Action
from matching.locks import Receipt
from matching.models import Band, Decision, InvoiceMatch, Proposal, ProposalLine, StripeInvoiceMatch
from matching.rule_adapters import load_rules, to_facts
from matching.services import drift, judging, learning, rule_hits, settlement
from matching.services.decisions import (
    Actor,
    AlreadyDecided,
    NothingLeftToAllocate,
    UnusableAllocation,
    about,
    close_proposals,
    record,
    reopen,
    requeue_rivals,
    set_allocated,
    shift_ranks,
)
from payymo.shared.errors import BadInput, Conflict, NotAllowed
from payymo.shared.models import ReceiptState
from tenants import context
from whmcs.locks import lock_invoices
from whmcs.models import Invoice, Posting, WhmcsTransaction
from whmcs.services import posting as outbox

OPEN_STATUSES = (Invoice.Status.UNPAID, Invoice.Status.COLLECTIONS, Invoice.Status.PAYMENT_PENDING)
_NOBODYS = (Decision.Source.POLICY, Decision.Source.RULE)
IGNORE_REASONS = ("own_transfer", "fee", "refund", "private", "payroll", "tax", "other")


NOT_UNDONE = (Decision.Kind.UNDO, Decision.Kind.GIVE_UP, Decision.Kind.WRONG)


class TooLateToUndo(Conflict):
    """The payment is on its way to WHMCS or already there."""

    code = "too_late_to_undo"


class AutomationForbidden(Conflict):
    """A rule of the tenant says that a person decides."""

    code = "automation_forbidden"


class NotBookedByStripe(Conflict):
    """WHMCS does not show the charge; posting it needs a person."""

    code = "not_booked_by_stripe"


class PaymentPending(Conflict):
    """WHMCS waits for a payment of this invoice already; whether this is it needs a person."""

    code = "payment_pending"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and the other receipts whose suggestions it made stale (public ids)."""

    decision: Decision
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An invoice (primary key) and the amount it gets, in the receipt's currency.

    Shape: `fee` is missing and written off: the invoice counts it as paid, the receipt does not give it.
    """

    invoice_id: int
    amount: Decimal
    fee: Decimal = Decimal(0)


def _open_receipt(receipt: Receipt) -> None:
    if receipt.state == ReceiptState.IGNORED:
        raise AlreadyDecided("This payment is ignored. Undo that first.")
    if receipt.state == ReceiptState.RECONCILED:
        raise AlreadyDecided("This payment is matched already.")
    if receipt.amount <= 0:
        raise UnusableAllocation("Money that left the account settles no invoice.")


def _check(receipt: Receipt, lines: Sequence[Line], invoices: dict[int, Invoice], *, may_overpay: bool) -> None:
    if not lines:
        raise UnusableAllocation("Choose at least one invoice.")
    if len({line.invoice_id for line in lines}) != len(lines):
        raise UnusableAllocation("The same invoice is named twice.")
    if any(line.amount <= 0 or line.fee < 0 for line in lines):
        raise UnusableAllocation("Each amount must be above zero.")
    if sum(line.amount for line in lines) > receipt.unallocated:
        raise NothingLeftToAllocate("The payment does not hold this much any more.")
    for line in lines:
        invoice = invoices.get(line.invoice_id)
        if invoice is None:
            raise UnusableAllocation("One of the invoices does not exist.")
        if invoice.currency != receipt.currency:
            raise UnusableAllocation(f"Invoice {invoice.display_number} is in {invoice.currency}.")
        if invoice.status not in OPEN_STATUSES:
            raise NothingLeftToAllocate(f"Invoice {invoice.display_number} is {invoice.status} in WHMCS.")
        if line.amount + line.fee > invoice.outstanding and (line.fee or not may_overpay):
            raise NothingLeftToAllocate(f"Invoice {invoice.display_number} owes less than that.")


def booked_in_whmcs(receipt: Receipt, invoice_ids: Sequence[int]) -> dict[int, WhmcsTransaction]:
    """Return what WHMCS's own Stripe module has booked for a charge, by invoice."""
    if isinstance(receipt, BankTransaction):
        return {}
    names = [n for n in (receipt.charge_id, receipt.payment_intent_id, receipt.balance_transaction_id) if n]
    found = WhmcsTransaction.objects.filter(transaction_id__in=names, invoice_id__in=invoice_ids, amount_in__gt=0)
    return {booking.invoice_id: booking for booking in found.order_by("pk") if booking.invoice_id}


def _paid_at(receipt: Receipt) -> datetime:
    if isinstance(receipt, BankTransaction):
        return datetime.combine(receipt.value_date or receipt.booking_date, time(12), tzinfo=UTC)
    return receipt.charged_at


def _post(
    receipt: Receipt, line: Line, invoice: Invoice, booked: WhmcsTransaction | None, *, now: datetime, may_overpay: bool
) -> Posting:
    paid_at = _paid_at(receipt)
    if booked is not None:
        return outbox.link_existing(
            booking=booked, invoice=invoice, amount=line.amount, currency=receipt.currency, paid_at=paid_at, now=now
        )
    is_bank = isinstance(receipt, BankTransaction)
    return outbox.leave_pending(
        invoice=invoice,
        # WHMCS's amount includes the fee: what it books as received is the difference.
        amount=line.amount + line.fee,
        fees=line.fee,
        currency=receipt.currency,
        paid_at=paid_at,
        gateway=invoice.instance.bank_gateway if is_bank else invoice.instance.stripe_gateway,
        not_before=now + timedelta(seconds=context.current().undo_seconds),
        allows_overpayment=may_overpay,
        now=now,
    )


def _allocate(
    receipt: Receipt,
    lines: Sequence[Line],
    *,
    decision: Decision,
    now: datetime,
    may_overpay: bool,
    post_charges: bool,
) -> list[Invoice]:
    booked = booked_in_whmcs(receipt, [line.invoice_id for line in lines])
    open_lines = [line for line in lines if line.invoice_id not in booked]
    invoices = lock_invoices(line.invoice_id for line in lines)
    if open_lines or not booked:
        _check(receipt, open_lines, invoices, may_overpay=may_overpay)
    elif sum(line.amount for line in lines) > receipt.unallocated:
        raise NothingLeftToAllocate("The charge does not hold this much any more.")
    if open_lines and not isinstance(receipt, BankTransaction) and not post_charges:
        raise NotBookedByStripe("WHMCS does not show this charge. A person must agree to post it.")
    pending = [line for line in open_lines if invoices[line.invoice_id].status == Invoice.Status.PAYMENT_PENDING]
    if pending and not post_charges:
        raise PaymentPending("WHMCS waits for another payment of this invoice. A person must agree to post this one.")
    match = InvoiceMatch if isinstance(receipt, BankTransaction) else StripeInvoiceMatch
    for line in sorted(lines, key=lambda line: line.invoice_id):
        invoice = invoices[line.invoice_id]
        posting = _post(receipt, line, invoice, booked.get(invoice.pk), now=now, may_overpay=may_overpay)
        match.objects.create(
            invoice=invoice,
            amount=line.amount,
            fee=posting.fees,
            currency=receipt.currency,
            decision=decision,
            posting=posting,
            allocated_at=now,
            **about(receipt),
        )
    set_allocated(receipt, receipt.allocated + sum((line.amount for line in lines), Decimal(0)))
    learning.learn(receipt, {invoice.client_id for invoice in invoices.values()}, on=now.date())
    return list(invoices.values())


def _check_automation(receipt: Receipt, proposal: Proposal) -> None:
    """Pass if nothing has come up against automation since the suggestion was saved: rules are read again, now."""
    alone = load_rules().judge(to_facts(receipt)).alone
    if alone is not None and alone.rule.action is Action.FORBID_AUTOMATION:
        raise AutomationForbidden(f"The rule “{alone.rule.name}” leaves this payment to a person.")
    if proposal.is_tie or not proposal.is_certain:
        raise AlreadyDecided("This suggestion is not certain enough any more to be approved without a person.")


def _pairs(lines: Sequence[Line]) -> list[tuple[int, Decimal]]:
    return [(line.invoice_id, line.amount) for line in lines]


def _undo_until(now: datetime) -> datetime:
    return now + timedelta(seconds=context.current().undo_seconds)


@transaction.atomic
def approve_proposal(*, proposal_id: uuid.UUID | str, actor: Actor, now: datetime) -> Decided:
    """Allocate what the proposal says and leave its postings pending.

    Raises: Proposal.DoesNotExist; AlreadyDecided, NothingLeftToAllocate, NotBookedByStripe: nothing is written.
    """
    subject = Proposal.objects.select_related("bank_transaction", "stripe_payment").get(public_id=proposal_id)
    receipt = locks.lock_receipt((subject.bank_transaction or subject.stripe_payment).public_id)  # type: ignore[union-attr]
    opened = locks.lock_proposals(receipt)
    proposal = next((each for each in opened if each.pk == subject.pk), None)
    if proposal is None or proposal.band == Band.NONE:
        raise AlreadyDecided("This suggestion was decided or replaced meanwhile.")
    _open_receipt(receipt)
    is_person = actor.source != Decision.Source.POLICY
    if not is_person:
        _check_automation(receipt, proposal)
    lines = [Line(line.invoice_id, line.amount, line.fee) for line in ProposalLine.objects.filter(proposal=proposal)]
    decision = record(
        receipt,
        Decision.Kind.APPROVE,
        actor=actor,
        now=now,
        probability=proposal.probability,
        engine_version=proposal.engine_version,
        undo_until=_undo_until(now),
        **judging.judged(receipt, opened, lines=_pairs(lines)),
    )
    invoices = _allocate(receipt, lines, decision=decision, now=now, may_overpay=False, post_charges=is_person)
    close_proposals(opened, decision=decision, chosen=proposal)
    rule_hits.judge(receipt)
    return Decided(decision, tuple(requeue_rivals(invoices, besides=receipt)))


@transaction.atomic
def allocate_by_hand(
    *, receipt_id: uuid.UUID | str, lines: Sequence[Line], actor: Actor, now: datetime, may_overpay: bool = False
) -> Decided:
    """Match a receipt with the invoices a person chose; what is left over stays open.

    Raises: UnknownReceipt; AlreadyDecided, UnusableAllocation, NothingLeftToAllocate: nothing is written.
    """
    receipt = locks.lock_receipt(receipt_id)
    _open_receipt(receipt)
    opened = locks.lock_proposals(receipt)
    decision = record(
        receipt, Decision.Kind.ALLOCATE, actor=actor, now=now, undo_until=_undo_until(now),
        **judging.judged(receipt, opened, lines=_pairs(lines)),
    )  # fmt: skip
    invoices = _allocate(receipt, lines, decision=decision, now=now, may_overpay=may_overpay, post_charges=True)
    close_proposals(opened, decision=decision)
    if receipt.state == ReceiptState.PARTLY_ALLOCATED:
        receipt.proposed_at = None
        receipt.save(update_fields=["proposed_at"])
    rule_hits.judge(receipt)
    return Decided(decision, tuple(requeue_rivals(invoices, besides=receipt)))


@transaction.atomic
def reject_proposal(*, proposal_id: uuid.UUID | str, actor: Actor, now: datetime, reason: str = "") -> Decided:
    """Say that this suggestion is wrong: it is remembered, and the next candidate moves up.

    Raises: Proposal.DoesNotExist; AlreadyDecided.
    """
    subject = Proposal.objects.select_related("bank_transaction", "stripe_payment").get(public_id=proposal_id)
    receipt = locks.lock_receipt((subject.bank_transaction or subject.stripe_payment).public_id)  # type: ignore[union-attr]
    opened = locks.lock_proposals(receipt)
    proposal = next((each for each in opened if each.pk == subject.pk), None)
    if proposal is None or proposal.band == Band.NONE:
        raise AlreadyDecided("This suggestion was decided or replaced meanwhile.")
    decision = record(
        receipt, Decision.Kind.REJECT, actor=actor, now=now, reason=reason[:300], probability=proposal.probability,
        engine_version=proposal.engine_version, **judging.turned_down(receipt, proposal),
    )  # fmt: skip
    proposal.status, proposal.decision = Proposal.Status.REJECTED, decision
    proposal.save(update_fields=["status", "decision"])
    clients = set(ProposalLine.objects.filter(proposal=proposal).values_list("invoice__client_id", flat=True))
    learning.learn_rejection(receipt, clients, on=now.date())
    if len(opened) == 1:
        _say_none(receipt, reason="rejected", engine_version=proposal.engine_version)
    else:
        for other in opened:
            if other.rank > proposal.rank:
                Proposal.objects.filter(pk=other.pk).update(rank=other.rank - 1)
    return Decided(decision)


def _say_none(receipt: Receipt, *, reason: str, engine_version: str) -> Proposal:
    return Proposal.objects.create(
        rank=1, band=Band.NONE, probability=0.0, none_reason=reason, engine_version=engine_version,
        amount=receipt.amount, currency=receipt.currency, **about(receipt),
    )  # fmt: skip


@transaction.atomic
def ignore_receipt(*, receipt_id: uuid.UUID | str, reason: str, actor: Actor, now: datetime) -> Decided:
    """Say that a receipt pays no invoice.

    Raises: UnknownReceipt; BadInput without a known reason; AlreadyDecided when some of it is matched.
    """
    if reason not in IGNORE_REASONS:
        raise BadInput(f"Choose a reason: {', '.join(IGNORE_REASONS)}.")
    receipt = locks.lock_receipt(receipt_id)
    if receipt.state != ReceiptState.UNRECONCILED:
        raise AlreadyDecided("This payment was decided meanwhile.")
    opened = locks.lock_proposals(receipt)
    decision = record(
        receipt, Decision.Kind.IGNORE, actor=actor, now=now, reason=reason, **judging.judged(receipt, opened)
    )
    receipt.state, receipt.ignored_reason = ReceiptState.IGNORED, reason
    receipt.save(update_fields=["state", "ignored_reason"])
    close_proposals(opened, decision=decision)
    rule_hits.judge(receipt)
    return Decided(decision)


@transaction.atomic
def hold_receipt(*, receipt_id: uuid.UUID | str, until: date, actor: Actor, now: datetime) -> Decided:
    """Put a receipt off until a day; its suggestions stay.

    Raises: UnknownReceipt; BadInput for a day that is past or more than a year away; AlreadyDecided.
    """
    if not now.date() < until <= now.date() + timedelta(days=366):
        raise BadInput("Choose a day after today, within a year.")
    receipt = locks.lock_receipt(receipt_id)
    _open_receipt(receipt)
    decision = record(receipt, Decision.Kind.HOLD, actor=actor, now=now, reason=until.isoformat())
    receipt.held_until = until
    receipt.save(update_fields=["held_until"])
    return Decided(decision)


def _take_back(posting: Posting | None, *, now: datetime) -> None:
    if posting is None:
        return
    try:
        outbox.withdraw(posting=posting, now=now)
    except Conflict as error:
        raise TooLateToUndo(
            "The payment is already on its way to WHMCS. Reverse it there, and report it as wrong here."
        ) from error


def _reverse(decision: Decision, receipt: Receipt, *, undo: Decision, now: datetime) -> None:
    model: Any = InvoiceMatch if isinstance(receipt, BankTransaction) else StripeInvoiceMatch
    matches = list(model.objects.filter(decision=decision).select_related("posting", "invoice").order_by("invoice_id"))
    invoices = lock_invoices(match.invoice_id for match in matches)
    for match in matches:
        _take_back(match.posting, now=now)
        model.objects.create(
            invoice=match.invoice,
            amount=-match.amount,
            fee=-match.fee,
            currency=match.currency,
            decision=undo,
            reverses=match,
            allocated_at=now,
            **about(receipt),
        )
    set_allocated(receipt, receipt.allocated - sum((match.amount for match in matches), Decimal(0)))
    clients = {invoice.client_id for invoice in invoices.values()}
    learning.unlearn(receipt, clients, on=decision.decided_at.date())


@transaction.atomic
def undo_decision(
    *, decision_id: uuid.UUID | str, actor: Actor, now: datetime, may_undo_others: bool = False
) -> Decided:
    """Take a decision back completely, as long as nothing of it was sent to WHMCS.

    Raises: Decision.DoesNotExist; NotAllowed for a colleague's decision; Conflict when it was undone already;
    TooLateToUndo: nothing is written.
    """
    decision, receipt = locks.lock_decision(decision_id)
    own = actor.user is not None and decision.decided_by_id == actor.user.pk
    if not (own or may_undo_others or decision.source in _NOBODYS):
        raise NotAllowed("This is a colleague's decision. An administrator can undo it.")
    if decision.kind in NOT_UNDONE:
        raise Conflict("This cannot be undone here.")
    if decision.pk != Decision.objects.filter(**about(receipt)).exclude(kind=Decision.Kind.UNDO).exclude(
        undone_by__isnull=False
    ).order_by("-pk").values_list("pk", flat=True).first():  # fmt: skip
        raise Conflict("A later decision about this payment exists. Undo that first.")
    undo = record(receipt, Decision.Kind.UNDO, actor=actor, now=now, undoes=decision)
    drift.after_correction(decision, now=now)
    if decision.kind in (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE):
        _reverse(decision, receipt, undo=undo, now=now)
        reopen(receipt, decision)
    elif decision.kind == Decision.Kind.IGNORE:
        _take_up_again(receipt, decision)
    elif decision.kind == Decision.Kind.REJECT:
        _unreject(decision, receipt)
    elif decision.kind == Decision.Kind.SETTLE and isinstance(receipt, BankTransaction):
        settlement.take_back(decision=decision, receipt=receipt, undo=undo)
    else:
        receipt.held_until = None
        receipt.save(update_fields=["held_until"])
    rule_hits.judge(receipt)
    return Decided(undo)


def _take_up_again(receipt: Receipt, decision: Decision) -> None:
    receipt.state, receipt.ignored_reason = ReceiptState.UNRECONCILED, ""
    if decision.source == Decision.Source.RULE:
        # The rules read that it was taken back, and leave it alone from now on.
        receipt.proposed_at = None
        Proposal.objects.filter(decision=decision).update(ignore_rule=None)
    receipt.save(update_fields=["state", "ignored_reason", "proposed_at"])
    reopen(receipt, decision)


def _unreject(decision: Decision, receipt: Receipt) -> None:
    rejected = Proposal.objects.filter(decision=decision).first()
    if rejected is None:
        return
    clients = set(ProposalLine.objects.filter(proposal=rejected).values_list("invoice__client_id", flat=True))
    learning.unlearn_rejection(receipt, clients, on=decision.decided_at.date())
    Proposal.objects.filter(status=Proposal.Status.OPEN, band=Band.NONE, **about(receipt)).delete()
    shift_ranks(receipt, by=1)
    Proposal.objects.filter(pk=rejected.pk).update(status=Proposal.Status.OPEN, decision=None, rank=1)
