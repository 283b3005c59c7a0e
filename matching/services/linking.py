"""Linking a payment to what WHMCS has booked of it: decided, matched and counted, never posted."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from matching import locks
from matching.locks import Receipt
from matching.models import Decision, InvoiceMatch, StripeInvoiceMatch
from matching.services import learning
from matching.services.decisions import Actor, close_proposals, record, set_allocated
from payments.models import StripePayment
from whmcs.locks import lock_invoices
from whmcs.models import WhmcsTransaction
from whmcs.services import posting as outbox


def link(
    receipt: Receipt,
    bookings: Sequence[WhmcsTransaction],
    *,
    reason: str,
    paid_at: datetime,
    now: datetime,
) -> None:
    """Match a locked payment that waits with the invoices of these bookings, each by what was booked of it.

    Must run in the transaction that holds the payment's lock.
    """
    decision = record(receipt, Decision.Kind.APPROVE, actor=Actor.policy(), now=now, reason=reason)
    close_proposals(locks.lock_proposals(receipt), decision=decision)
    invoices = lock_invoices(booking.invoice_id for booking in bookings if booking.invoice_id)
    for booking in bookings:
        invoice = invoices[booking.invoice_id or 0]
        what = {"invoice": invoice, "amount": booking.amount_in, "currency": receipt.currency}
        posting = outbox.link_existing(booking=booking, **what, paid_at=paid_at, now=now)
        matched = {**what, "decision": decision, "posting": posting, "allocated_at": now}
        if isinstance(receipt, StripePayment):
            StripeInvoiceMatch.objects.create(stripe_payment=receipt, **matched)
        else:
            InvoiceMatch.objects.create(bank_transaction=receipt, **matched)
    set_allocated(receipt, sum((booking.amount_in for booking in bookings), Decimal(0)))
    learning.learn(receipt, {invoice.client_id for invoice in invoices.values()}, on=paid_at.date())
