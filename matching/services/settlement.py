"""Finding payouts on the bank account. A settlement posts nothing: it explains a bank entry."""

import uuid
from datetime import datetime

from django.db import transaction

from banking.models import BankTransaction
from matching import adapters, locks
from matching.core import settlement as core
from matching.models import Decision, Settlement
from matching.services.decisions import (
    Actor,
    AlreadyDecided,
    UnusableAllocation,
    close_proposals,
    record,
    set_allocated,
)
from payments.models import Payout
from payymo.shared.models import ReceiptState

CANDIDATE_LIMIT = 20_000


@transaction.atomic
def settle(*, payout_id: uuid.UUID | str, receipt_id: uuid.UUID | str, actor: Actor, now: datetime) -> Settlement:
    """Say that this bank entry is this payout.

    Raises: UnknownReceipt, Payout.DoesNotExist; UnusableAllocation when amount or currency differ; AlreadyDecided.
    """
    receipt = locks.lock_receipt(receipt_id)
    payout = Payout.objects.select_for_update().get(public_id=payout_id)
    if not isinstance(receipt, BankTransaction):
        raise UnusableAllocation("Only a bank transaction can be a payout.")
    if (payout.amount, payout.currency) != (receipt.amount, receipt.currency):
        raise UnusableAllocation("The payout and the bank transaction differ in amount or currency.")
    if receipt.state != ReceiptState.UNRECONCILED or Settlement.objects.filter(payout=payout).exists():
        raise AlreadyDecided("The payout or the bank transaction is matched already.")
    decision = record(receipt, Decision.Kind.SETTLE, actor=actor, now=now)
    close_proposals(locks.lock_proposals(receipt), decision=decision)
    set_allocated(receipt, receipt.amount)
    return Settlement.objects.create(
        payout=payout,
        bank_transaction=receipt,
        amount=payout.amount,
        currency=payout.currency,
        decision=decision,
        settled_at=now,
    )


def settle_found(*, now: datetime) -> int:
    """Settle every payout whose bank entry is beyond doubt; return how many. Twins are left for a person."""
    payouts = Payout.objects.filter(settlement=None, status__in=("paid", "in_transit"), amount__gt=0).order_by("pk")
    if not payouts.exists():
        return 0
    earliest = payouts.order_by("arrival_date").values_list("arrival_date", flat=True)[0]
    entries = BankTransaction.objects.filter(
        state=ReceiptState.UNRECONCILED, settlement=None, amount__gt=0, booking_date__gte=earliest
    ).order_by("pk")[:CANDIDATE_LIMIT]
    found = core.find_payouts(
        [adapters.to_receipt(entry) for entry in entries],
        [adapters.to_payout(payout) for payout in payouts[:CANDIDATE_LIMIT]],
    )
    for receipt_id, payout_id in sorted(found.items()):
        settle(payout_id=payout_id, receipt_id=receipt_id, actor=Actor.policy(), now=now)
    return len(found)
