"""Deciding without an invoice: reject, ignore, put off. Each in one transaction, under the locks of `locks`."""

import uuid
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from matching import locks
from matching.locks import Receipt
from matching.models import Band, Decision, Proposal, ProposalLine
from matching.services import judging, learning, rule_hits
from matching.services.decisions import (
    Actor,
    AlreadyDecided,
    Decided,
    about,
    close_proposals,
    record,
    require_open,
)
from payymo.shared.errors import BadInput
from payymo.shared.models import ReceiptState
from tenants import days

IGNORE_REASONS = ("own_transfer", "fee", "refund", "private", "payroll", "tax", "other")


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
        raise AlreadyDecided(gettext("This suggestion was decided or replaced meanwhile."))
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
        raise BadInput(gettext("Choose a reason: %(names)s.") % {"names": ", ".join(IGNORE_REASONS)})
    receipt = locks.lock_receipt(receipt_id)
    if receipt.state != ReceiptState.UNRECONCILED:
        raise AlreadyDecided(gettext("This payment was decided meanwhile."))
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
    today = days.today(now)
    if not today < until <= today + timedelta(days=366):
        raise BadInput(gettext("Choose a day after today, within a year."))
    receipt = locks.lock_receipt(receipt_id)
    require_open(receipt)
    decision = record(receipt, Decision.Kind.HOLD, actor=actor, now=now, reason=until.isoformat())
    receipt.held_until = until
    receipt.save(update_fields=["held_until"])
    return Decided(decision)
