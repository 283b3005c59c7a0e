"""Ignoring by rule: a decision like any other, made under the payment's lock, listed and taken back like any other."""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from banking.models import BankTransaction
from matching import locks, rule_adapters
from matching.core.rules.evaluate import spans_of
from matching.core.rules.types import Action
from matching.locks import Receipt
from matching.models import Band, Decision, Proposal
from matching.rule_models import MatchingRule, RuleHit
from matching.services import ruling
from matching.services.decisions import Actor, about, close_proposals, record
from payymo.shared.models import ReceiptState

RUN_LIMIT = 2000


def ignore_ruled(*, now: datetime, limit: int = RUN_LIMIT) -> int:
    """Ignore the payments whose saved suggestion names a rule for it; return how many.

    What a person has put off or matched in part, and an exact match, is left alone.
    """
    untouched = Q(bank_transaction__state=ReceiptState.UNRECONCILED, bank_transaction__held_until=None) | Q(
        stripe_payment__state=ReceiptState.UNRECONCILED, stripe_payment__held_until=None
    )
    ready = (
        Proposal.objects.filter(untouched, status=Proposal.Status.OPEN, rank=1, ignore_rule__isnull=False)
        .exclude(band=Band.EXACT)
        .order_by("pk")
    )
    chosen = list(ready.values_list("bank_transaction__public_id", "stripe_payment__public_id")[:limit])
    return sum(_ignore(bank or charge, now=now) for bank, charge in chosen)


@transaction.atomic
def _ignore(receipt_id: uuid.UUID, *, now: datetime) -> bool:
    receipt = locks.lock_receipt(receipt_id)
    opened = locks.lock_proposals(receipt)
    best = opened[0] if opened else None
    if best is None or best.ignore_rule_id is None or best.band == Band.EXACT or receipt.held_until is not None:
        return False
    decision = _set_aside(receipt, best.ignore_rule_id, now=now)
    if decision is None:
        return False
    close_proposals(opened, decision=decision)
    return True


def ignore_outgoing(*, now: datetime, limit: int = RUN_LIMIT) -> int:
    """Give money that left the account the reason that a rule knows, before the rest is set aside; return how many."""
    active = rule_adapters.load_rules()
    if not any(rule.action is Action.IGNORE for rule in active.rules):
        return 0
    waiting = BankTransaction.objects.filter(proposed_at=None, state=ReceiptState.UNRECONCILED, amount__lt=0).order_by(
        "pk"
    )[:limit]
    found: dict[BankTransaction, int] = {}
    for row in waiting:
        whose = active.judge(rule_adapters.to_facts(row)).whose
        if whose is not None and whose.rule.action is Action.IGNORE:
            found[row] = whose.rule.id
    kept = ruling.taken_back(found)
    return sum(
        _ignore_debit(row.public_id, rule_id, now=now)
        for row, rule_id in found.items()
        if str(row.public_id) not in kept
    )


@transaction.atomic
def _ignore_debit(receipt_id: uuid.UUID, rule_id: int, *, now: datetime) -> bool:
    receipt = locks.lock_receipt(receipt_id)
    if receipt.proposed_at is not None or _set_aside(receipt, rule_id, now=now) is None:
        return False
    RuleHit.objects.get_or_create(rule_id=rule_id, **about(receipt), defaults={"first_at": now})
    return True


def _set_aside(receipt: Receipt, rule_id: int, *, now: datetime) -> Decision | None:
    """Decide about the locked payment, unless it was decided or the rule was paused or changed meanwhile."""
    rule = MatchingRule.objects.filter(
        pk=rule_id, is_paused=False, removed_at=None, action=MatchingRule.Action.IGNORE
    ).first()
    if rule is None or receipt.state != ReceiptState.UNRECONCILED:
        return None
    if spans_of(rule_adapters.to_conditions(rule), rule_adapters.to_facts(receipt)) is None:
        return None
    decision = record(
        receipt, Decision.Kind.IGNORE, actor=Actor.by_rule(rule), now=now, reason=rule.ignore_reason, rule=rule
    )
    receipt.state, receipt.ignored_reason, receipt.proposed_at = ReceiptState.IGNORED, rule.ignore_reason, now
    receipt.save(update_fields=["state", "ignored_reason", "proposed_at"])
    return decision
