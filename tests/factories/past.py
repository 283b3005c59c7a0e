"""A tenant's decided past in bulk: each client has old debts that are never paid, and pays this month's instead."""

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from banking.models import BankTransaction
from matching.models import Decision, InvoiceMatch
from tests.factories import rows
from whmcs.models import Invoice

NAMES = (
    "Adler", "Birke", "Coppola", "Dvorak", "Eriksen", "Farkas", "Grimm", "Hoffer", "Ivanov", "Jansen", "Kessler",
    "Lindqvist", "Moretti", "Novotny", "Ostrow", "Petrov", "Quist", "Rossi", "Svensson", "Tanaka", "Ulrich",
)  # fmt: skip
OLD = 4
START = date(2026, 1, 5)
NOW = datetime(2026, 12, 28, 9, 0, tzinfo=rows.NOW.tzinfo)


def decided_past(*, months=12, source="person", newest_first_until=12, probability=None):
    """Let 21 clients pay "hosting" each month; a person says it was the newest debt, later on the oldest open one.

    Shape: returns the bank transactions, oldest first. From month `newest_first_until` on people choose the oldest.
    """
    account = rows.account()
    payments = []
    clients = [rows.client(f"{name} {place}") for place, name in enumerate(NAMES)]
    old = {client.pk: [_invoice(client, START - timedelta(days=400 - k), k) for k in range(OLD)] for client in clients}
    new = {
        client.pk: [_invoice(client, _day(month, place), 100 + month) for month in range(months)]
        for place, client in enumerate(clients)
    }
    Invoice.objects.bulk_create(one for group in (old, new) for found in group.values() for one in found)
    for month in range(months):
        for place, client in enumerate(clients):
            is_newest = month < newest_first_until
            chosen = new[client.pk][month] if is_newest else old[client.pk][month - newest_first_until]
            payments.append(_payment(account, client, chosen, _day(month, place) + timedelta(days=6)))
    _decide(payments, source=source, probability=probability)
    return [payment for payment, _ in payments]


def _day(month, place):
    return START + timedelta(days=29 * month + place % 20)


def _invoice(client, issued, serial):
    price = Decimal("40.00") + client.pk % 100
    return Invoice(
        instance=client.instance, client=client, whmcs_id=client.pk * 1000 + serial, number=f"{client.pk}{serial:03d}",
        currency="EUR", total=price, balance=price, status="Unpaid", issue_date=issued,
        due_date=issued + timedelta(days=14), payment_method="banktransfer", synced_at=rows.NOW,
    )  # fmt: skip


def _payment(account, client, chosen, day):
    key = uuid.uuid4().hex
    payment = BankTransaction(
        account=account, identity=key, fingerprint=key, booking_date=day, amount=chosen.total, currency="EUR",
        counterparty_name=client.company_name, remittance_information="hosting", state="RECONCILED",
        allocated=chosen.total, proposed_at=rows.NOW,
    )  # fmt: skip
    return payment, chosen


def _decide(payments, *, source, probability):
    BankTransaction.objects.bulk_create([payment for payment, _ in payments])
    moments = [timezone.make_aware(datetime.combine(payment.booking_date, time(9))) for payment, _ in payments]
    decisions = Decision.objects.bulk_create(
        Decision(kind="APPROVE", source=source, bank_transaction=payment, decided_at=at, probability=probability)
        for (payment, _), at in zip(payments, moments, strict=True)
    )
    InvoiceMatch.objects.bulk_create(
        InvoiceMatch(
            invoice=chosen, amount=chosen.total, currency="EUR", decision=decision, allocated_at=at,
            bank_transaction=payment,
        )
        for (payment, chosen), decision, at in zip(payments, decisions, moments, strict=True)
    )  # fmt: skip


def undo_all():
    """Undo every decision, as the service does for one."""
    for decision in Decision.objects.all():
        undo = Decision.objects.create(
            kind="UNDO", source="person", bank_transaction=decision.bank_transaction, undoes=decision,
            decided_at=decision.decided_at,
        )  # fmt: skip
        for match in InvoiceMatch.objects.filter(decision=decision):
            InvoiceMatch.objects.create(
                invoice=match.invoice, amount=-match.amount, currency="EUR", decision=undo, reverses=match,
                allocated_at=match.allocated_at, bank_transaction=match.bank_transaction,
            )  # fmt: skip
    BankTransaction.objects.update(state="UNRECONCILED", allocated=0)
