"""Customer payments on the bank account: amount, payer and truth of each planned payment."""

import random
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from payymo.sandbox.generator import iban, people, references
from payymo.sandbox.generator.model import Invoice, Plan, Transfer
from payymo.sandbox.generator.profile import Profile

FEES = [150, 500, 750, 1000]


def _base(rng: random.Random, profile: Profile, plan: Plan, key: str) -> Transfer:
    transfer = Transfer(
        key=key,
        account="main",
        booked_on=plan.day,
        amount=sum(one.total for one in plan.invoices),
        currency=profile.currency,
        name=plan.client.payer_name,
        iban=plan.client.payer_iban,
        text=references.text(rng, plan),
        kind="payment",
        status="pending" if plan.pending else "booked",
        code="PMNT-RCDT-STDO" if plan.shape == "standing_order" else "PMNT-RCDT-ESCT",
        allocations=[(one.id, one.total) for one in plan.invoices],
        tags=[plan.shape],
    )
    transfer.end_to_end_id = rng.choice(["", "NOTPROVIDED", "NOTPROVIDED", f"{rng.randint(10**9, 10**10)}"])
    return transfer


def _part(rng: random.Random, transfer: Transfer, invoice: Invoice) -> None:
    share = rng.choice([50, 50, 40, 75])
    transfer.amount = max(100, invoice.total * share // 100)
    transfer.allocations = [(invoice.id, transfer.amount)]


def _over(rng: random.Random, transfer: Transfer, invoice: Invoice) -> None:
    rounded = -(-invoice.total // 500) * 500
    transfer.amount = rounded if rounded > invoice.total else invoice.total + rng.choice([100, 500, 1000])


def _short_of_fee(rng: random.Random, transfer: Transfer, invoice: Invoice) -> None:
    fee = rng.choice([one for one in FEES if one < invoice.total // 2] or [100])
    transfer.amount = invoice.total - fee
    transfer.allocations = [(invoice.id, transfer.amount)]
    transfer.info = rng.choice(["", "SHA", "Charges SHA"])


def _exchanged(rng: random.Random, profile: Profile, transfer: Transfer, invoice: Invoice) -> None:
    moved = Decimal(profile.foreign_rate) * (Decimal(1) + Decimal(rng.randint(-150, 150)) / 10000)
    rate = moved.quantize(Decimal("0.00001"))
    transfer.amount = int((invoice.total * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    transfer.instructed = (invoice.total, profile.foreign_currency, str(rate))


def _from_relative(rng: random.Random, plan: Plan, transfer: Transfer) -> None:
    transfer.name = people.bank_name(rng, people.relative(rng, plan.client))
    transfer.iban = iban.invent(rng, plan.client.country)


def _shape(rng: random.Random, profile: Profile, plan: Plan, transfer: Transfer) -> None:
    invoice = plan.invoices[0]
    match plan.shape:
        case "part_payment":
            _part(rng, transfer, invoice)
        case "over_payment":
            _over(rng, transfer, invoice)
        case "fee_short":
            _short_of_fee(rng, transfer, invoice)
        case "fx":
            _exchanged(rng, profile, transfer, invoice)
        case "relative":
            _from_relative(rng, plan, transfer)
        case "creditor_reference":
            transfer.structured = iban.creditor_reference(references.sequence(invoice.quoted).zfill(6))
        case "mass_payment":
            combined = plan.invoices[-1]
            transfer.amount, transfer.allocations = combined.total, [(combined.id, combined.total)]


def _second(rng: random.Random, profile: Profile, plan: Plan, first: Transfer) -> Transfer | None:
    """Return the other transfer of a pair: the same debt paid again, or the twin of the same day."""
    if plan.shape not in ("paid_twice", "twins"):
        return None
    again = _base(rng, profile, plan, f"{first.key}b")
    again.text, again.name, again.end_to_end_id = first.text, first.name, first.end_to_end_id
    if plan.shape == "twins":
        first.amount = again.amount = plan.invoices[0].total
        older, newer = sorted(plan.invoices, key=lambda one: one.id)
        first.allocations, again.allocations = [(older.id, older.total)], [(newer.id, newer.total)]
        return again
    again.booked_on = min(profile.until, people.business_day(plan.day + timedelta(days=rng.choice([1, 2, 4]))))
    again.kind, again.allocations = "duplicate", []
    return again


def realise(rng: random.Random, profile: Profile, plans: list[Plan]) -> list[Transfer]:
    """Return the transfers of the planned payments in the order of the plans."""
    made = []
    for index, plan in enumerate(plans):
        transfer = _base(rng, profile, plan, f"c{index:05d}")
        _shape(rng, profile, plan, transfer)
        second = _second(rng, profile, plan, transfer)
        made += [transfer, second] if second else [transfer]
    return made


def redelivered(rng: random.Random, profile: Profile, transfers: list[Transfer]) -> list[Transfer]:
    """Return entries that the feed delivers again under another internal id, though the bank booked them once."""
    settled = [one for one in transfers if one.kind == "payment" and one.status == "booked" and "twins" not in one.tags]
    made = []
    for original in rng.sample(settled, profile.noise["redelivered"]):
        again = Transfer(
            key=f"{original.key}r", account=original.account, booked_on=original.booked_on, amount=original.amount,
            currency=original.currency, name=original.name, iban=original.iban, text=original.text, kind="redelivered",
            structured=original.structured, end_to_end_id=original.end_to_end_id, code=original.code,
            tags=["redelivered"], repeats=original.key,
        )  # fmt: skip
        made.append(again)
    return made
