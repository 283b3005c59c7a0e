"""Rows to the core's values and back. Money becomes integer minor units here and nowhere else."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from banking.models import BankTransaction
from matching.core import types as core
from matching.core.book import Book
from matching.core.memory import Memory
from matching.core.rivals import Rival
from matching.models import PayerProfile
from payments.models import Payout, StripePayment
from payymo.shared.money import to_minor
from whmcs.models import Client, Invoice

REMEMBERED_DAYS = 400
"""Closed invoices stay known this long, so that a stale number in a payment is recognised."""

DEBT_STATUSES = ("Unpaid", "Collections", "Payment Pending")


def to_receipt(row: BankTransaction | StripePayment, *, rest_only: bool = False) -> core.Receipt:
    """Describe a payment for the engine; `rest_only` takes what is not allocated yet as its amount."""
    amount = row.unallocated if rest_only else row.amount
    if isinstance(row, BankTransaction):
        return core.Receipt(
            id=str(row.public_id),
            source=core.Source.BANK,
            booking_date=row.booking_date,
            amount_minor=to_minor(amount, row.currency),
            currency=row.currency,
            counterparty_name=row.counterparty_name,
            counterparty_account=row.counterparty_hash,
            remittance_information=row.remittance_information,
            structured_reference=row.structured_reference,
            end_to_end_id=row.end_to_end_id,
            bank_transaction_code=row.bank_transaction_code,
            instructed_amount_minor=_instructed(row),
            instructed_currency=row.original_currency,
        )
    return core.Receipt(
        id=str(row.public_id),
        source=core.Source.STRIPE_CHARGE,
        booking_date=row.charged_at.date(),
        amount_minor=to_minor(amount, row.currency),
        currency=row.currency,
        counterparty_name=row.name,
        counterparty_account=row.customer_id,
        email=row.email,
        description=row.description,
        metadata={str(key): str(value) for key, value in row.metadata.items()},
    )


def _instructed(row: BankTransaction) -> int | None:
    if row.original_amount is None or not row.original_currency:
        return None
    return to_minor(row.original_amount, row.original_currency)


def to_client(row: Client) -> core.Client:
    """Describe a client."""
    return core.Client(
        id=row.pk,
        first_name=row.first_name,
        last_name=row.last_name,
        company_name=row.company_name,
        email=row.email,
        country=row.country,
    )


def to_invoice(row: Invoice) -> core.OpenInvoice:
    """Describe a debt; what approved postings will bring counts as paid. Needs `lines` prefetched."""
    issued = row.issue_date or row.due_date or row.synced_at.date()
    # A balance that is not read yet proves no debt.
    is_open = row.status in DEBT_STATUSES and row.outstanding > 0 and not row.needs_reading
    return core.OpenInvoice(
        id=row.pk,
        client_id=row.client_id,
        numbers=tuple(dict.fromkeys(number for number in (row.number, str(row.whmcs_id)) if number)),
        currency=row.currency,
        outstanding_minor=to_minor(row.outstanding, row.currency) if is_open else 0,
        total_minor=to_minor(row.total, row.currency),
        issue_date=issued,
        due_date=row.due_date or issued,
        texts=tuple(line.description for line in row.lines.all()),
        gateway=row.payment_method,
        closed_on=row.paid_at.date() if row.paid_at else None,
    )


def to_payout(row: Payout, *, settled: bool = False) -> core.Payout:
    """Describe a payout; `settled` says that its way out was found on the bank account before."""
    return core.Payout(
        id=str(row.public_id),
        amount_minor=to_minor(row.amount, row.currency),
        currency=row.currency,
        arrival_date=row.arrival_date,
        statement_descriptor=row.statement_descriptor,
        trace_id=row.trace_id,
        reference=row.payout_id,
        returned=row.has_failed,
        settled=settled,
    )


def load_memory(profiles: Iterable[PayerProfile]) -> Memory:
    """Rebuild what decisions taught; of accepting and rejecting a client, what weighs more by now counts."""
    memory = Memory()
    counts = {
        PayerProfile.Kind.ACCOUNT: memory.accounts,
        PayerProfile.Kind.NAME: memory.names,
        PayerProfile.Kind.TEXT: memory.texts,
    }
    for profile in profiles:
        if profile.hits and not profile.is_blocked:
            kind = PayerProfile.Kind(profile.kind)
            counts[kind].add(profile.key, profile.client_id, profile.last_seen_date, profile.weight)
        if (told := profile.rejection()) is not None and profile.kind != PayerProfile.Kind.TEXT:
            memory.rejected_clients[(f"{profile.kind}:{profile.key}", profile.client_id)] = told
    return memory


def load_book(*, today: date) -> Book:
    """Read the clients, the debts of this tenant and what is remembered of payers, in four queries."""
    since = today - timedelta(days=REMEMBERED_DAYS)
    invoices = Invoice.objects.exclude(status="Draft").filter(is_mass_payment=False)
    wanted = invoices.filter(status__in=DEBT_STATUSES) | invoices.filter(issue_date__gte=since)
    rows = wanted.prefetch_related("lines").order_by("pk")
    clients = Client.objects.filter(invoices__in=wanted).distinct().order_by("pk")
    return Book(
        [to_client(client) for client in clients],
        [to_invoice(invoice) for invoice in rows.iterator(chunk_size=2000)],
        load_memory(PayerProfile.objects.order_by("pk").iterator()),
    )


def reason_to_json(reason: core.Reason) -> dict[str, Any]:
    """Write a reason for a proposal's row."""
    return {
        "code": str(reason.code),
        "agrees": str(reason.agrees),
        "weight": round(reason.weight, 4),
        "spans": [[span.field, span.start, span.end] for span in reason.spans],
        "values": dict(reason.values),
    }


def reason_from_json(data: Mapping[str, Any]) -> core.Reason:
    """Read what `reason_to_json` wrote."""
    return core.Reason(
        code=core.ReasonCode(data["code"]),
        agrees=core.Agreement(data["agrees"]),
        weight=float(data["weight"]),
        spans=tuple(core.Span(str(field), int(start), int(end)) for field, start, end in data["spans"]),
        values={str(key): str(value) for key, value in data["values"].items()},
    )


def rival_to_json(rival: Rival) -> dict[str, Any]:
    """Write what a candidate was measured against for its proposal's row."""
    return {
        "rank": rival.rank,
        "probability": rival.probability,
        "invoices": list(rival.invoice_ids),
        "behind": [[str(each.code), each.weight] for each in rival.behind],
    }


def rule_note_to_json(note: core.RuleNote) -> dict[str, Any]:
    """Write a rule that had a say for a proposal's row."""
    return {
        "id": note.rule_id,
        "name": note.name,
        "action": note.action,
        "spans": [[span.field, span.start, span.end] for span in note.spans],
    }
