"""Rows to the core's values and back. Money becomes integer minor units here and nowhere else."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from banking.models import BankTransaction
from matching.core import types as core
from matching.core.memory import Counts, Memory
from matching.core.rivals import Rival
from matching.models import PayerProfile
from payments.models import Payout, StripePayment
from payymo.shared.money import UnreadableAmount, to_minor
from whmcs.models import Client, Invoice

REMEMBERED_DAYS = 400
"""Closed invoices stay known this long, so that a stale number in a payment is recognised."""

CLIENT_COLUMNS = ("pk", "whmcs_id", "first_name", "last_name", "company_name", "email", "country")
INVOICE_COLUMNS = (
    "pk", "client_id", "number", "whmcs_id", "currency", "balance", "reserved", "total", "status", "needs_reading",
    "issue_date", "due_date", "paid_at", "synced_at", "payment_method", "instance_id",
    "other_numbers",
)  # fmt: skip


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


def client_of(row: tuple[Any, ...]) -> core.Client:
    """Describe a client from the values of `CLIENT_COLUMNS`; its number is the one that WHMCS shows."""
    key, whmcs_id, first_name, last_name, company_name, email, country = row
    return core.Client(key, first_name, last_name, company_name, email, country, str(whmcs_id))


def invoice_of(row: tuple[Any, ...]) -> core.OpenInvoice:
    """Describe a debt from the values of `INVOICE_COLUMNS`; what approved postings will bring counts as paid."""
    (
        key, client_id, number, whmcs_id, currency, balance, reserved, total, status, needs_reading,
        issue_date, due_date, paid_at, synced_at, gateway, instance_id, others,
    ) = row  # fmt: skip
    issued = issue_date or due_date or synced_at.date()
    owed = balance - reserved
    # A balance that is not read yet, or that its currency cannot hold, proves no debt.
    is_open = status in Invoice.OPEN and owed > 0 and not needs_reading
    try:
        outstanding, whole = to_minor(owed, currency) if is_open else 0, to_minor(total, currency)
    except UnreadableAmount:
        outstanding = whole = 0
    return core.OpenInvoice(
        id=key,
        client_id=client_id,
        numbers=numbers_of(number, whmcs_id, others),
        currency=currency,
        outstanding_minor=outstanding,
        total_minor=whole,
        issue_date=issued,
        due_date=due_date or issued,
        gateway=gateway,
        closed_on=paid_at.date() if paid_at else None,
        issuer=instance_id,
    )


def to_client(row: Client) -> core.Client:
    """Describe a client."""
    return client_of(tuple(getattr(row, name) for name in CLIENT_COLUMNS))


def to_invoice(row: Invoice) -> core.OpenInvoice:
    """Describe a debt with the texts of its lines. Needs `lines` prefetched."""
    invoice = invoice_of(tuple(getattr(row, name) for name in INVOICE_COLUMNS))
    return replace(invoice, texts=tuple(line.description for line in row.lines.all()))


def numbers_of(number: str, whmcs_id: int, others: Iterable[str] = ()) -> tuple[str, ...]:
    """Every number of an invoice, the one that customers see first and the id last."""
    identity = str(whmcs_id)
    first = number or identity
    between = [one for one in dict.fromkeys(others) if one not in (first, identity)]
    return (first, *between, identity) if between or first != identity else (identity,)


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
        processor=row.gateway.upper(),
    )


def load_memory(profiles: Iterable[PayerProfile]) -> Memory:
    """Rebuild what decisions taught; of accepting and rejecting a client, what weighs more by now counts."""
    memory = Memory()
    load_profiles(memory, profiles)
    return memory


def load_profiles(memory: Memory, profiles: Iterable[PayerProfile]) -> set[int]:
    """Put what decisions taught into the memory; return the clients that it is about.

    Shape: all profiles of a key come together; they replace what was known under it.
    """
    rows: dict[tuple[str, str], dict[int, list[float]]] = {}
    clients: set[int] = set()
    for profile in profiles:
        clients.add(profile.client_id)
        if profile.hits and not profile.is_blocked:
            row = rows.setdefault((profile.kind, profile.key), {})
            row[profile.client_id] = [float(profile.weight), float(profile.last_seen_date.toordinal())]
        if (told := profile.rejection()) is not None and profile.kind != PayerProfile.Kind.TEXT:
            memory.rejected_clients[f"{profile.kind}:{profile.key}", profile.client_id] = told
    kinds: dict[str, Counts] = {
        PayerProfile.Kind.ACCOUNT: memory.accounts,
        PayerProfile.Kind.NAME: memory.names,
        PayerProfile.Kind.TEXT: memory.texts,
    }
    for (kind, key), row in rows.items():
        kinds[kind].load(key, row)
    return clients


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
