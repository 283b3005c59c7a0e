"""Card payments of a host: charges with fees, refunds, one dispute and the payouts that carry them."""

import random
import string
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from payymo.sandbox.generator import billing, people
from payymo.sandbox.generator.model import Client, Invoice, Transfer
from payymo.sandbox.generator.profile import Profile
from payymo.sandbox.stripe_api import objects

DISPUTE_FEE = 2000
STYLES = {"metadata": 52, "number": 22, "id_text": 12, "email": 10, "nothing": 4}


@dataclass(slots=True)
class CardPlan:
    """One card payment that will be made."""

    client: Client
    invoice: Invoice
    at: datetime
    style: str
    declined: bool = False
    duplicate: bool = False
    refund: int = 0


@dataclass(slots=True)
class Money:
    """One movement of the Stripe balance that waits for its payout."""

    row: dict[str, Any]
    available: date


def epoch(moment: datetime) -> int:
    """Return epoch seconds of an aware moment."""
    return int(moment.timestamp())


def _moment(rng: random.Random, day: date, until: date) -> datetime:
    # The last day has only just begun when the world is made.
    hour, minute = (rng.randint(0, 22), rng.randint(0, 59)) if day < until else (0, rng.randint(0, 9))
    return datetime.combine(day, time(hour, minute, rng.randint(0, 59)), tzinfo=UTC)


def plan(rng: random.Random, profile: Profile, clients: list[Client]) -> list[CardPlan]:
    """Return the card payments in the order of time, with the invoices that they pay."""
    payers = [one for one in clients if one.gateway == "stripe"]
    first = profile.start - timedelta(days=6)
    days = (profile.until - first).days
    plans = []
    for index in range(profile.charges - 2 + profile.failed_charges):
        client, day = rng.choice(payers), first + timedelta(days=rng.randint(0, days))
        invoice = billing.invoice(rng, profile, client, day - timedelta(days=rng.choice([0, 0, 0, 1, 3])))
        style = rng.choices(list(STYLES), weights=list(STYLES.values()))[0]
        declined = index >= profile.charges - 2
        plans.append(CardPlan(client, invoice, _moment(rng, day, profile.until), style, declined=declined))
    settled = [one for one in plans if not one.declined and one.at.date() < profile.until - timedelta(days=3)]
    for original in rng.sample(settled, 2):
        again = original.at + timedelta(minutes=2)
        plans.append(CardPlan(original.client, original.invoice, again, original.style, duplicate=True))
    for index, one in enumerate(rng.sample(settled, profile.refunds)):
        one.refund = one.invoice.total if index % 2 else max(100, one.invoice.total // 2)
    return sorted(plans, key=lambda one: one.at)


class CardBook:
    """Builds the Stripe objects of one account from its planned payments."""

    def __init__(self, rng: random.Random, profile: Profile) -> None:
        self.rng, self.profile = rng, profile
        self.currency = profile.currency.lower()
        self.now = epoch(datetime.combine(profile.until, time(23, 59), tzinfo=UTC))
        self.objects: list[dict[str, Any]] = []
        self.waiting: list[Money] = []
        self.settles: dict[str, list[tuple[int, int]]] = {}
        self.payout_items: dict[str, list[str]] = {}
        self.paid: list[tuple[CardPlan, dict[str, Any], dict[str, Any]]] = []
        self.refunds: list[tuple[CardPlan, dict[str, Any], dict[str, Any]]] = []

    def id(self, prefix: str, length: int = 24) -> str:
        """Return an id of Stripe's form."""
        return f"{prefix}_" + "".join(self.rng.choices(string.ascii_letters + string.digits, k=length))

    def event(self, kind: str, at: int, data: dict[str, Any]) -> None:
        """Record that something happened, with the object as it is now."""
        self.objects.append(objects.event(id=self.id("evt"), kind=kind, created=at, data=dict(data)))

    def row(
        self, kind: str, category: str, amount: int, fee: int, source: str, at: datetime, **extra: Any
    ) -> dict[str, Any]:
        """Book one movement of the balance and let it wait for a payout."""
        # What was earned becomes available two days later; what leaves, leaves at once.
        available = people.business_day(at.date() + timedelta(days=2)) if amount > 0 else at.date()
        made = objects.balance_transaction(
            id=self.id("txn"), amount=amount, fee=fee, currency=self.currency, created=epoch(at), kind=kind,
            available_on=epoch(datetime.combine(available, time(), tzinfo=UTC)), source=source, category=category,
            description=extra.get("description"), now=self.now, exchange_rate=extra.get("rate"),
        )  # fmt: skip
        self.objects.append(made)
        if kind != "payout":
            self.waiting.append(Money(made, available))
        return made

    def fee(self, settled: int) -> int:
        """Return the fee of a charge."""
        per_mille, fixed = self.profile.card_fee
        return (settled * per_mille + 500) // 1000 + fixed

    def _wording(self, one: CardPlan) -> tuple[str | None, dict[str, str]]:
        name, quoted = self.profile.name, one.invoice.quoted
        match one.style:
            case "metadata":
                return f"{name} - Invoice #{quoted}", {
                    "invoice_id": str(one.invoice.id),
                    "client_id": str(one.client.id),
                }
            case "number":
                return f"{name} - Invoice #{quoted}", {}
            case "id_text":
                return f"Payment of Invoice {one.invoice.id}", {}
            case _:
                return None, {}

    def charge(self, one: CardPlan) -> None:
        """Add a charge, its intent, its balance row and the events of it."""
        charge_id, at = self.id("ch", 24), epoch(one.at)
        total, foreign = one.invoice.total, one.client.currency != self.profile.currency
        rate = float(self.profile.foreign_rate) if foreign else None
        settled = int((Decimal(total) * Decimal(str(rate or 1))).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        description, metadata = self._wording(one)
        row = None
        if not one.declined:
            row = self.row(
                "charge", "charge", settled, self.fee(settled), charge_id, one.at, rate=rate, description=description
            )
        common: dict[str, Any] = {
            "amount": total, "currency": one.client.currency.lower(), "created": at, "description": description,
            "metadata": metadata, "email": None if one.style == "nothing" else one.client.email,
            "customer": f"cus_{one.client.id:014d}" if one.style != "nothing" else None,
        }  # fmt: skip
        intent = objects.intent(id=self.id("pi"), charge=charge_id, succeeded=row is not None, **common)
        made = objects.charge(
            id=charge_id, intent_id=intent["id"], name=f"{one.client.first_name} {one.client.last_name}",
            country=one.client.country, last4=f"{self.rng.randint(0, 9999):04d}",
            descriptor=self.profile.statement_descriptor,
            balance_transaction=row["id"] if row else None, **common,
        )  # fmt: skip
        self.objects += [intent, made]
        self.event("charge.succeeded" if row else "charge.failed", at, made)
        self.event("payment_intent.succeeded" if row else "payment_intent.payment_failed", at, intent)
        self.settles[charge_id] = [] if one.declined or one.duplicate else [(one.invoice.id, total)]
        if row:
            self.paid.append((one, made, row))
        if one.refund:
            self._refund(one, made)

    def _refund(self, one: CardPlan, charge: dict[str, Any]) -> None:
        moment = one.at + timedelta(days=self.rng.randint(1, 3), hours=1)
        refund_id = self.id("re")
        row = self.row("refund", "refund", -one.refund, 0, refund_id, moment, description="REFUND FOR CHARGE")
        made = objects.refund(
            id=refund_id, charge=charge, amount=one.refund, created=epoch(moment), balance_transaction=row["id"],
            reason="requested_by_customer", metadata={},
        )  # fmt: skip
        charge["amount_refunded"] += one.refund
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.objects.append(made)
        self.refunds.append((one, made, row))
        self.event("refund.created", epoch(moment), made)
        self.event("charge.refunded", epoch(moment), charge)

    def dispute(self) -> None:
        """Let one customer dispute his payment; amount and fee leave the balance."""
        candidates = [item for item in self.paid if not item[0].refund and not item[0].duplicate]
        one, charge, _row = candidates[len(candidates) // 3]
        moment = one.at + timedelta(days=5)
        dispute_id = self.id("du")
        row = self.row("adjustment", "dispute", -charge["amount"], DISPUTE_FEE, dispute_id, moment,
                       description=f"Chargeback withdrawal for {charge['id']}")  # fmt: skip
        made = objects.dispute(id=dispute_id, charge=charge, created=epoch(moment), balance_transaction=row)
        charge["disputed"], charge["dispute"] = True, dispute_id
        self.objects.append(made)
        self.event("charge.dispute.created", epoch(moment), made)
        self.event("charge.dispute.funds_withdrawn", epoch(moment), made)

    def payouts(self) -> list[Transfer]:
        """Pay the available balance out on the payout days; return the entries that reach the bank account."""
        arrived = []
        for day in people.business_days(self.profile.start - timedelta(days=5), self.profile.until):
            if day.weekday() not in self.profile.payout_weekdays:
                continue
            due = [one for one in self.waiting if one.available <= day]
            amount = sum(one.row["net"] for one in due)
            if amount > 0:
                self.waiting = [one for one in self.waiting if one.available > day]
                entry = self._payout(day, amount, [one.row["id"] for one in due])
                arrived += [entry] if entry else []
        return arrived

    def _payout(self, day: date, amount: int, items: list[str]) -> Transfer | None:
        created = datetime.combine(day, time(3, 12, self.rng.randint(0, 59)), tzinfo=UTC)
        arrival = people.business_day(day + timedelta(days=1))
        arrived = arrival <= self.profile.until
        payout_id = self.id("po")
        trace = f"{self.profile.statement_descriptor[:4]}{self.rng.randint(10**8, 10**9)}" if arrived else None
        row = self.row("payout", "payout", -amount, 0, payout_id, created, description="STRIPE PAYOUT")
        made = objects.payout(
            id=payout_id, amount=amount, currency=self.currency, created=epoch(created),
            arrival=epoch(datetime.combine(arrival, time(), tzinfo=UTC)), status="paid" if arrived else "in_transit",
            balance_transaction=row["id"], destination=f"ba_1{self.profile.slug.title()}Main0000000000",
            descriptor=self.profile.statement_descriptor, trace=trace,
        )  # fmt: skip
        self.objects.append(made)
        self.payout_items[payout_id] = [*items, row["id"]]
        self.event("payout.created", epoch(created), made)
        self.event("payout.reconciliation_completed", epoch(created) + 900, made)
        if not arrived or arrival < self.profile.start:
            return None
        self.event("payout.paid", made["arrival_date"] + 7200, made)
        text = self.rng.choice([f"STRIPE {payout_id}", f"{made['statement_descriptor']} {trace}", f"STRIPE {trace}"])
        return Transfer(
            key=f"p-{payout_id}", account="main", booked_on=arrival, amount=amount, currency=self.profile.currency,
            name=self.rng.choice(["STRIPE PAYMENTS EUROPE LTD", "STRIPE PAYMENTS", "Stripe Technology Europe Ltd"]),
            iban=self.profile.stripe_sender, text=text, kind="payout", tags=["payout"], payout=payout_id,
            end_to_end_id=trace or "",
        )  # fmt: skip
