"""A made-up host with clients, invoices, payers and payments of every kind the engine looks for; the same each time."""

import random
from datetime import timedelta
from decimal import Decimal

from matching.models import PayerProfile
from tests.factories import rows
from whmcs.models import Client

_FIRST = ("Anna", "Jürgen", "Siobhán", "Łukasz", "Marek", "Lucie", "Thomas", "Zoë")
_LAST = ("Müller", "Kowalska", "O'Connor", "Novák", "Bernard", "Winworth", "Kowalski", "Mueller-Lüdenscheidt")
_COMPANY = ("", "", "Kowalska Bau GmbH", "Atelier Bernard SARL", "Müller & Söhne KG", "Northwind Ltd", "Bau Service AG")
_PRICES = ("9.99", "11.90", "49.00", "119.00", "23.80", "5.83")
_STYLES = ("INV-{year}-{count:05}", "{year}{count:05}", "RE{count:04}", "")


def make_host(seed: int, *, clients: int = 30, invoices: int = 200) -> random.Random:
    """Store the host's clients, invoices and known payers; return the source of chance for `make_payments`."""
    chance = random.Random(seed)
    people = [
        rows.client(
            chance.choice(_COMPANY),
            first_name=chance.choice(_FIRST),
            last_name=chance.choice(_LAST),
            email=f"mail{number % 25}@Client{number}.example",
            whmcs_id=seed * 1000 + number,
        )
        for number in range(1, clients + 1)
    ]
    style = chance.choice(_STYLES)
    for count in range(1, invoices + 1):
        issued = rows.TODAY - timedelta(days=chance.randrange(500))
        price = Decimal(chance.choice(_PRICES))
        status = chance.choices(("Unpaid", "Paid", "Collections", "Draft", "Cancelled"), (5, 8, 1, 1, 1))[0]
        due = price if status in ("Unpaid", "Collections") else Decimal(0)
        owner = chance.choice(people)
        rows.invoice(
            style.format(year=issued.year, count=count),
            chance.choice((due, due, due / 2)) if due else "0",
            of=owner,
            status=status,
            total=price,
            issue_date=issued,
            due_date=issued + timedelta(days=14),
            text=f"Web hosting - shop-{owner.last_name.split('-')[0].lower()}{owner.pk % 7}.example.com (1 year)",
            whmcs_id=seed * 100_000 + count,
            currency="EUR" if chance.random() < 0.9 else "USD",
            needs_reading=chance.random() < 0.03,
            paid_at=rows.NOW - timedelta(days=chance.randrange(500)) if status == "Paid" else None,
        )
    _know_payers(chance, people)
    return chance


def _know_payers(chance: random.Random, people: list[Client]) -> None:
    seen = {"last_seen_date": rows.TODAY - timedelta(days=30)}
    for number in range(12):
        for client in chance.sample(people, chance.choice((1, 1, 2, 4))):
            for kind, key in (("account", f"account-{number}"), ("name", f"PAYER{number}")):
                times, refused = chance.randrange(4), chance.randrange(3)
                PayerProfile.objects.create(
                    kind=kind,
                    key=key,
                    client=client,
                    hits=times,
                    weight=times,
                    rejections=refused,
                    rejected_weight=refused,
                    rejected_date=rows.TODAY if refused else None,
                    **seen,
                )


def make_payments(chance: random.Random, count: int):
    """Store payments that name invoices, clients and payers whole, damaged, cut off or not at all."""
    from whmcs.models import Invoice

    debts = list(Invoice.objects.select_related("client").order_by("pk"))
    return [_payment(chance, chance.choice(debts), place) for place in range(count)]


def _payment(chance, debt, place):
    owner = debt.client
    name = chance.choice((owner.company_name, f"{owner.last_name} {owner.first_name}", f"Payer{place % 14}", ""))
    amount = chance.choice((debt.balance, debt.total, debt.total + 3, debt.total * 2, debt.total / 2)) or debt.total
    if chance.random() < 0.3:
        return rows.charge(
            amount.quantize(Decimal("0.01")),
            name=name,
            email=owner.email if chance.random() < 0.5 else "",
            customer_id=f"account-{place % 14}",
            description=f"Invoice {debt.display_number}",
            metadata=chance.choice(({}, {"invoice_id": str(debt.whmcs_id)}, {"client_id": str(owner.whmcs_id)})),
            currency=debt.currency,
        )
    return rows.transfer(
        _text(chance, debt),
        amount.quantize(Decimal("0.01")),
        name=_hurt(chance, name.upper()) if chance.random() < 0.5 else name,
        counterparty_hash=f"account-{place % 14}" if chance.random() < 0.6 else "",
        currency=debt.currency,
        booking_date=rows.TODAY - timedelta(days=chance.randrange(20)),
    )


def _text(chance, debt):
    number, client = debt.display_number, debt.client
    stem = client.last_name.split("-")[0].lower()
    return chance.choice(
        (
            f"Invoice {number}",
            f"Invoice {_hurt(chance, number)} thanks",
            f"Rechnung {number[-4:]}",
            f"Hosting invoices {number}/{str(debt.whmcs_id + 1)[-2:]}",
            f"Customer no. {client.whmcs_id}",
            f"shop-{stem}{client.pk % 7}.example.com",
            f"hosting for the web shop-{stem}"[:28],
            f"{client.first_name} {client.last_name} hosting",
            f"payment of invoice {number}"[:25],
            "hosting",
            "",
        )
    )


def _hurt(chance, text):
    if not text:
        return text
    place = chance.randrange(len(text))
    change = chance.choice(("", text[place] * 2, chance.choice("0123456789ABC")))
    return text[:place] + change + text[place + 1 :]
