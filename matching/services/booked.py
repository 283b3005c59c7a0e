"""Charges that WHMCS's own Stripe module has booked: linked to their invoices, never posted again."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from matching import locks
from matching.services.linking import link
from payments.models import StripePayment
from payymo.shared.models import ReceiptState
from whmcs.models import WhmcsTransaction

RUN_LIMIT = 5000


def link_booked_charges(*, now: datetime, limit: int = RUN_LIMIT) -> int:
    """Link each open charge that a WHMCS transaction names; return how many were linked."""
    charges = list(StripePayment.objects.filter(state=ReceiptState.UNRECONCILED).order_by("pk")[:limit])
    names: dict[str, StripePayment] = {}
    for charge in charges:
        for name in (charge.charge_id, charge.payment_intent_id, charge.balance_transaction_id):
            if name:
                names[name] = charge
    bookings: dict[int, list[WhmcsTransaction]] = {}
    found = WhmcsTransaction.objects.filter(Q(transaction_id__in=list(names)), amount_in__gt=0, invoice__isnull=False)
    for booking in found.select_related("invoice").order_by("pk"):
        bookings.setdefault(names[booking.transaction_id].pk, []).append(booking)
    return sum(_link(charge, bookings[charge.pk], now=now) for charge in charges if charge.pk in bookings)


@transaction.atomic
def _link(charge: StripePayment, bookings: list[WhmcsTransaction], *, now: datetime) -> bool:
    receipt = locks.lock_receipt(charge.public_id)
    assert isinstance(receipt, StripePayment)  # noqa: S101 - found by its own id
    total = sum((booking.amount_in for booking in bookings), Decimal(0))
    currencies = {booking.invoice.currency for booking in bookings if booking.invoice}
    if receipt.state != ReceiptState.UNRECONCILED or currencies != {receipt.currency} or total > receipt.amount:
        return False
    link(receipt, bookings, reason="booked by WHMCS", paid_at=receipt.charged_at, now=now)
    return True
