"""Stripe objects with the fields of API version 2026-10-28.endive.

Amounts are in the smallest unit of the currency, times in epoch seconds.
"""

from typing import Any

API_VERSION = "2026-10-28.endive"
Object = dict[str, Any]


def intent(
    *, id: str, amount: int, currency: str, created: int, customer: str | None, description: str | None,
    metadata: dict[str, str], charge: str | None, succeeded: bool, email: str | None,
) -> Object:  # fmt: skip
    """Return a PaymentIntent; a failed one waits for another payment method."""
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "type": "card_error"}
    return {
        "id": id, "object": "payment_intent", "amount": amount, "amount_capturable": 0,
        "amount_details": {"tip": {}}, "amount_received": amount if succeeded else 0, "application": None,
        "application_fee_amount": None, "automatic_payment_methods": None, "canceled_at": None,
        "cancellation_reason": None, "capture_method": "automatic", "client_secret": None,
        "confirmation_method": "automatic", "created": created, "currency": currency, "customer": customer,
        "description": description, "last_payment_error": None if succeeded else error, "latest_charge": charge,
        "livemode": False, "metadata": dict(metadata), "next_action": None, "on_behalf_of": None,
        "payment_method": f"pm_{id[3:]}", "payment_method_options": {}, "payment_method_types": ["card"],
        "processing": None, "receipt_email": email, "review": None, "setup_future_usage": None, "shipping": None,
        "statement_descriptor": None, "statement_descriptor_suffix": None,
        "status": "succeeded" if succeeded else "requires_payment_method", "transfer_data": None,
        "transfer_group": None,
    }  # fmt: skip


def charge(
    *, id: str, amount: int, currency: str, created: int, customer: str | None, description: str | None,
    metadata: dict[str, str], intent_id: str, name: str | None, email: str | None, country: str, last4: str,
    balance_transaction: str | None, descriptor: str,
) -> Object:  # fmt: skip
    """Return a captured charge; without a balance transaction it is a declined one."""
    paid = balance_transaction is not None
    outcome = {
        "network_status": "approved_by_network" if paid else "declined_by_network",
        "reason": None if paid else "insufficient_funds", "risk_level": "normal",
        "seller_message": "Payment complete." if paid else "The bank returned the decline code `insufficient_funds`.",
        "type": "authorized" if paid else "issuer_declined",
    }  # fmt: skip
    address = {"city": None, "country": country, "line1": None, "line2": None, "postal_code": None, "state": None}
    return {
        "id": id, "object": "charge", "amount": amount, "amount_captured": amount if paid else 0, "amount_refunded": 0,
        "application": None, "application_fee": None, "application_fee_amount": None,
        "balance_transaction": balance_transaction,
        "billing_details": {"address": address, "email": email, "name": name, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": descriptor, "captured": paid, "created": created, "currency": currency,
        "customer": customer, "description": description, "destination": None, "dispute": None, "disputed": False,
        "failure_balance_transaction": None, "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else "Your card has insufficient funds.", "fraud_details": {},
        "livemode": False,
        "metadata": dict(metadata), "on_behalf_of": None, "order": None, "outcome": outcome, "paid": paid,
        "payment_intent": intent_id, "payment_method": f"pm_{intent_id[3:]}",
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "country": country, "last4": last4}},
        "radar_options": {}, "receipt_email": email, "receipt_number": None,
        "receipt_url": f"https://pay.stripe.example/receipts/{id}", "refunded": False, "review": None, "shipping": None,
        "source": None, "source_transfer": None, "statement_descriptor": None, "statement_descriptor_suffix": None,
        "status": "succeeded" if paid else "failed", "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def balance_transaction(
    *, id: str, amount: int, fee: int, currency: str, created: int, available_on: int, kind: str, source: str | None,
    category: str, description: str | None, now: int, exchange_rate: float | None = None,
) -> Object:  # fmt: skip
    """Return one row of the balance: `net` is `amount` less `fee`, all signed."""
    details = {"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees"}
    return {
        "id": id, "object": "balance_transaction", "amount": amount, "available_on": available_on,
        "balance_type": "payments", "created": created, "currency": currency, "description": description,
        "exchange_rate": exchange_rate, "fee": fee, "fee_details": [{**details, "type": "stripe_fee"}] if fee else [],
        "net": amount - fee, "reporting_category": category, "source": source,
        "status": "available" if available_on <= now else "pending", "type": kind,
    }  # fmt: skip


def refund(
    *, id: str, charge: Object, amount: int, created: int, balance_transaction: str, reason: str | None,
    metadata: dict[str, str],
) -> Object:  # fmt: skip
    """Return a refund that went through."""
    return {
        "id": id, "object": "refund", "amount": amount, "balance_transaction": balance_transaction,
        "charge": charge["id"], "created": created, "currency": charge["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": dict(metadata), "payment_intent": charge["payment_intent"], "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None,
    }  # fmt: skip


def dispute(*, id: str, charge: Object, created: int, balance_transaction: Object) -> Object:
    """Return a dispute whose money has been withdrawn."""
    return {
        "id": id, "object": "dispute", "amount": charge["amount"], "balance_transactions": [balance_transaction],
        "charge": charge["id"], "created": created, "currency": charge["currency"], "enhanced_eligibility_types": [],
        "evidence": {}, "evidence_details": {"due_by": created + 9 * 86400, "has_evidence": False, "past_due": False,
        "submission_count": 0}, "is_charge_refundable": False, "livemode": False, "metadata": {},
        "payment_intent": charge["payment_intent"], "reason": "product_not_received", "status": "needs_response",
    }  # fmt: skip


def payout(
    *, id: str, amount: int, currency: str, created: int, arrival: int, status: str, balance_transaction: str,
    destination: str, descriptor: str, trace: str | None,
) -> Object:  # fmt: skip
    """Return an automatic payout; its rows are complete once the reconciliation status says so."""
    return {
        "id": id, "object": "payout", "amount": amount, "application_fee": None, "application_fee_amount": None,
        "arrival_date": arrival, "automatic": True, "balance_transaction": balance_transaction, "created": created,
        "currency": currency, "description": "STRIPE PAYOUT", "destination": destination,
        "failure_balance_transaction": None, "failure_code": None, "failure_message": None, "livemode": False,
        "metadata": {}, "method": "standard", "original_payout": None, "payout_method": None,
        "reconciliation_status": "completed", "reversed_by": None, "source_type": "card",
        "statement_descriptor": descriptor, "status": status,
        "trace_id": {"status": "supported", "value": trace} if trace else {"status": "pending", "value": None},
        "type": "bank_account",
    }  # fmt: skip


def event(*, id: str, kind: str, created: int, data: Object, request: str | None = None) -> Object:
    """Return an event with the object as it was at that moment."""
    return {
        "id": id, "object": "event", "api_version": API_VERSION, "created": created, "data": {"object": data},
        "livemode": False, "pending_webhooks": 1, "request": {"id": request, "idempotency_key": None}, "type": kind,
    }  # fmt: skip
