"""Payouts and what each holds: charges - fees - refunds - disputes = what the bank receives."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from payments.clients.base import PaymentProvider, RemotePayout
from payments.models import BalanceTransaction, Payout, StripeConnection, StripePayment
from payments.services.charges import batches, once_each, store_balance_transactions

ITEM_LIMIT = 200
_FACTS = [
    "status", "arrival_date", "reconciliation_status", "statement_descriptor", "trace_id", "failure_message", "amount",
]  # fmt: skip


def store_payouts(connection: StripeConnection, payouts: Iterable[RemotePayout]) -> int:
    """Write payouts and refresh their status: one that was paid can still fail days later. Return how many."""
    count = 0
    for chunk in batches(payouts):
        rows = [
            Payout(
                connection=connection,
                payout_id=payout.payout_id,
                amount=payout.amount,
                currency=payout.currency,
                arrival_date=payout.arrival_date,
                status=payout.status,
                automatic=payout.automatic,
                reconciliation_status=payout.reconciliation_status,
                statement_descriptor=payout.statement_descriptor,
                trace_id=payout.trace_id,
                failure_message=payout.failure_message,
                stripe_created_at=payout.created_at,
            )
            for payout in once_each(chunk, "payout_id")
        ]
        Payout.objects.bulk_create(rows, update_conflicts=True, unique_fields=["payout_id"], update_fields=_FACTS)
        count += len(rows)
    return count


def fetch_items(connection: StripeConnection, api: PaymentProvider, *, limit: int = ITEM_LIMIT) -> int:
    """Fetch what automatic payouts hold, once Stripe has attributed it; return how many payouts were completed."""
    ready = _ready(connection).order_by("pk")[:limit]
    return sum(_fetch(connection, api, payout) for payout in ready)


def fetch_items_of(connection: StripeConnection, api: PaymentProvider, payout_id: str) -> None:
    """Fetch what one payout holds, unless that is known or not settled yet."""
    for payout in _ready(connection).filter(payout_id=payout_id):
        _fetch(connection, api, payout)


def _ready(connection: StripeConnection) -> QuerySet[Payout]:
    found = Payout.objects.filter(connection=connection, automatic=True, items_complete=False)
    return found.exclude(reconciliation_status="in_progress")


def _fetch(connection: StripeConnection, api: PaymentProvider, payout: Payout) -> bool:
    items = list(api.payout_items(payout.payout_id))
    if not items:
        return False
    with transaction.atomic():
        store_balance_transactions(connection, items, payout=payout)
        _explain(payout)
    return True


def _explain(payout: Payout) -> None:
    """Link the charges and keep what does not add up; the payout's own row is not part of the sum."""
    items = BalanceTransaction.objects.filter(payout=payout).exclude(source_id=payout.payout_id)
    nets = items.values_list("net", "source_id")
    sources = [source for _, source in nets]
    StripePayment.objects.filter(charge_id__in=sources).update(payout=payout)
    payout.items_difference = payout.amount - sum((net for net, _ in nets), Decimal(0))
    payout.items_complete = True
    payout.save(update_fields=["items_difference", "items_complete"])
