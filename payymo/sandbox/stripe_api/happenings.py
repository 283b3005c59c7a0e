"""Things that happen at Stripe while somebody watches: a card is charged, a paid payout comes back."""

import sqlite3
import time
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.stripe_api import listing, objects
from payymo.sandbox.stripe_api.errors import invalid
from payymo.sandbox.stripe_api.refunds import new_id

AVAILABLE_AFTER = 2 * 86400
ORDER_FIELDS = {"amount", "description", "email", "name", "metadata"}
Object = dict[str, Any]
Changed = tuple[Object, list[Object]]


def _keep(
    connection: sqlite3.Connection, account: str, now: int, *happened: tuple[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Save the events of what happened and return them."""
    events = [objects.event(id=new_id("evt"), kind=kind, created=now, data=data) for kind, data in happened]
    for event in events:
        listing.save(connection, account, event)
    return events


def charge(connection: sqlite3.Connection, slug: str, order: dict[str, Any]) -> Changed:
    """Charge a card with `amount` (smallest unit) and return the charge with its events.

    Raises: StripeRefusal for an unknown field or a wrong amount.
    """
    unknown = sorted(set(order) - ORDER_FIELDS)
    amount = order.get("amount")
    if unknown:
        raise invalid(f"Received unknown parameter: {unknown[0]}", param=unknown[0], code="parameter_unknown")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 50:
        raise invalid("Amount must be at least 50", param="amount", code="amount_too_small")
    account, company, now = world.STRIPE[slug].account_id, world.COMPANIES[slug], int(time.time())
    fee = (amount * 15 + 500) // 1000 + 25
    common: dict[str, Any] = {
        "amount": amount, "currency": company.currency.lower(), "created": now, "customer": None,
        "description": order.get("description"), "metadata": order.get("metadata") or {}, "email": order.get("email"),
    }  # fmt: skip
    row = objects.balance_transaction(
        id=new_id("txn"), amount=amount, fee=fee, currency=common["currency"], created=now, kind="charge",
        available_on=now + AVAILABLE_AFTER, source=new_id("ch"), category="charge",
        description=common["description"], now=now,
    )  # fmt: skip
    intent = objects.intent(id=new_id("pi"), charge=row["source"], succeeded=True, **common)
    made = objects.charge(
        id=row["source"], intent_id=intent["id"], name=order.get("name"), country=company.country, last4="4242",
        balance_transaction=row["id"], descriptor=company.name.upper()[:22], **common,
    )  # fmt: skip
    for item in (row, intent, made):
        listing.save(connection, account, item)
    return made, _keep(connection, account, now, ("charge.succeeded", made), ("payment_intent.succeeded", intent))


def fail_payout(connection: sqlite3.Connection, slug: str, id: str) -> Changed:
    """Let a paid payout come back from the bank: its money returns to the balance with a row of its own.

    Raises: StripeRefusal (404, 400).
    """
    account, now = world.STRIPE[slug].account_id, int(time.time())
    payout = listing.one(connection, account, "payout", id)
    if payout["status"] not in ("paid", "in_transit"):
        raise invalid(f"Payout {id} cannot fail: it is {payout['status']}.")
    row = objects.balance_transaction(
        id=new_id("txn"), amount=payout["amount"], fee=0, currency=payout["currency"], created=now,
        kind="payout_failure", available_on=now, source=id, category="payout_reversal",
        description="STRIPE PAYOUT FAILURE", now=now,
    )  # fmt: skip
    payout |= {
        "status": "failed",
        "failure_code": "account_closed",
        "failure_message": "The bank account has been closed.",
        "failure_balance_transaction": row["id"],
    }
    for item in (row, payout):
        listing.save(connection, account, item)
    return payout, _keep(connection, account, now, ("payout.failed", payout))
