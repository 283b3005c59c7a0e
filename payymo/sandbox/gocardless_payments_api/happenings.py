"""What happens at GoCardless while somebody watches: a debit is collected, fails, is paid out, comes back.

Units: minor units. The fee of a payment is 1 % and 20 cents, with a tenth of a cent, as the real one has.
"""

import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from payymo.sandbox import world
from payymo.sandbox.gocardless_payments_api import listing
from payymo.sandbox.gocardless_payments_api.answers import GoCardlessRefusal, invalid
from payymo.sandbox.rows import body

# Of a payment: what may happen in which state, which state follows, and the event of it.
_ACTS = {
    "submit": (("pending_submission",), "submitted", "submitted"),
    "confirm": (("pending_submission", "submitted"), "confirmed", "confirmed"),
    "cancel": (("pending_submission",), "cancelled", "cancelled"),
    "fail": (("submitted", "confirmed", "paid_out"), "failed", "failed"),
    "charge_back": (("paid_out",), "charged_back", "charged_back"),
    "cancel_chargeback": (("charged_back",), "paid_out", "chargeback_cancelled"),
}
_BACK = {"fail": "payment_failed", "charge_back": "payment_charged_back"}
_ids = random.SystemRandom()


def begin(connection: sqlite3.Connection, slug: str, created: str) -> None:
    """Give a host its creditor; nothing has been collected yet."""
    company, keys = world.COMPANIES[slug], world.GOCARDLESS_PAYMENTS[slug]
    creditor = {
        "id": keys.creditor_id, "created_at": created, "name": company.name, "country_code": company.country,
        "fx_payout_currency": company.currency, "verification_status": "successful", "links": {},
    }  # fmt: skip
    listing.save(connection, slug, "creditors", creditor)


def _id(prefix: str) -> str:
    return prefix + "".join(_ids.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=12))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tell(connection: sqlite3.Connection, slug: str, resource: str, action: str, **links: str) -> None:
    event = {
        "id": _id("EV"), "created_at": _now(), "resource_type": resource, "action": action,
        "links": {**links, "organisation": world.GOCARDLESS_PAYMENTS[slug].organisation_id},
        "details": {"origin": "gocardless", "cause": f"{resource.removesuffix('s')}_{action}", "description": action},
        "metadata": {}, "resource_metadata": {},
    }  # fmt: skip
    listing.save(connection, slug, "events", event)


def _item(connection: sqlite3.Connection, slug: str, kind: str, amount: Decimal, **links: str) -> None:
    made = {
        "id": _id("ITEM"),
        "created_at": _now(),
        "amount": f"{amount:.1f}",
        "type": kind,
        "links": links,
        "taxes": [],
    }
    listing.save(connection, slug, "payout_items", made)


def _whole(order: dict[str, Any], name: str) -> int:
    value = order.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid(name, "must be a whole number above zero")
    return value


def collect(connection: sqlite3.Connection, slug: str, order: dict[str, Any]) -> dict[str, Any]:
    """Make a payment of `amount`, perhaps with `description`, `reference` and `metadata`; nobody has paid yet."""
    now, company = _now(), world.COMPANIES[slug]
    payment = {
        "id": _id("PM"), "created_at": order.get("created_at") or now,
        "charge_date": order.get("charge_date") or now[:10],
        "amount": _whole(order, "amount"), "amount_refunded": 0, "currency": order.get("currency", company.currency),
        "description": order.get("description"), "reference": order.get("reference"),
        "metadata": order.get("metadata") or {}, "status": "pending_submission", "retry_if_possible": False,
        "fx": {"fx_currency": company.currency, "fx_amount": None, "exchange_rate": None},
        "links": {"mandate": _id("MD"), "creditor": world.GOCARDLESS_PAYMENTS[slug].creditor_id},
    }  # fmt: skip
    listing.save(connection, slug, "payments", payment)
    _tell(connection, slug, "payments", "created", payment=payment["id"])
    return payment


def act(connection: sqlite3.Connection, slug: str, id: str, name: str) -> dict[str, Any]:
    """Let something happen to a payment.

    Raises: GoCardlessRefusal when it cannot in its state.
    """
    payment = listing.one(connection, slug, "payments", id)
    before, after, action = _ACTS.get(name, ((), "", ""))
    if payment["status"] not in before:
        raise GoCardlessRefusal(422, "invalid_state", f"A {payment['status']} payment cannot {name}", "invalid_state")
    was_paid = payment["status"] == "paid_out"
    payment["status"] = after
    listing.save(connection, slug, "payments", payment)
    if name in _BACK and was_paid:
        _item(connection, slug, _BACK[name], Decimal(-payment["amount"]), payment=id)
    if name == "cancel_chargeback":
        _item(connection, slug, "payment_paid_out", Decimal(payment["amount"]), payment=id)
    _tell(connection, slug, "payments", action, payment=id)
    if name == "fail" and was_paid:
        _tell(connection, slug, "payments", "late_failure_settled", payment=id)
    return payment


def refund(connection: sqlite3.Connection, slug: str, order: dict[str, Any]) -> dict[str, Any]:
    """Give back `amount` of the payment `payment`; `fails` lets the bank of the customer refuse it later."""
    payment = listing.one(connection, slug, "payments", str(order.get("payment", "")))
    amount = _whole(order, "amount")
    if payment["status"] != "paid_out" or payment["amount_refunded"] + amount > payment["amount"]:
        raise invalid("amount", "is more than was paid")
    payment["amount_refunded"] += amount
    status = "bounced" if order.get("fails") else "paid"
    made = {
        "id": _id("RF"), "created_at": _now(), "amount": amount, "currency": payment["currency"], "reference": None,
        "metadata": {}, "status": status, "links": {"payment": payment["id"], "mandate": payment["links"]["mandate"]},
    }  # fmt: skip
    listing.save(connection, slug, "payments", payment)
    listing.save(connection, slug, "refunds", made)
    _item(connection, slug, "payment_refunded", Decimal(-amount), payment=payment["id"], refund=made["id"])
    _tell(connection, slug, "refunds", "created", refund=made["id"])
    if status == "bounced":
        _item(connection, slug, "refund_funds_returned", Decimal(amount), refund=made["id"])
    _tell(connection, slug, "refunds", "funds_returned" if status == "bounced" else "paid", refund=made["id"])
    return made


def pay_out(connection: sqlite3.Connection, slug: str, order: dict[str, Any]) -> dict[str, Any]:
    """Pay out what was confirmed, less what came back and the fees; `age_days` makes it an old one.

    Raises: GoCardlessRefusal when nothing is left to be paid.
    """
    created = datetime.now(UTC) - timedelta(days=int(order.get("age_days") or 0))
    payout_id, company = _id("PO"), world.COMPANIES[slug]
    for payment in list(_confirmed(connection, slug)):
        payment["status"] = "paid_out"
        payment["links"]["payout"] = payout_id
        listing.save(connection, slug, "payments", payment)
        amount = Decimal(payment["amount"])
        _item(connection, slug, "payment_paid_out", amount, payment=payment["id"])
        _item(connection, slug, "gocardless_fee", -(amount / 100 + 20), payment=payment["id"])
        _tell(connection, slug, "payments", "paid_out", payment=payment["id"], payout=payout_id)
    rows = connection.execute(
        "SELECT body FROM gcp_object WHERE slug = ? AND kind = 'payout_items' AND payout = ''", (slug,)
    ).fetchall()
    waiting = [body(row) for row in rows]
    exact = sum((Decimal(one["amount"]) for one in waiting), Decimal(0))
    amount = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if amount <= 0:
        raise invalid("amount", "nothing is left to be paid out")
    for one in waiting:
        listing.save(connection, slug, "payout_items", one, payout_id)
    payout = {
        "id": payout_id, "amount": amount, "currency": company.currency, "deducted_fees": 0, "payout_type": "merchant",
        "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "arrival_date": (created + timedelta(days=1)).date().isoformat(), "status": "paid",
        "reference": f"{company.name.split()[0].upper()[:5]}-{payout_id[-6:]}", "metadata": {}, "tax_currency": None,
        "fx": {"fx_currency": company.currency, "fx_amount": None, "exchange_rate": None},
        "links": {"creditor": world.GOCARDLESS_PAYMENTS[slug].creditor_id, "creditor_bank_account": _id("BA")},
    }  # fmt: skip
    listing.save(connection, slug, "payouts", payout)
    _tell(connection, slug, "payouts", "paid", payout=payout_id)
    return payout


def _confirmed(connection: sqlite3.Connection, slug: str) -> Iterator[dict[str, Any]]:
    rows = connection.execute(
        "SELECT body FROM gcp_object WHERE slug = ? AND kind = 'payments' "
        "AND json_extract(body, '$.status') = 'confirmed' ORDER BY seq",
        (slug,),
    )
    yield from (body(row) for row in rows.fetchall())
