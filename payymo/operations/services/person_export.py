"""What a person is told when they ask what is stored about them."""

from datetime import datetime
from typing import Any

from banking.models import BankTransaction
from matching.models import InvoiceMatch, StripeInvoiceMatch
from payments.models import StripePayment
from payymo.audit.services import recording as audit
from payymo.operations.services.persons import Person, find
from payymo.shared.crypto import UnreadableSecret
from tenants import context, sealing
from whmcs.models import Client, Invoice


def export(*, person: Person, now: datetime) -> dict[str, Any]:
    """Return everything that is stored about the person, as plain values; the asking is recorded.

    Raises: TooMuchFound.
    """
    found = find(person)
    told = {
        "company": context.current().name,
        "exported_at": now.isoformat(),
        "clients": [_client(row) for row in Client.objects.filter(pk__in=found.clients).order_by("pk")],
        "bank_transactions": _transactions(found.transactions),
        "card_payments": _charges(found.charges),
    }
    counts = {name: len(told[name]) for name in ("clients", "bank_transactions", "card_payments")}
    audit.record(action="person.exported", details=counts)
    return told


def _client(row: Client) -> dict[str, Any]:
    invoices = Invoice.objects.filter(client=row).order_by("pk").prefetch_related("lines")
    return {
        "client_number": row.whmcs_id, "first_name": row.first_name, "last_name": row.last_name,
        "company_name": row.company_name, "email": row.email, "country": row.country,
        "invoices": [
            {
                "number": one.display_number, "issued": _day(one.issue_date), "total": str(one.total),
                "currency": one.currency, "status": one.status, "lines": [line.description for line in one.lines.all()],
            }
            for one in invoices
        ],
    }  # fmt: skip


def _transactions(ids: list[int]) -> list[dict[str, Any]]:
    key = sealing.data_key()
    used = _invoices_of(InvoiceMatch, "bank_transaction_id", ids)
    rows = BankTransaction.objects.filter(pk__in=ids).order_by("pk")
    return [
        {
            "booked": _day(row.booking_date), "amount": str(row.amount), "currency": row.currency,
            "payer_or_payee": row.counterparty_name, "account_number": _opened(row, key),
            "text": row.remittance_information, "reference": row.structured_reference,
            "end_to_end_id": row.end_to_end_id, "used_for_invoices": used.get(row.pk, []),
        }
        for row in rows
    ]  # fmt: skip


def _opened(row: BankTransaction, key: sealing.TenantKeys) -> str:
    try:
        return sealing.unseal(row, "counterparty_iban_sealed", key=key)
    except UnreadableSecret:
        return f"… {row.counterparty_last4} (cannot be opened now)"


def _charges(ids: list[int]) -> list[dict[str, Any]]:
    used = _invoices_of(StripeInvoiceMatch, "stripe_payment_id", ids)
    return [
        {
            "charged": row.charged_at.isoformat(), "amount": str(row.amount), "currency": row.currency,
            "name": row.name, "email": row.email, "description": row.description, "metadata": row.metadata,
            "stripe_id": row.charge_id, "used_for_invoices": used.get(row.pk, []),
        }
        for row in StripePayment.objects.filter(pk__in=ids).order_by("pk")
    ]  # fmt: skip


def _invoices_of(model: Any, column: str, ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = model.objects.filter(**{f"{column}__in": ids}).select_related("invoice").order_by("pk")
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row.invoice.display_number)
    return found


def _day(day: Any) -> str:
    return day.isoformat() if day else ""
