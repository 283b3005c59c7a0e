"""Writing charges, refunds, disputes and the ledger. Facts move forward; what people decided is never touched."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from django.db import transaction

from payments.clients.base import RemoteBalanceTransaction, RemoteCharge, RemoteDispute, RemoteRefund
from payments.models import BalanceTransaction, Dispute, Payout, Refund, StripeConnection, StripePayment
from payymo.shared.models import ReceiptState
from tenants import sealing
from tenants.nudging import nudge

BATCH = 500
Value = TypeVar("Value")
_CHARGE_FACTS = (
    "payment_intent_id", "balance_transaction_id", "amount_refunded", "fee", "net", "settlement_currency", "status",
    "disputed", "customer_id", "email", "name", "description", "metadata",
)  # fmt: skip


_OPEN = (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)


def batches(values: Iterable[Value], size: int = BATCH) -> Iterator[list[Value]]:
    """Cut a stream into lists, so that memory does not grow with it."""
    stream = iter(values)
    while chunk := list(islice(stream, size)):
        yield chunk


def once_each(values: Iterable[Value], name: str) -> list[Value]:
    """Keep one value per id, the first: one statement cannot write a row twice."""
    kept: dict[str, Value] = {}
    for value in values:
        kept.setdefault(getattr(value, name), value)
    return list(kept.values())


def _row(connection: StripeConnection, charge: RemoteCharge, key: bytes) -> StripePayment:
    settled = charge.balance_transaction
    row = StripePayment(
        connection=connection,
        charge_id=charge.charge_id,
        payment_intent_id=charge.payment_intent_id,
        balance_transaction_id=charge.balance_transaction_id,
        charged_at=charge.created_at,
        amount=charge.amount,
        currency=charge.currency,
        amount_refunded=charge.amount_refunded,
        fee=settled.fee if settled else None,
        net=settled.net if settled else None,
        settlement_currency=settled.currency if settled else "",
        status=charge.status,
        disputed=charge.disputed,
        customer_id=charge.customer_id,
        email=charge.email,
        name=charge.name,
        description=charge.description,
        metadata=dict(charge.metadata),
    )
    row.raw_sealed = sealing.seal(row, "raw_sealed", charge.raw, key=key)
    return row


def store_charges(connection: StripeConnection, charges: Iterable[RemoteCharge]) -> int:
    """Insert the charges that money came from and refresh the facts of known ones; return how many are new."""
    new, key = 0, sealing.data_key()
    for chunk in batches(charge for charge in charges if charge.is_received):
        chunk = once_each(chunk, "charge_id")
        ids = [charge.charge_id for charge in chunk]
        with transaction.atomic():
            known = {row.charge_id: row for row in StripePayment.objects.select_for_update().filter(charge_id__in=ids)}
            fresh = [_row(connection, c, key) for c in chunk if c.charge_id not in known]
            StripePayment.objects.bulk_create(fresh, ignore_conflicts=True)
            changed = []
            for charge in chunk:
                row = known.get(charge.charge_id)
                if row is not None and _refresh(row, _row(connection, charge, key)):
                    changed.append(row)
            StripePayment.objects.bulk_update(changed, [*_CHARGE_FACTS, "proposed_at"])
            if fresh or changed:
                nudge("payments")
        store_balance_transactions(connection, [c.balance_transaction for c in chunk if c.balance_transaction])
        new += len(fresh)
    return new


def _refresh(row: StripePayment, now_is: StripePayment) -> bool:
    """Take over the facts that differ; a fact once known is not forgotten."""
    changed = False
    for name in _CHARGE_FACTS:
        value = getattr(now_is, name)
        if value not in (None, "", {}) and getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    if changed and row.state in _OPEN:
        # The engine judges by these facts: a late balance transaction may be what WHMCS wrote down.
        row.proposed_at = None
    return changed


def store_balance_transactions(
    connection: StripeConnection, items: Iterable[RemoteBalanceTransaction], *, payout: Payout | None = None
) -> None:
    """Copy movements of the ledger; `payout` is written where Stripe attributes them to one."""
    fields = ["net", "fee", "reporting_category", "available_date", "exchange_rate", "description"] + (
        ["payout"] if payout else []
    )
    for chunk in batches(items):
        rows = [
            BalanceTransaction(
                connection=connection,
                transaction_id=item.transaction_id,
                kind=item.kind,
                reporting_category=item.reporting_category,
                source_id=item.source_id,
                amount=item.amount,
                fee=item.fee,
                net=item.net,
                currency=item.currency,
                stripe_created_at=item.created_at,
                available_date=item.available_date,
                exchange_rate=item.exchange_rate,
                description=item.description,
                payout=payout,
            )
            for item in once_each(chunk, "transaction_id")
        ]
        BalanceTransaction.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["transaction_id"], update_fields=fields
        )


def _payments(charge_ids: Iterable[str]) -> dict[str, StripePayment]:
    return {row.charge_id: row for row in StripePayment.objects.filter(charge_id__in=list(charge_ids))}


def store_refunds(refunds: Iterable[RemoteRefund]) -> int:
    """Write refunds of known charges; a refund can fail later, so its status is refreshed. Return how many."""
    count = 0
    for chunk in batches(refunds):
        known = _payments(refund.charge_id for refund in chunk)
        rows = [
            Refund(
                payment=known[refund.charge_id],
                refund_id=refund.refund_id,
                balance_transaction_id=refund.balance_transaction_id,
                amount=refund.amount,
                currency=refund.currency,
                status=refund.status,
                reason=refund.reason,
                refunded_at=refund.created_at,
            )
            for refund in once_each(chunk, "refund_id")
            if refund.charge_id in known
        ]
        Refund.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["refund_id"],
            update_fields=["status", "balance_transaction_id", "reason"],
        )
        count += len(rows)
    return count


def store_disputes(disputes: Iterable[RemoteDispute]) -> int:
    """Write disputes of known charges and refresh their status; return how many."""
    count = 0
    for chunk in batches(disputes):
        known = _payments(dispute.charge_id for dispute in chunk)
        rows = [
            Dispute(
                payment=known[dispute.charge_id],
                dispute_id=dispute.dispute_id,
                amount=dispute.amount,
                currency=dispute.currency,
                status=dispute.status,
                reason=dispute.reason,
                disputed_at=dispute.created_at,
            )
            for dispute in once_each(chunk, "dispute_id")
            if dispute.charge_id in known
        ]
        Dispute.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["dispute_id"], update_fields=["status", "amount", "reason"]
        )
        count += len(rows)
    return count
