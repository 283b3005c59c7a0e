"""Stripe's objects as plain data, checked and turned into our values.

Units: Stripe's own factors, which are not ISO's: UGX and ISK are sent times 100 though they have no cents. HUF and TWD
have cents when charging. Source: https://docs.stripe.com/currencies
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
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
from payymo.shared.errors import Refused
from payymo.shared.money import UnknownCurrency, check_currency

_ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
Plain = Mapping[str, Any]


class Unreadable(Refused):
    """An answer of Stripe's lacks what it must have."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Stripe's answer cannot be read: {what}.", reason="malformed")


def factor(currency: str) -> int:
    """Return how many of Stripe's units make one of the currency."""
    if currency in _ZERO_DECIMAL:
        return 1
    return 1000 if currency in _THREE_DECIMAL else 100


def currency_of(data: Plain) -> str:
    """Return the currency in upper case.

    Raises: Unreadable.
    """
    try:
        return check_currency(text(data, "currency"))
    except UnknownCurrency as error:
        raise Unreadable(str(error)) from error


def amount(data: Plain, name: str, currency: str) -> Decimal:
    """Return an amount in units of the currency.

    Raises: Unreadable when it is not an integer.
    """
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"{name} of {data.get('id', 'an object')} is not an integer")
    return Decimal(value) / factor(currency)


def storable(value: str) -> str:
    """Take out what PostgreSQL cannot hold: NUL, and halves of surrogate pairs."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def text(data: Plain, name: str, *, longest: int = 4000) -> str:
    """Return a text field; absent, null and anything but a text are empty."""
    value = data.get(name)
    return storable(value)[:longest] if isinstance(value, str) else ""


def reference(data: Plain, name: str) -> str:
    """Return the id in a field that holds an id or the expanded object."""
    value = data.get(name)
    return text(value, "id", longest=64) if isinstance(value, Mapping) else text(data, name, longest=64)


def moment(data: Plain, name: str) -> datetime:
    """Return a time given in epoch seconds.

    Raises: Unreadable.
    """
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"{name} of {data.get('id', 'an object')} is not a time")
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable(f"{name} of {data.get('id', 'an object')} is not a time") from error


def day(data: Plain, name: str) -> date:
    """Return the UTC day of a time."""
    return moment(data, name).date()


def identifier(data: Plain) -> str:
    """Return the object's id.

    Raises: Unreadable when there is none.
    """
    found = text(data, "id", longest=64)
    if not found:
        raise Unreadable("an object has no id")
    return found


def balance_transaction(data: Plain) -> RemoteBalanceTransaction:
    """Read a movement of the balance."""
    currency = currency_of(data)
    return RemoteBalanceTransaction(
        transaction_id=identifier(data),
        kind=text(data, "type", longest=60),
        reporting_category=text(data, "reporting_category", longest=60),
        source_id=reference(data, "source"),
        amount=amount(data, "amount", currency),
        fee=amount(data, "fee", currency),
        net=amount(data, "net", currency),
        currency=currency,
        created_at=moment(data, "created"),
        available_date=day(data, "available_on"),
        exchange_rate=_rate(data),
        description=text(data, "description", longest=300),
    )


def _rate(data: Plain) -> Decimal | None:
    """Return the exchange rate, which Stripe writes as a bare number; None when nothing was exchanged."""
    value = data.get("exchange_rate")
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        return None
    return rate.quantize(Decimal("1e-10")) if rate.is_finite() and 0 < rate < 10**9 else None


def _metadata(found: object) -> dict[str, str]:
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {storable(str(key))[:40]: storable(str(value))[:500] for key, value in pairs}


def charge(data: Plain) -> RemoteCharge:
    """Read a charge; its balance transaction may be an id, expanded, or null while it is not settled."""
    currency = currency_of(data)
    billing = data.get("billing_details")
    billing = billing if isinstance(billing, Mapping) else {}
    expanded = data.get("balance_transaction")
    return RemoteCharge(
        charge_id=identifier(data),
        payment_intent_id=reference(data, "payment_intent"),
        created_at=moment(data, "created"),
        amount=amount(data, "amount_captured", currency),
        currency=currency,
        amount_refunded=amount(data, "amount_refunded", currency),
        status=text(data, "status", longest=20),
        paid=data.get("paid") is True,
        captured=data.get("captured") is True,
        disputed=data.get("disputed") is True,
        customer_id=reference(data, "customer"),
        email=(text(billing, "email") or text(data, "receipt_email"))[:254],
        name=text(billing, "name", longest=200),
        description=text(data, "description"),
        metadata=_metadata(data.get("metadata")),
        balance_transaction_id=reference(data, "balance_transaction"),
        balance_transaction=balance_transaction(expanded) if isinstance(expanded, Mapping) else None,
        raw=json.dumps(data),
    )


def refund(data: Plain) -> RemoteRefund:
    """Read a refund."""
    currency = currency_of(data)
    return RemoteRefund(
        refund_id=identifier(data),
        charge_id=reference(data, "charge"),
        balance_transaction_id=reference(data, "balance_transaction"),
        amount=amount(data, "amount", currency),
        currency=currency,
        status=text(data, "status", longest=20),
        reason=text(data, "reason", longest=60),
        created_at=moment(data, "created"),
        failure_reason=text(data, "failure_reason", longest=60),
        failure_balance_transaction_id=reference(data, "failure_balance_transaction"),
    )


def intent(data: Plain) -> RemoteIntent:
    """Read a payment intent."""
    currency = currency_of(data)
    failure = data.get("last_payment_error")
    return RemoteIntent(
        intent_id=identifier(data),
        charge_id=reference(data, "latest_charge"),
        amount=amount(data, "amount", currency),
        amount_received=amount(data, "amount_received", currency),
        amount_capturable=amount(data, "amount_capturable", currency),
        currency=currency,
        status=text(data, "status", longest=40),
        customer_id=reference(data, "customer"),
        description=text(data, "description"),
        metadata=_metadata(data.get("metadata")),
        error_code=text(failure, "code", longest=60) if isinstance(failure, Mapping) else "",
        created_at=moment(data, "created"),
    )


def dispute(data: Plain) -> RemoteDispute:
    """Read a dispute with the movements of its money."""
    currency = currency_of(data)
    evidence = data.get("evidence_details")
    moved = data.get("balance_transactions")
    return RemoteDispute(
        dispute_id=identifier(data),
        charge_id=reference(data, "charge"),
        amount=amount(data, "amount", currency),
        currency=currency,
        status=text(data, "status", longest=40),
        reason=text(data, "reason", longest=60),
        created_at=moment(data, "created"),
        evidence_due_at=(
            moment(evidence, "due_by") if isinstance(evidence, Mapping) and evidence.get("due_by") is not None else None
        ),
        movements=tuple(
            balance_transaction(one) for one in (moved if isinstance(moved, list) else ()) if isinstance(one, Mapping)
        ),
    )


def payout(data: Plain) -> RemotePayout:
    """Read a payout."""
    currency = currency_of(data)
    trace = data.get("trace_id")
    return RemotePayout(
        payout_id=identifier(data),
        amount=amount(data, "amount", currency),
        currency=currency,
        arrival_date=day(data, "arrival_date"),
        status=text(data, "status", longest=20),
        automatic=data.get("automatic") is True,
        reconciliation_status=text(data, "reconciliation_status", longest=20),
        statement_descriptor=text(data, "statement_descriptor", longest=120),
        trace_id=text(trace, "value", longest=120) if isinstance(trace, Mapping) else "",
        failure_message=text(data, "failure_message", longest=300),
        created_at=moment(data, "created"),
        method=text(data, "method", longest=20),
        destination_id=reference(data, "destination"),
        balance_transaction_id=reference(data, "balance_transaction"),
        failure_balance_transaction_id=reference(data, "failure_balance_transaction"),
        original_payout_id=reference(data, "original_payout"),
        reversed_by_id=reference(data, "reversed_by"),
    )


def event(data: Plain) -> RemoteEvent:
    """Read an event's envelope."""
    inner = data.get("data")
    subject = inner.get("object") if isinstance(inner, Mapping) else None
    return RemoteEvent(
        event_id=identifier(data),
        kind=text(data, "type", longest=80),
        object_id=text(subject, "id", longest=64) if isinstance(subject, Mapping) else "",
        livemode=data.get("livemode") is True,
        account_id=text(data, "account", longest=64),
        created_at=moment(data, "created"),
        raw=json.dumps(data),
    )
