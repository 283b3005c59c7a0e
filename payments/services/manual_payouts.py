"""Payouts of which Stripe names no items: explained by what became available since the payout before.

A manual payout may leave a rest in the balance, which the next one can take: `carried_out` of one is `carried_in` of
the next. Where a payout takes exactly what was there, those movements are its items.
Source: https://docs.stripe.com/payouts/reconciliation (Stripe attributes movements to automatic payouts only).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from payments.adapters import movements_of, written
from payments.core.payout_sum import ZERO, add_up
from payments.models import BalanceTransaction, Payout, StripeConnection, StripePayment

# A movement can appear late; after this long an explanation is left as it is.
OPEN_FOR = timedelta(days=30)
LIMIT = 200


def explain_manual(connection: StripeConnection, *, now: datetime, limit: int = LIMIT) -> int:
    """Explain the payouts without items that are not explained yet, or may still change; return how many.

    Shape: oldest first, since each begins with what the one before left.
    """
    open_ = Payout.objects.filter(connection=connection, automatic=False, items_complete=False)
    never = open_.filter(parts={}).order_by("stripe_created_at", "pk")[:limit]
    lately = open_.filter(stripe_created_at__gte=now - OPEN_FOR).order_by("stripe_created_at", "pk")[:limit]
    due = sorted({*never, *lately}, key=lambda payout: (payout.stripe_created_at, payout.pk))
    for payout in due:
        with transaction.atomic():
            _explain(payout)
    return len(due)


def movements_behind(payout: Payout) -> QuerySet[BalanceTransaction]:
    """Return what became available for a payout without items and is in no other payout, as far as Stripe tells."""
    if payout.items_inferred:
        return BalanceTransaction.objects.filter(payout=payout)
    rows = BalanceTransaction.objects.filter(
        connection=payout.connection_id,
        currency=payout.currency,
        payout=None,
        available_date__lte=payout.stripe_created_at.date(),
    )
    before = _before(payout)
    if before is not None:
        rows = rows.filter(available_date__gt=before.stripe_created_at.date())
    return rows.exclude(kind="payout")


def _before(payout: Payout) -> Payout | None:
    earlier = Payout.objects.filter(
        connection=payout.connection_id,
        currency=payout.currency,
        method=payout.method,
    ).filter(
        Q(stripe_created_at__lt=payout.stripe_created_at)
        | Q(stripe_created_at=payout.stripe_created_at, pk__lt=payout.pk)
    )
    return earlier.order_by("-stripe_created_at", "-pk").first()


def _explain(payout: Payout) -> None:
    before = _before(payout)
    own = BalanceTransaction.objects.filter(source_id=payout.payout_id, kind="payout")
    payout.fee = own.aggregate(sum=Sum("fee"))["sum"] or ZERO
    payout.carried_in = (before.carried_out if before is not None else None) or ZERO
    behind = movements_behind(payout)
    equation = add_up(
        amount=payout.amount, movements=movements_of(behind), payout_fee=payout.fee, carried_in=payout.carried_in
    )
    payout.parts = written(equation)
    # A rest that stays in the balance is no difference; paying out more than was there is one.
    payout.carried_out = max(-equation.difference, ZERO)
    payout.items_difference = max(equation.difference, ZERO)
    if equation.difference == 0 and payout.carried_in == 0 and not payout.has_failed:
        _attribute(payout, behind)
    payout.save(
        update_fields=[
            "fee", "carried_in", "parts", "carried_out", "items_difference", "items_inferred", "items_complete",
        ]
    )  # fmt: skip


def _attribute(payout: Payout, behind: QuerySet[BalanceTransaction]) -> None:
    StripePayment.objects.filter(charge_id__in=behind.values("source_id")).update(payout=payout)
    behind.update(payout=payout)
    payout.items_inferred = payout.items_complete = True
