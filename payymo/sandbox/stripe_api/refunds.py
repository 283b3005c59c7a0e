"""Making a refund: the one thing that can be written."""

import secrets
import sqlite3
import time
from typing import Any

from payymo.sandbox.stripe_api import listing, objects
from payymo.sandbox.stripe_api.errors import invalid

FIELDS = {"charge", "payment_intent", "amount", "reason", "metadata", "expand"}
REASONS = {"duplicate", "fraudulent", "requested_by_customer"}


def new_id(prefix: str) -> str:
    """Return a fresh id of Stripe's form."""
    return f"{prefix}_{secrets.token_hex(12)}"


def _charge(connection: sqlite3.Connection, account: str, params: dict[str, Any]) -> dict[str, Any]:
    if params.get("payment_intent"):
        intent = listing.one(connection, account, "payment_intent", str(params["payment_intent"]))
        return listing.one(connection, account, "charge", str(intent["latest_charge"]))
    if params.get("charge"):
        return listing.one(connection, account, "charge", str(params["charge"]))
    raise invalid("One of the following params should be provided for this request: payment_intent or charge.")


def _amount(charge: dict[str, Any], params: dict[str, Any]) -> int:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    text = str(params.get("amount", left))
    if not text.isdigit() or int(text) < 1:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if int(text) > left:
        shown = f"{int(text) / 100:.2f}", f"{left / 100:.2f}"
        raise invalid(
            f"Refund amount ({shown[0]}) is greater than unrefunded amount on charge ({shown[1]})", param="amount"
        )
    return int(text)


def create(
    connection: sqlite3.Connection, account: str, params: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Refund a charge whole or in part; return the refund and the events it causes.

    Raises: StripeRefusal; nothing is changed.
    """
    unknown = sorted(set(params) - FIELDS)
    if unknown:
        raise invalid(f"Received unknown parameter: {unknown[0]}", param=unknown[0], code="parameter_unknown")
    if params.get("reason") and params["reason"] not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(sorted(REASONS))}", param="reason")
    charge = _charge(connection, account, params)
    amount, now = _amount(charge, params), int(time.time())
    settled = listing.one(connection, account, "balance_transaction", charge["balance_transaction"])
    row = objects.balance_transaction(
        id=new_id("txn"), amount=-(amount * settled["amount"] // charge["amount"]), fee=0, currency=settled["currency"],
        created=now, available_on=now, kind="refund", source=new_id("re"), category="refund",
        description="REFUND FOR CHARGE", now=now, exchange_rate=settled["exchange_rate"],
    )  # fmt: skip
    made = objects.refund(
        id=row["source"], charge=charge, amount=amount, created=now, balance_transaction=row["id"],
        reason=params.get("reason"), metadata=params.get("metadata") or {},
    )  # fmt: skip
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    events = [
        objects.event(id=new_id("evt"), kind=kind, created=now, data=data)
        for kind, data in (("refund.created", made), ("charge.refunded", charge))
    ]
    for item in (charge, row, made, *events):
        listing.save(connection, account, item)
    return made, events
