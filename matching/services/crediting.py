"""A payment for no invoice, booked as a client's credit: a person's decision, posted and undone as any other."""

import uuid
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching import locks
from matching.models import Decision, InvoiceMatch
from matching.services import judging, learning, rule_hits, second_look
from matching.services.decisions import (
    Actor,
    Decided,
    NothingLeftToAllocate,
    UnusableAllocation,
    close_proposals,
    record,
    require_open,
    set_allocated,
)
from tenants import context
from whmcs.models import Client, WhmcsInstance
from whmcs.services import posting as outbox
from whmcs.services.credit_accounts import credit_account


@transaction.atomic
def allocate_to_credit(
    *, receipt_id: uuid.UUID | str, client: Client, actor: Actor, now: datetime, amount: Decimal | None = None
) -> Decided:
    """Book what a bank transfer still holds, or `amount` of it, as this client's credit in WHMCS.

    Raises: UnknownReceipt; AlreadyDecided, UnusableAllocation, NothingLeftToAllocate, NoCredit: nothing is written.
    """
    receipt = locks.lock_receipt(receipt_id)
    require_open(receipt)
    wanted = receipt.unallocated if amount is None else amount
    _check(receipt, client, wanted, actor)
    assert isinstance(receipt, BankTransaction)  # noqa: S101 - checked
    opened = locks.lock_proposals(receipt)
    account = credit_account(client=client, currency=receipt.currency, now=now)
    pairs = [(account.pk, wanted)]
    look = second_look.look(receipt, pairs, actor=actor, now=now)
    if look.waiting is not None:
        return Decided(look.waiting)
    undo_until = now + timedelta(seconds=context.current().undo_seconds)
    decision = record(
        receipt, Decision.Kind.ALLOCATE, actor=actor, now=now, undo_until=undo_until,
        reason=f"credit of client {client.whmcs_id}", **look.fields, **judging.judged(receipt, opened, lines=pairs),
    )  # fmt: skip
    posting = outbox.leave_pending(
        invoice=account,
        amount=wanted,
        currency=receipt.currency,
        paid_at=datetime.combine(receipt.value_date or receipt.booking_date, time(12), tzinfo=UTC),
        gateway=account.instance.bank_gateway,
        not_before=undo_until,
        now=now,
    )
    InvoiceMatch.objects.create(
        invoice=account, amount=wanted, currency=receipt.currency, decision=decision, posting=posting,
        allocated_at=now, bank_transaction=receipt,
    )  # fmt: skip
    set_allocated(receipt, receipt.allocated + wanted)
    learning.learn(receipt, {client.pk}, on=now.date())
    close_proposals(opened, decision=decision)
    rule_hits.judge(receipt)
    return Decided(decision)


def _check(receipt: locks.Receipt, client: Client, amount: Decimal, actor: Actor) -> None:
    if not isinstance(receipt, BankTransaction):
        raise UnusableAllocation(
            gettext("WHMCS's own Stripe module books charges; only a transfer becomes credit here.")
        )
    if actor.user is None:
        raise UnusableAllocation(gettext("Only a person decides that a payment becomes credit."))
    if client.instance.state == WhmcsInstance.State.REMOVED:
        raise UnusableAllocation(gettext("The WHMCS of this client is not connected any more."))
    if amount <= 0:
        raise UnusableAllocation(gettext("Each amount must be above zero."))
    if amount > receipt.unallocated:
        raise NothingLeftToAllocate(gettext("The payment does not hold this much any more."))
