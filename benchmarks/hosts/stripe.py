"""The host's Stripe account: charges, what they leave after fees, and payouts to the bank."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from benchmarks.hosts.letters import mistyped
from benchmarks.hosts.money import exchanged
from benchmarks.hosts.people import Client, Debt
from benchmarks.hosts.profiles import Profile

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BRANDS = ("visa", "visa", "mastercard", "amex")
Record = dict[str, Any]


def _second(day: date, seconds: int = 0) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) + seconds


class StripeAccount:
    """Makes Stripe objects and keeps what is not paid out yet."""

    def __init__(self, profile: Profile, rng: Random) -> None:
        self.profile, self._rng = profile, rng
        self._waiting: list[tuple[date, int, str]] = []
        self._destination = self._id("ba")

    def _id(self, prefix: str) -> str:
        return f"{prefix}_1{''.join(self._rng.choices(_LETTERS, k=20))}"

    def charge(self, debt: Debt, amount: int, day: date, style: str, failed: bool) -> tuple[Record, Record | None]:
        """A charge that names its invoice in the given way, and its balance transaction."""
        rng, client = self._rng, debt.client
        charge_id, created = self._id("ch"), _second(day, rng.randrange(86400))
        description, metadata = self._reference(debt, style)
        entry = None if failed else self._balance(charge_id, amount, client.currency, day)
        name, mail = self._billing(client)
        return {
            "id": charge_id, "object": "charge", "amount": amount, "amount_captured": 0 if failed else amount,
            "amount_refunded": 0, "balance_transaction": entry["id"] if entry else None,
            "billing_details": {
                "address": {"city": None, "country": client.land.code, "postal_code": None}, "email": mail,
                "name": name, "phone": None,
            },
            "captured": not failed, "created": created, "currency": client.currency.lower(),
            "customer": client.customer or None, "description": description, "disputed": False,
            "failure_code": "card_declined" if failed else None, "invoice": None, "livemode": True,
            "metadata": metadata, "paid": not failed, "payment_intent": self._id("pi"),
            "payment_method_details": {
                "type": "card", "card": {"brand": rng.choice(_BRANDS), "last4": f"{rng.randrange(10000):04d}"},
            },
            "receipt_email": mail, "refunded": False, "statement_descriptor": None,
            "status": "failed" if failed else "succeeded",
        }, entry  # fmt: skip

    def _billing(self, client: Client) -> tuple[str, str]:
        rng, name, mail = self._rng, client.billing, client.email
        if rng.random() < 0.08:
            name = f"{rng.choice(client.land.titles)} {name}".strip()
        if rng.random() < 0.08:
            mail = f"{mail.partition('.')[0]}{rng.randrange(10, 99)}@post.example"
        return name, mail

    def _reference(self, debt: Debt, style: str) -> tuple[str | None, Record]:
        rng, shown = self._rng, debt.shown
        if style == "typo":
            return f"Invoice {mistyped(shown, rng)}", {}
        if style == "none":
            return rng.choice((None, "Payment", "Hosting", debt.client.domain)), {}
        words = rng.choice((f"Invoice #{shown}",) * 4 + (
            f"Payment for invoice {shown}", f"{self.profile.business} - Invoice #{shown}"))  # fmt: skip
        if style == "desc":
            return words, {}
        key = rng.random() < 0.78
        metadata = {"invoice_id": str(debt.id)} if key else {"invoice": shown}
        return (words if rng.random() < 0.8 else None), metadata

    def _balance(self, source: str, amount: int, currency: str, day: date, kind: str = "charge") -> Record:
        rng, home = self._rng, self.profile.currency
        rate = None
        if currency != home:
            amount, rate = exchanged(amount, currency, home, rng.uniform(-0.03, 0.015))
        fee = 0
        if kind == "charge":
            fee = round(abs(amount) * 0.015) + 20
        elif kind == "adjustment":
            fee = 1500
        available = day + timedelta(days=2)
        entry = {
            "id": self._id("txn"), "object": "balance_transaction", "amount": amount,
            "available_on": _second(available), "created": _second(day, rng.randrange(86400)),
            "currency": home.lower(), "description": None, "exchange_rate": round(rate, 6) if rate else None,
            "fee": fee,
            "fee_details": [{"amount": fee, "currency": home.lower(), "type": "stripe_fee",
                             "description": "Stripe processing fees"}] if fee else [],
            "net": amount - fee, "reporting_category": kind, "source": source, "status": "available", "type": kind,
        }  # fmt: skip
        if kind != "payout":
            self._waiting.append((available, amount - fee, entry["id"]))
        return entry

    def refund(self, charge: Record, day: date) -> Record:
        """A refund of a charge: what leaves the balance."""
        charge["amount_refunded"], charge["refunded"] = charge["amount"], True
        return self._balance(self._id("re"), -charge["amount"], charge["currency"].upper(), day, "refund")

    def payout(self, day: date) -> tuple[Record, Record, Record | None] | None:
        """Pay out what has become available: the payout, its balance transaction, and its items if it lists any."""
        rng = self._rng
        ready = [one for one in self._waiting if one[0] <= day]
        total = sum(net for _, net, _ in ready)
        if total <= 0:
            return None
        automatic = rng.random() < 0.93
        self._waiting = [one for one in self._waiting if one[0] > day]
        if not automatic and total > 1000:
            kept = total // 5
            total -= kept
            self._waiting.append((day, kept, ""))
        payout_id, arrival = self._id("po"), day + timedelta(days=1 if day.weekday() < 4 else 3)
        entry = self._balance(payout_id, -total, self.profile.currency, day, "payout")
        payout = {
            "id": payout_id, "object": "payout", "amount": total, "arrival_date": _second(arrival),
            "automatic": automatic, "balance_transaction": entry["id"], "created": _second(day),
            "currency": self.profile.currency.lower(), "description": "STRIPE PAYOUT",
            "destination": self._destination, "failure_code": None, "livemode": True, "metadata": {},
            "method": "standard", "source_type": "card", "statement_descriptor": None,
            "status": "failed" if rng.random() < 0.004 else "paid", "type": "bank_account",
        }  # fmt: skip
        items = [txn for _, _, txn in ready if txn]
        return payout, entry, {"payout": payout_id, "balance_transactions": items} if automatic else None
