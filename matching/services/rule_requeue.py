"""Which payments a rule may concern, as a query, and putting the open ones back in line when it changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from banking.models import BankTransaction
from matching.rule_models import MatchingRule
from matching.services.requeueing import LOOK_BACK_DAYS
from matching.services.saving import OPEN_STATES
from payments.models import StripePayment

_CHUNK = 1000


def scope(rule: MatchingRule) -> tuple[Q, Q | None]:
    """Return the bank transactions and the charges that the rule's plain conditions let through; texts are not asked.

    Shape: None for charges where no charge can meet the conditions.
    """
    amounts = Q()
    if rule.currency:
        amounts &= Q(currency=rule.currency)
    if rule.least_amount is not None:
        amounts &= Q(amount__gte=rule.least_amount) | Q(amount__lte=-rule.least_amount)
    if rule.most_amount is not None:
        amounts &= Q(amount__lte=rule.most_amount, amount__gte=-rule.most_amount)
    if rule.direction == MatchingRule.Direction.IN:
        amounts &= Q(amount__gt=0)
    elif rule.direction == MatchingRule.Direction.OUT:
        amounts &= Q(amount__lt=0)
    bank, charges = amounts, amounts
    if rule.payer_account_hash:
        bank, charges = (
            bank & Q(counterparty_hash=rule.payer_account_hash),
            charges & Q(customer_id=rule.payer_account_hash),
        )
    if rule.bank_account_id:
        bank &= Q(account=rule.bank_account_id)
    no_charge = bool(rule.bank_account_id) or rule.direction == MatchingRule.Direction.OUT
    return bank, None if no_charge else charges


def requeue_for_changed_rules(*, now: datetime) -> int:
    """Let the engine look again at open payments that a new, changed, paused or removed rule may concern.

    Return how many rules. A row that somebody holds at this moment is waited for alone, so that two never wait for
    each other.
    """
    changed = list(MatchingRule.objects.filter(requeued_at=None).order_by("pk"))
    earliest = (now - timedelta(days=LOOK_BACK_DAYS)).date()
    for rule in changed:
        bank, charges = scope(rule)
        hit = Q(rule_hits__rule=rule)
        _requeue(BankTransaction, hit | (bank & Q(booking_date__gte=earliest, amount__gt=0)))
        if charges is not None:
            hit |= charges & Q(charged_at__date__gte=earliest)
        _requeue(StripePayment, hit)
        MatchingRule.objects.filter(pk=rule.pk, changed_at=rule.changed_at).update(requeued_at=now)
    return len(changed)


def _requeue(model: Any, concerned: Q) -> None:
    rows = model.objects.filter(concerned, state__in=OPEN_STATES, proposed_at__isnull=False)
    keys = sorted(set(rows.values_list("pk", flat=True)))
    held: list[int] = []
    for start in range(0, len(keys), _CHUNK):
        held += _update_free(model, keys[start : start + _CHUNK])
    for key in held:
        model.objects.filter(pk=key, state__in=OPEN_STATES).update(proposed_at=None)


@transaction.atomic
def _update_free(model: Any, keys: Sequence[int]) -> Iterable[int]:
    """Update the rows that nobody holds; return the others."""
    free = set(model.objects.select_for_update(skip_locked=True).filter(pk__in=keys).values_list("pk", flat=True))
    model.objects.filter(pk__in=free, state__in=OPEN_STATES).update(proposed_at=None)
    return [key for key in keys if key not in free]
