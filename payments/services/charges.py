"""Writing charges, refunds, disputes and the ledger. Facts move forward; what people decided is never touched."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q

from payments.clients.base import RemoteBalanceTransaction, RemoteCharge, RemoteDispute, RemoteIntent, RemoteRefund
from payments.models import (
    BalanceTransaction,
    Dispute,
    PaymentIntent,
    Payout,
    Refund,
    StripeConnection,
    StripePayment,
)
from payments.services.in_payouts import link_to_payouts
from payymo.shared.models import ReceiptState
from tenants import sealing
from tenants.nudging import nudge

BATCH = 500
Value = TypeVar("Value")
_CHARGE_FACTS = (
    "payment_intent_id", "balance_transaction_id", "amount_refunded", "fee", "net", "settlement_currency", "status",
    "disputed", "customer_id", "email", "name", "description", "metadata",
)  # fmt: skip


_ABOUT_A_PERSON = frozenset({"customer_id", "email", "name", "description", "metadata"})
_DISPUTE_FACTS = [
    "status", "amount", "reason", "evidence_due_at", "withdrawn", "reinstated", "fee", "fee_returned",
    "settlement_currency",
]  # fmt: skip
_INTENT_FACTS = [
    "charge_id", "amount", "amount_received", "amount_capturable", "status", "customer_id", "description", "metadata",
    "error_code",
]  # fmt: skip
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


def _row(connection: StripeConnection, charge: RemoteCharge, key: sealing.TenantKeys) -> StripePayment:
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
        if fresh:
            link_to_payouts([row.charge_id for row in fresh])
        new += len(fresh)
    return new


def _refresh(row: StripePayment, now_is: StripePayment) -> bool:
    """Take over the facts that differ; a fact once known is not forgotten."""
    changed = False
    for name in _CHARGE_FACTS:
        if row.erased_at is not None and name in _ABOUT_A_PERSON:
            continue
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
                failure_reason=refund.failure_reason,
                failure_balance_transaction_id=refund.failure_balance_transaction_id,
                refunded_at=refund.created_at,
            )
            for refund in once_each(chunk, "refund_id")
            if refund.charge_id in known
        ]
        Refund.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["refund_id"],
            update_fields=[
                "status",
                "balance_transaction_id",
                "reason",
                "failure_reason",
                "failure_balance_transaction_id",
            ],
        )
        count += len(rows)
    return count


def _moved(dispute: RemoteDispute) -> dict[str, Any]:
    """Sum up what a dispute took from the balance and what came back of it."""
    return {
        "withdrawn": -sum((one.amount for one in dispute.movements if one.amount < 0), Decimal(0)),
        "reinstated": sum((one.amount for one in dispute.movements if one.amount > 0), Decimal(0)),
        "fee": sum((one.fee for one in dispute.movements if one.fee > 0), Decimal(0)),
        "fee_returned": -sum((one.fee for one in dispute.movements if one.fee < 0), Decimal(0)),
        "settlement_currency": dispute.movements[0].currency if dispute.movements else "",
    }


def store_intents(connection: StripeConnection, intents: Iterable[RemoteIntent]) -> int:
    """Write payment intents, and lend their words to charges that have none; return how many.

    A text that was added to an intent after the charge is on the intent alone.
    """
    count = 0
    for chunk in batches(intents):
        rows = [
            PaymentIntent(
                connection=connection,
                intent_id=one.intent_id,
                charge_id=one.charge_id,
                amount=one.amount,
                amount_received=one.amount_received,
                amount_capturable=one.amount_capturable,
                currency=one.currency,
                status=one.status,
                customer_id=one.customer_id,
                description=one.description,
                metadata=dict(one.metadata),
                error_code=one.error_code,
                stripe_created_at=one.created_at,
            )
            for one in once_each(chunk, "intent_id")
        ]
        PaymentIntent.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["intent_id"], update_fields=_INTENT_FACTS
        )
        _lend_words(rows)
        count += len(rows)
    return count


def _lend_words(intents: Iterable[PaymentIntent]) -> None:
    speaking = {one.intent_id: one for one in intents if one.description or one.metadata}
    silent = Q(description="") | Q(metadata={})
    with transaction.atomic():
        charges = StripePayment.objects.select_for_update().filter(silent, payment_intent_id__in=speaking)
        changed = [charge for charge in charges.order_by("pk") if _borrow(charge, speaking[charge.payment_intent_id])]
        StripePayment.objects.bulk_update(changed, ["description", "metadata", "proposed_at"])


def _borrow(charge: StripePayment, intent: PaymentIntent) -> bool:
    before = (charge.description, charge.metadata)
    charge.description = charge.description or intent.description
    charge.metadata = charge.metadata or intent.metadata
    changed = before != (charge.description, charge.metadata)
    if changed and charge.state in _OPEN:
        charge.proposed_at = None
    return changed


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
                evidence_due_at=dispute.evidence_due_at,
                **_moved(dispute),
            )
            for dispute in once_each(chunk, "dispute_id")
            if dispute.charge_id in known
        ]
        Dispute.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["dispute_id"], update_fields=_DISPUTE_FACTS
        )
        count += len(rows)
    return count
