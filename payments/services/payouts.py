"""Payouts and what each holds: charges - fees - refunds - disputes +- adjustments = what the bank receives."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from payments.adapters import movements_of, written
from payments.clients.base import PaymentProvider, RemotePayout
from payments.core.payout_sum import add_up
from payments.models import BalanceTransaction, Payout, StripeConnection
from payments.services.charges import batches, once_each, store_balance_transactions
from payments.services.in_payouts import link_items
from payymo.shared.errors import Refused
from payymo.shared.money import quantized

ITEM_LIMIT = 200
GONE = "gone"
"""A gateway keeps the items of its payouts for a while only; this payout's are not there any more."""

_FACTS = [
    "status", "arrival_date", "reconciliation_status", "statement_descriptor", "trace_id", "failure_message", "amount",
    "method", "destination_id", "balance_transaction_id", "failure_balance_transaction_id", "original_payout_id",
    "reversed_by_id",
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
                method=payout.method,
                destination_id=payout.destination_id,
                balance_transaction_id=payout.balance_transaction_id,
                failure_balance_transaction_id=payout.failure_balance_transaction_id,
                original_payout_id=payout.original_payout_id,
                reversed_by_id=payout.reversed_by_id,
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
    found = Payout.objects.filter(Q(items_complete=False) | Q(parts={}), connection=connection, automatic=True)
    return found.exclude(reconciliation_status__in=["in_progress", GONE])


def _fetch(connection: StripeConnection, api: PaymentProvider, payout: Payout) -> bool:
    try:
        items = list(api.payout_items(payout.payout_id))
    except Refused as error:
        if error.reason != GONE:
            raise
        # Too old: asking again would find no more.
        Payout.objects.filter(pk=payout.pk).update(reconciliation_status=GONE)
        return False
    if not items:
        return False
    with transaction.atomic():
        store_balance_transactions(connection, items, payout=payout)
        explain(payout)
    return True


def explain(payout: Payout) -> None:
    """Link the charges, add the items up and keep what does not add up."""
    own = BalanceTransaction.objects.filter(payout=payout, source_id=payout.payout_id, kind="payout")
    payout.fee = own.aggregate(sum=Sum("fee"))["sum"] or Decimal(0)
    items = BalanceTransaction.objects.filter(payout=payout).exclude(source_id=payout.payout_id, kind="payout")
    link_items(payout)
    equation = add_up(amount=payout.amount, movements=movements_of(items), payout_fee=payout.fee)
    payout.parts = written(equation)
    # Items may hold parts of the smallest unit; only their sum is paid.
    payout.items_difference = quantized(equation.difference, payout.currency)
    payout.items_complete = True
    payout.save(update_fields=["fee", "parts", "items_difference", "items_complete"])
