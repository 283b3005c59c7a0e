"""GoCardless's payments as plain data, checked and put into Stripe's words.

A Direct Debit is collected days before it is paid out, and until then it can fail: only what was paid out counts as
received. What came back later, by a chargeback or a late failure, is a dispute that was lost.
Units: integers in minor units; items of payouts are texts with one more digit. Currencies all have two decimals.
Source: https://developer.gocardless.com/api-reference/
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from payments.clients.base import (
    RemoteBalanceTransaction,
    RemoteCharge,
    RemoteDispute,
    RemoteEvent,
    RemoteIntent,
    RemotePayout,
    RemoteRefund,
)
from payments.clients.stripe_values import storable, text
from payymo.shared.errors import Refused
from payymo.shared.money import UnknownCurrency, UnreadableAmount, check_currency, parse_decimal

Plain = Mapping[str, Any]
_HUNDRED = Decimal(100)
# Of a payment; any other is on its way, and one that is new counts as that.
_INTENT = {
    "paid_out": "succeeded",
    "charged_back": "succeeded",
    "cancelled": "canceled",
    "customer_approval_denied": "canceled",
    "failed": "requires_payment_method",
}
_REFUND = {"paid": "succeeded", "cancelled": "canceled", "bounced": "failed", "funds_returned": "failed"}
_PAYOUT = {"pending": "in_transit", "paid": "paid", "bounced": "failed"}
_CATEGORY = {
    "payment_paid_out": "charge",
    "payment_failed": "charge_failure",
    "payment_charged_back": "dispute",
    "payment_refunded": "refund",
    "refund": "refund",
    "refund_funds_returned": "refund_failure",
    "gocardless_fee": "fee",
    "app_fee": "fee",
    "surcharge_fee": "fee",
}
_SINGULAR = {"payments": "payment", "refunds": "refund", "payouts": "payout"}


class Unreadable(Refused):
    """An answer of GoCardless's lacks what it must have."""

    def __init__(self, what: str) -> None:
        super().__init__(f"GoCardless's answer cannot be read: {what}.", reason="malformed")


def identifier(data: Plain) -> str:
    """Return the object's id.

    Raises: Unreadable.
    """
    found = text(data, "id", longest=64)
    if not found:
        raise Unreadable("an object has no id")
    return found


def _currency(data: Plain) -> str:
    try:
        return check_currency(text(data, "currency"))
    except UnknownCurrency as error:
        raise Unreadable(str(error)) from error


def _amount(data: Plain, name: str) -> Decimal:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"{name} of {data.get('id', 'an object')} is not an integer")
    return Decimal(value) / _HUNDRED


def moment(data: Plain, name: str) -> datetime:
    """Return a time as ISO 8601 writes it.

    Raises: Unreadable.
    """
    try:
        found = datetime.fromisoformat(text(data, name))
    except ValueError as error:
        raise Unreadable(f"{name} of {data.get('id', 'an object')} is not a time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(data: Plain, name: str) -> date | None:
    try:
        return date.fromisoformat(text(data, name))
    except ValueError:
        return None


def _link(data: Plain, name: str) -> str:
    links = data.get("links")
    return text(links, name, longest=64) if isinstance(links, Mapping) else ""


def _metadata(data: Plain) -> dict[str, str]:
    found = data.get("metadata")
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {storable(str(key))[:50]: storable(str(value))[:500] for key, value in pairs}


def came_back(data: Plain) -> bool:
    """Return whether a payment had been paid out and was taken back: a late failure keeps the payout's link."""
    status = text(data, "status")
    return status == "charged_back" or (status == "failed" and bool(_link(data, "payout")))


def _collected_at(data: Plain) -> datetime:
    """Return the day of collection, which a payment made weeks before names."""
    day = _day(data, "charge_date")
    return datetime.combine(day, time(), tzinfo=UTC) if day else moment(data, "created_at")


def charge(data: Plain) -> RemoteCharge:
    """Read a payment as a charge; it is received once it was paid out, and stays so when it is taken back."""
    received = text(data, "status") == "paid_out" or came_back(data)
    return RemoteCharge(
        charge_id=identifier(data),
        payment_intent_id="",
        created_at=_collected_at(data),
        amount=_amount(data, "amount"),
        currency=_currency(data),
        amount_refunded=_amount(data, "amount_refunded"),
        status="succeeded" if received else "pending",
        paid=received,
        captured=received,
        disputed=came_back(data),
        customer_id=_link(data, "mandate"),
        email="",
        name="",
        description=" ".join(filter(None, (text(data, "description"), text(data, "reference")))),
        metadata=_metadata(data),
        balance_transaction_id="",
        balance_transaction=None,
        raw=json.dumps(data),
    )


def intent(data: Plain) -> RemoteIntent:
    """Read a payment as an attempt to pay, which it is until it is paid out."""
    status = "succeeded" if came_back(data) else _INTENT.get(text(data, "status"), "processing")
    amount = _amount(data, "amount")
    return RemoteIntent(
        intent_id=identifier(data),
        charge_id=identifier(data),
        amount=amount,
        amount_received=amount if status == "succeeded" else Decimal(0),
        amount_capturable=Decimal(0),
        currency=_currency(data),
        status=status,
        customer_id=_link(data, "mandate"),
        description=text(data, "description"),
        metadata=_metadata(data),
        error_code="",
        created_at=moment(data, "created_at"),
    )


def dispute(data: Plain) -> RemoteDispute:
    """Read a payment that was taken back, or whose chargeback was cancelled; it bears the payment's id."""
    currency, amount, at = _currency(data), _amount(data, "amount"), moment(data, "created_at")
    lost = came_back(data)
    moved = [-amount] if lost else [-amount, amount]
    return RemoteDispute(
        dispute_id=identifier(data),
        charge_id=identifier(data),
        amount=amount,
        currency=currency,
        status="lost" if lost else "won",
        reason="late_failure" if text(data, "status") == "failed" else "chargeback",
        created_at=at,
        movements=tuple(
            RemoteBalanceTransaction(
                transaction_id="", kind="payment_charged_back", reporting_category="dispute",
                source_id=identifier(data), amount=one, fee=Decimal(0), net=one, currency=currency, created_at=at,
                available_date=at.date(),
            )
            for one in moved
        ),
    )  # fmt: skip


def refund(data: Plain) -> RemoteRefund:
    """Read a refund; one of a mandate names no payment."""
    status = text(data, "status")
    normalised = _REFUND.get(status, "pending")
    return RemoteRefund(
        refund_id=identifier(data),
        charge_id=_link(data, "payment"),
        balance_transaction_id="",
        amount=_amount(data, "amount"),
        currency=_currency(data),
        status=normalised,
        reason="",
        created_at=moment(data, "created_at"),
        failure_reason=status[:60] if normalised == "failed" else "",
    )


def payout(data: Plain) -> RemotePayout:
    """Read a payout; its reference is on the bank statement. Before it is paid its day is that of its making."""
    status = _PAYOUT.get(text(data, "status"), "in_transit")
    created = moment(data, "created_at")
    return RemotePayout(
        payout_id=identifier(data),
        amount=_amount(data, "amount"),
        currency=_currency(data),
        arrival_date=_day(data, "arrival_date") or created.date(),
        status=status,
        automatic=True,
        reconciliation_status="in_progress" if status == "in_transit" else "completed",
        statement_descriptor=text(data, "reference", longest=120),
        trace_id="",
        failure_message="The bank did not take the payout." if status == "failed" else "",
        created_at=created,
        method="standard",
        destination_id=_link(data, "creditor_bank_account"),
    )


def item_amount(data: Plain) -> Decimal:
    """Return what an item moves, in units of the currency: `"-33.4"` is 33.4 cents.

    Raises: Unreadable.
    """
    try:
        return parse_decimal(data.get("amount")) / _HUNDRED
    except UnreadableAmount as error:
        raise Unreadable("an item of a payout has no amount") from error


def movements(sent: RemotePayout, items: Iterable[Plain]) -> Iterator[RemoteBalanceTransaction]:
    """Turn the items of a payout into movements of a balance, with the fees of a payment on its own movement.

    Shape: items have no ids, so type, what they are about and their place among equals make one. The payout's own row
    comes last.
    """
    fees: dict[str, Decimal] = {}
    others: list[Plain] = []
    listed = list(items)
    paid = {_link(item, "payment") for item in listed if text(item, "type") == "payment_paid_out"}
    for item in listed:
        of = _link(item, "payment")
        if _CATEGORY.get(text(item, "type")) == "fee" and of in paid:
            fees[of] = fees.get(of, Decimal(0)) - item_amount(item)
        else:
            others.append(item)
    seen: dict[tuple[str, str], int] = {}
    for item in others:
        kind, source = text(item, "type", longest=60), _link(item, "payment") or _link(item, "refund")
        place = seen[kind, source] = seen.get((kind, source), 0) + 1
        fee = fees.pop(source, Decimal(0)) if kind == "payment_paid_out" else Decimal(0)
        yield _movement(
            sent, f"{sent.payout_id}:{kind[:24]}:{source[:20]}:{place}", kind, source, item_amount(item), fee
        )
    yield _movement(sent, sent.payout_id, "payout", sent.payout_id, -sent.amount, Decimal(0))


def _movement(
    sent: RemotePayout, transaction_id: str, kind: str, source_id: str, amount: Decimal, fee: Decimal
) -> RemoteBalanceTransaction:
    return RemoteBalanceTransaction(
        transaction_id=transaction_id,
        kind=kind,
        reporting_category="payout" if kind == "payout" else _CATEGORY.get(kind, "other_adjustment"),
        source_id=source_id,
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=sent.currency,
        created_at=sent.created_at,
        available_date=sent.created_at.date(),
    )


def event(data: Plain, *, livemode: bool) -> RemoteEvent:
    """Read an event; what it is about is named in its links."""
    resource = text(data, "resource_type", longest=40)
    return RemoteEvent(
        event_id=identifier(data),
        kind=f"{resource}.{text(data, 'action', longest=39)}",
        object_id=_link(data, _SINGULAR.get(resource, resource.removesuffix("s"))),
        livemode=livemode,
        account_id="",
        created_at=moment(data, "created_at"),
        raw=json.dumps(data),
    )
