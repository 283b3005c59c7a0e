"""Deciding for an invoice: approve, match by hand. Each in one transaction, under the locks of `locks`.

Every match leaves a posting behind in the same transaction; none is sent before the undo window has passed.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching import locks
from matching.core.rules.types import Action
from matching.locks import Receipt
from matching.models import Band, Decision, InvoiceMatch, Proposal, ProposalLine, StripeInvoiceMatch
from matching.rule_adapters import load_rules, to_facts
from matching.services import judging, learning, rule_hits, second_look
from matching.services.decisions import (
    Actor,
    AlreadyDecided,
    Decided,
    NothingLeftToAllocate,
    UnusableAllocation,
    about,
    close_proposals,
    record,
    requeue_rivals,
    require_open,
    set_allocated,
)
from matching.services.rests import Line, Rest, with_rest
from payments.models import Gateway
from payymo.shared.errors import Conflict
from tenants import context
from whmcs.locks import lock_invoices
from whmcs.models import Invoice, Posting, WhmcsInstance, WhmcsTransaction
from whmcs.services import posting as outbox

__all__ = [
    *("AutomationForbidden", "Line", "NotBookedByStripe", "PaymentPending", "Rest"),
    *("allocate_by_hand", "approve_proposal", "booked_in_whmcs"),
]


class AutomationForbidden(Conflict):
    """A rule of the tenant says that a person decides."""

    code = "automation_forbidden"


class NotBookedByStripe(Conflict):
    """WHMCS does not show the charge; posting it needs a person."""

    code = "not_booked_by_stripe"


class PaymentPending(Conflict):
    """WHMCS waits for a payment of this invoice already; whether this is it needs a person."""

    code = "payment_pending"


def _check(receipt: Receipt, lines: Sequence[Line], invoices: dict[int, Invoice], *, may_overpay: bool) -> None:
    if not lines:
        raise UnusableAllocation(gettext("Choose at least one invoice."))
    if len({line.invoice_id for line in lines}) != len(lines):
        raise UnusableAllocation(gettext("The same invoice is named twice."))
    if any(line.amount <= 0 or line.fee < 0 for line in lines):
        raise UnusableAllocation(gettext("Each amount must be above zero."))
    if any(line.fee > line.amount for line in lines):
        raise UnusableAllocation(gettext("A fee is never more than what arrived. Write off such a rest in WHMCS."))
    if sum(line.amount for line in lines) > receipt.unallocated:
        raise NothingLeftToAllocate(gettext("The payment does not hold this much any more."))
    for line in lines:
        invoice = invoices.get(line.invoice_id)
        if invoice is None:
            raise UnusableAllocation(gettext("One of the invoices does not exist."))
        if invoice.currency != receipt.currency:
            raise UnusableAllocation(
                gettext("Invoice %(display_number)s is in %(currency)s.")
                % {"display_number": invoice.display_number, "currency": invoice.currency}
            )
        if invoice.status not in Invoice.OPEN:
            raise NothingLeftToAllocate(
                gettext("Invoice %(display_number)s is %(status)s in WHMCS.")
                % {"display_number": invoice.display_number, "status": invoice.status_in_words}
            )
        if line.amount + line.fee > invoice.outstanding and (line.fee or not may_overpay):
            raise NothingLeftToAllocate(
                gettext("Invoice %(display_number)s owes less than that.") % {"display_number": invoice.display_number}
            )


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
    return outbox.leave_pending(
        invoice=invoice,
        # WHMCS's amount includes the fee: what it books as received is the difference.
        amount=line.amount + line.fee,
        fees=line.fee,
        currency=receipt.currency,
        paid_at=paid_at,
        gateway=_gateway_of(receipt, invoice.instance),
        not_before=now + timedelta(seconds=context.current().undo_seconds),
        allows_overpayment=may_overpay,
        now=now,
    )


def _gateway_of(receipt: Receipt, instance: WhmcsInstance) -> str:
    """Return under which of its gateways WHMCS books the payment."""
    if isinstance(receipt, BankTransaction):
        return instance.bank_gateway
    return instance.gocardless_gateway if receipt.gateway == Gateway.GOCARDLESS else instance.stripe_gateway


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
    if any(line.fee for line in lines if line.invoice_id in booked):
        raise UnusableAllocation(gettext("WHMCS has booked this charge already: no fee can be written off with it."))
    invoices = lock_invoices(line.invoice_id for line in lines)
    if open_lines or not booked:
        _check(receipt, open_lines, invoices, may_overpay=may_overpay)
    elif sum(line.amount for line in lines) > receipt.unallocated:
        raise NothingLeftToAllocate(gettext("The charge does not hold this much any more."))
    if open_lines and not isinstance(receipt, BankTransaction) and not post_charges:
        raise NotBookedByStripe(gettext("WHMCS does not show this charge. A person must agree to post it."))
    pending = [line for line in open_lines if invoices[line.invoice_id].status == Invoice.Status.PAYMENT_PENDING]
    if pending and not post_charges:
        raise PaymentPending(
            gettext("WHMCS waits for another payment of this invoice. A person must agree to post this one.")
        )
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
        raise AutomationForbidden(
            gettext("The rule “%(name)s” leaves this payment to a person.") % {"name": alone.rule.name}
        )
    if second_look.is_large(receipt):
        raise AutomationForbidden(gettext("Two persons decide a payment of this amount."))
    if proposal.is_tie or not proposal.is_certain:
        raise AlreadyDecided(gettext("This suggestion is not certain enough any more to be approved without a person."))


def _pairs(lines: Sequence[Line]) -> list[tuple[int, Decimal]]:
    return [(line.invoice_id, line.amount) for line in lines]


def _meant(lines: Sequence[Line]) -> list[tuple[int, Decimal]]:
    """Return what two persons must mean alike: a fee that is written off as well."""
    return [*_pairs(lines), *((line.invoice_id, -line.fee) for line in lines if line.fee)]


def _undo_until(now: datetime) -> datetime:
    return now + timedelta(seconds=context.current().undo_seconds)


@transaction.atomic
def approve_proposal(*, proposal_id: uuid.UUID | str, actor: Actor, now: datetime, rest: Rest = Rest.OPEN) -> Decided:
    """Allocate what the proposal says, and what is left as `rest` says, and leave the postings pending.

    Raises: Proposal.DoesNotExist; AlreadyDecided, NothingLeftToAllocate, NotBookedByStripe, UnusableAllocation: nothing
    is written.
    """
    subject = Proposal.objects.select_related("bank_transaction", "stripe_payment").get(public_id=proposal_id)
    receipt = locks.lock_receipt((subject.bank_transaction or subject.stripe_payment).public_id)  # type: ignore[union-attr]
    opened = locks.lock_proposals(receipt)
    proposal = next((each for each in opened if each.pk == subject.pk), None)
    if proposal is None or proposal.band == Band.NONE:
        raise AlreadyDecided(gettext("This suggestion was decided or replaced meanwhile."))
    require_open(receipt)
    is_person = actor.source != Decision.Source.POLICY
    if not is_person:
        _check_automation(receipt, proposal)
    proposed = ProposalLine.objects.filter(proposal=proposal).order_by("invoice_id")
    lines = with_rest(receipt, [Line(line.invoice_id, line.amount, line.fee) for line in proposed], rest)
    look = second_look.look(receipt, _meant(lines), actor=actor, now=now)
    if look.waiting is not None:
        return Decided(look.waiting)
    decision = record(
        receipt,
        Decision.Kind.APPROVE,
        actor=actor,
        now=now,
        probability=proposal.probability,
        engine_version=proposal.engine_version,
        undo_until=_undo_until(now),
        **look.fields,
        **judging.judged(receipt, opened, lines=_pairs(lines)),
    )
    invoices = _allocate(
        receipt, lines, decision=decision, now=now, may_overpay=rest is Rest.CREDIT, post_charges=is_person
    )
    close_proposals(opened, decision=decision, chosen=proposal)
    rule_hits.judge(receipt)
    return Decided(decision, tuple(requeue_rivals(invoices, besides=receipt)))


@transaction.atomic
def allocate_by_hand(
    *,
    receipt_id: uuid.UUID | str,
    lines: Sequence[Line],
    actor: Actor,
    now: datetime,
    may_overpay: bool = False,
    rest: Rest = Rest.OPEN,
) -> Decided:
    """Match a receipt with the invoices a person chose; what is left over is used as `rest` says.

    Raises: UnknownReceipt; AlreadyDecided, UnusableAllocation, NothingLeftToAllocate: nothing is written.
    """
    receipt = locks.lock_receipt(receipt_id)
    require_open(receipt)
    opened = locks.lock_proposals(receipt)
    lines = with_rest(receipt, lines, rest)
    look = second_look.look(receipt, _meant(lines), actor=actor, now=now)
    if look.waiting is not None:
        return Decided(look.waiting)
    decision = record(
        receipt, Decision.Kind.ALLOCATE, actor=actor, now=now, undo_until=_undo_until(now), **look.fields,
        **judging.judged(receipt, opened, lines=_pairs(lines)),
    )  # fmt: skip
    may_overpay = may_overpay or rest is Rest.CREDIT
    invoices = _allocate(receipt, lines, decision=decision, now=now, may_overpay=may_overpay, post_charges=True)
    close_proposals(opened, decision=decision)
    rule_hits.judge(receipt)
    return Decided(decision, tuple(requeue_rivals(invoices, besides=receipt)))
