"""Invoices: what each client was billed, and which of it is paid in which way."""

import random
from collections import Counter
from datetime import date, datetime, time, timedelta

from payymo.sandbox.generator import people
from payymo.sandbox.generator.model import Client, Invoice, Line, Plan
from payymo.sandbox.generator.profile import Profile

PRODUCTS = ["Web Hosting S", "Web Hosting M", "Web Hosting L", "Managed WordPress", "VPS 4", "VPS 8", "Mail Hosting"]
# Customers who wait are rare: most pay within two weeks.
DELAYS = [0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 18, 25]
# Shapes whose text does not name the invoice.
SILENT = {"no_reference", "standing_order", "domain_only", "client_number", "stale_number", "relative"}
FEE_COUNTRIES = ("CH", "CZ", "PL", "DK", "IE", "US", "IT")


def _lines(rng: random.Random, profile: Profile, client: Client, issued: date) -> list[Line]:
    until = issued + timedelta(days=30)
    lines = [
        Line(
            "Hosting",
            f"{rng.choice(PRODUCTS)} - {client.domain} ({issued:%d/%m/%Y} - {until:%d/%m/%Y})",
            rng.choice(profile.prices),
        )
    ]
    if rng.random() < 0.25:
        year = issued + timedelta(days=364)
        lines.append(
            Line("Domain", f"Domain Renewal - {client.domain} - 1 Year/s ({issued:%d/%m/%Y} - {year:%d/%m/%Y})", 1200)
        )
    if rng.random() < 0.12:
        lines.append(Line("Addon", f"Backup Plus - {client.domain}", rng.choice([190, 290, 490])))
    return lines


def invoice(rng: random.Random, profile: Profile, client: Client, issued: date) -> Invoice:
    """Return a new unpaid invoice; id and number follow once all are known."""
    lines = _lines(rng, profile, client, issued)
    subtotal = sum(line.amount for line in lines)
    tax = (subtotal * client.tax_rate + 50) // 100
    return Invoice(
        id=0,
        number="",
        client=client,
        issued=issued,
        due=issued + timedelta(days=14),
        lines=lines,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        method=client.gateway,
    )


def _issued(rng: random.Random, day: date) -> date:
    return day - timedelta(days=rng.choice(DELAYS))


def _payer(rng: random.Random, shape: str, payers: list[Client]) -> Client:
    if shape == "fx":
        payers = [one for one in payers if one.country == "US"]
    elif shape == "fee_short":
        payers = [one for one in payers if one.country in FEE_COUNTRIES and one.country != "US"]
    elif shape == "reseller":
        payers = [one for one in payers if one.reseller]
    elif shape == "relative":
        payers = [one for one in payers if not one.company_name and one.country != "US"]
    else:
        payers = [one for one in payers if one.country != "US"]
    return rng.choice(payers)


def _owed(
    rng: random.Random, profile: Profile, shape: str, client: Client, day: date, all_: list[Client]
) -> list[Invoice]:
    count = {"several": rng.choice([2, 2, 2, 3, 4]), "reseller": rng.choice([2, 3, 4, 5]), "mass_payment": 2}
    number = count.get(shape, 1)
    if shape == "reseller":
        owners = [client, *rng.sample([one for one in all_ if one.currency == client.currency], number - 1)]
    else:
        owners = [client] * number
    made = [invoice(rng, profile, owner, _issued(rng, day)) for owner in owners]
    if shape == "twins":
        twin = invoice(rng, profile, client, made[0].issued)
        twin.lines, twin.subtotal, twin.tax, twin.total = made[0].lines, made[0].subtotal, made[0].tax, made[0].total
        made.append(twin)
    if shape == "mass_payment":
        made.append(_combined(client, made, day))
    return made


def _combined(client: Client, parts: list[Invoice], day: date) -> Invoice:
    lines = [Line("Invoice", "Invoice", part.total, relates_to=part) for part in parts]
    total = sum(part.total for part in parts)
    return Invoice(
        id=0, number="", client=client, issued=day, due=day + timedelta(days=14), lines=lines,
        subtotal=total, tax=0, total=total,
    )  # fmt: skip


def transfers(rng: random.Random, profile: Profile, clients: list[Client]) -> list[Plan]:
    """Return every payment by transfer in day order, with the invoices that it settles."""
    payers = [one for one in clients if one.gateway == "banktransfer"]
    days = people.business_days(profile.start, profile.until)
    plans = []
    for shape, count in profile.shapes.items():
        for _index in range(count):
            day, client = rng.choice(days), _payer(rng, shape, payers)
            plan = Plan(shape, day, client, _owed(rng, profile, shape, client, day, payers))
            if shape == "stale_number":
                plan.history = invoice(rng, profile, client, profile.start - timedelta(days=rng.randint(12, 25)))
            plans.append(plan)
    for _index in range(profile.noise["pending"]):
        client = _payer(rng, "clear", payers)
        owed = [invoice(rng, profile, client, _issued(rng, profile.until))]
        plans.append(Plan("clear", profile.until, client, owed, pending=True))
    return sorted(plans, key=lambda plan: plan.day)


def _other(rng: random.Random, profile: Profile, clients: list[Client], status: str) -> Invoice:
    day = profile.until - timedelta(days=rng.randint(3, 40))
    made = invoice(rng, profile, rng.choice(clients), day)
    made.status = status
    if status == "Credit":
        made.status, made.credit = "Paid", made.total
        made.paid_at = datetime.combine(day, time(6, 5))
    elif status == "AddFunds":
        made.status = "Unpaid"
        amount = rng.choice([5000, 10000, 20000])
        made.lines = [Line("AddFunds", "Add Funds", amount)]
        made.subtotal, made.tax, made.total = amount, 0, amount
    elif status in ("Refunded", "Note"):
        made.paid_at = datetime.combine(day + timedelta(days=1), time(9, 30))
        # Closed by hand, which version 9 writes off with a credit note.
        made.status = "Paid" if status == "Note" else status
        made.notes = "Written off" if status == "Note" else ""
    return made


def tell_apart(rng: random.Random, plans: list[Plan], invoices: list[Invoice]) -> None:
    """Give each debt that is paid without a word about it an amount that its client owes once only.

    Otherwise the truth would be a guess: nobody could say which of two equal debts was meant.
    """
    owed = Counter((one.client.id, one.total) for one in invoices)
    for invoice in (plan.invoices[0] for plan in plans if plan.shape in SILENT):
        while owed[invoice.client.id, invoice.total] > 1:
            owed[invoice.client.id, invoice.total] -= 1
            extra = Line("Addon", f"Extra Storage - {invoice.client.domain}", rng.choice([150, 250, 350, 550, 750]))
            invoice.lines.append(extra)
            invoice.subtotal += extra.amount
            invoice.tax = (invoice.subtotal * invoice.client.tax_rate + 50) // 100
            invoice.total = invoice.subtotal + invoice.tax
            owed[invoice.client.id, invoice.total] += 1


def unpaid_and_odd(rng: random.Random, profile: Profile, clients: list[Client]) -> list[Invoice]:
    """Return the invoices that no payment of the month settles."""
    home = [one for one in clients if one.currency == profile.currency]
    made = []
    for index in range(profile.open_invoices):
        # One in five is overdue: reminders are part of a host's life.
        age = rng.randint(15, 45) if index % 5 == 0 else rng.randint(0, 13)
        made.append(invoice(rng, profile, rng.choice(home), profile.until - timedelta(days=age)))
    for status, count in profile.other_invoices.items():
        made += [_other(rng, profile, home, status) for _index in range(count)]
    return made


def number(profile: Profile, invoices: list[Invoice]) -> list[Invoice]:
    """Give ids and numbers in the order of issue and return the invoices so sorted."""
    ordered = sorted(invoices, key=lambda one: (one.issued, bool(one.lines[0].relates_to)))
    counters: dict[int, int] = {}
    for index, one in enumerate(ordered):
        year = one.issued.year
        # About as many a day before the month as within it.
        counters.setdefault(year, one.issued.timetuple().tm_yday * len(ordered) // 45)
        counters[year] += 1
        one.id = profile.first_invoice_id + index
        if profile.number_format and one.status != "Draft":
            one.number = profile.number_format.format(year=year, seq=counters[year])
    for one in ordered:
        for line in one.lines:
            if line.relates_to:
                line.description = f"Invoice #{line.relates_to.quoted}"
    return ordered


def number_paid(profile: Profile, invoices: list[Invoice]) -> None:
    """Number the paid invoices in the order of payment, for a site with sequential paid numbering."""
    if not profile.paid_number_format:
        return
    paid = sorted((one for one in invoices if one.paid_at and one.status in ("Paid", "Refunded")), key=_paid_order)
    for index, one in enumerate(paid):
        one.number = profile.paid_number_format.format(year=one.issued.year, seq=412 + index)


def _paid_order(one: Invoice) -> tuple[datetime, int]:
    assert one.paid_at is not None
    return one.paid_at, one.id
