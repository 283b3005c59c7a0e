"""Taking a decision back, completely or not at all, as long as nothing of it was sent to WHMCS."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching import locks
from matching.locks import Receipt
from matching.models import Band, Decision, InvoiceMatch, Proposal, ProposalLine, StripeInvoiceMatch
from matching.services import drift, learning, pairing, rule_hits, settlement
from matching.services.decisions import (
    NOBODYS,
    Actor,
    Decided,
    about,
    record,
    reopen,
    set_allocated,
    shift_ranks,
)
from payymo.shared.errors import Conflict, NotAllowed
from payymo.shared.models import ReceiptState
from whmcs.locks import lock_invoices
from whmcs.models import Posting
from whmcs.services import posting as outbox

NOT_UNDONE = (Decision.Kind.UNDO, Decision.Kind.GIVE_UP, Decision.Kind.WRONG)


class TooLateToUndo(Conflict):
    """The payment is on its way to WHMCS or already there."""

    code = "too_late_to_undo"


def _take_back(posting: Posting | None, *, now: datetime) -> None:
    if posting is None:
        return
    try:
        outbox.withdraw(posting=posting, now=now)
    except Conflict as error:
        raise TooLateToUndo(
            gettext("The payment is already on its way to WHMCS. Reverse it there, and report it as wrong here.")
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
    if not (own or may_undo_others or decision.source in NOBODYS):
        raise NotAllowed(gettext("This is a colleague's decision. An administrator can undo it."))
    if decision.kind in NOT_UNDONE:
        raise Conflict(gettext("This cannot be undone here."))
    if decision.pk != Decision.objects.filter(**about(receipt)).exclude(kind=Decision.Kind.UNDO).exclude(
        undone_by__isnull=False
    ).order_by("-pk").values_list("pk", flat=True).first():  # fmt: skip
        raise Conflict(gettext("A later decision about this payment exists. Undo that first."))
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
    elif decision.kind == Decision.Kind.PAIR:
        pairing.take_apart(decision=decision, undo=undo, actor=actor, now=now)
        receipt.refresh_from_db()
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
