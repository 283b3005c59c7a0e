"""Writing what WHMCS answered into the mirror, row by row, under the invoice's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from whmcs.clients.base import RemoteInvoice, RemoteTransaction
from whmcs.models import Invoice, InvoiceLine, WhmcsInstance, WhmcsTransaction

# A change of one of these is a reason for the matching engine to look again.
_MATTERS = frozenset(
    {
        "number",
        "other_numbers",
        "status",
        "total",
        "balance",
        "credit",
        "due_date",
        "issue_date",
        "currency",
        "client_id",
    }
)
MASS_PAYMENT_LINE = "Invoice"
_MOST_NUMBERS = 20
_DAYS = {
    "DD/MM/YYYY": "%d/%m/%Y", "DD.MM.YYYY": "%d.%m.%Y", "DD-MM-YYYY": "%d-%m-%Y", "MM/DD/YYYY": "%m/%d/%Y",
    "YYYY/MM/DD": "%Y/%m/%d", "YYYY-MM-DD": "%Y-%m-%d",
}  # fmt: skip
_WRITTEN = (
    *("number", "issue_date", "due_date", "paid_at", "total", "credit", "balance", "status", "payment_method"),
    *("is_mass_payment", "other_numbers", "synced_at", "read_at", "needs_reading", "matched_at"),
)


def to_utc(local: datetime | None, instance: WhmcsInstance) -> datetime | None:
    """Turn WHMCS's local time, which has no zone, into UTC."""
    return local and (local - timedelta(seconds=instance.clock_offset_seconds)).replace(tzinfo=UTC)


def to_local(moment: datetime, instance: WhmcsInstance) -> datetime:
    """Turn a moment into WHMCS's local time. Midnight UTC stands for a day without a time, and stays that day."""
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    is_a_day = (naive.hour, naive.minute, naive.second, naive.microsecond) == (0, 0, 0, 0)
    return naive if is_a_day else naive + timedelta(seconds=instance.clock_offset_seconds)


def local_day(moment: datetime, instance: WhmcsInstance) -> str:
    """Write a day as AddTransaction wants it, in the installation's own format; empty where that is not known."""
    pattern = _DAYS.get(instance.found.get("date_format", ""), "")
    return to_local(moment, instance).strftime(pattern) if pattern else ""


def change(invoice: Invoice, values: dict[str, Any]) -> bool:
    """Set the values on the row without saving it; let the engine look again if one that matters is new."""
    changed = {name for name, value in values.items() if getattr(invoice, name) != value}
    if "number" in changed and invoice.number:
        # A proforma is paid under the number that it was sent with, also after WHMCS has given it another one.
        invoice.other_numbers = with_numbers(invoice.other_numbers, [invoice.number])
    for name in changed:
        setattr(invoice, name, values[name])
    if changed & _MATTERS:
        invoice.matched_at = None
    return bool(changed)


def with_numbers(held: Sequence[str], more: Sequence[str]) -> list[str]:
    """Add numbers to the other numbers of an invoice, each once; the oldest go when there are too many."""
    return list(dict.fromkeys([*held, *more]))[-_MOST_NUMBERS:]


@dataclass(frozen=True, slots=True)
class Reading:
    """An invoice locked by the caller, what WHMCS answered about it, and when that reading began."""

    invoice: Invoice
    remote: RemoteInvoice
    read_at: datetime


def write_invoice(invoice: Invoice, remote: RemoteInvoice, *, read_at: datetime, is_newest: bool = False) -> bool:
    """Write one reading; say whether it was written."""
    return bool(write_invoices(invoice.instance, [Reading(invoice, remote, read_at)], is_newest=is_newest))


def write_invoices(instance: WhmcsInstance, readings: Sequence[Reading], *, is_newest: bool = False) -> int:
    """Bring locked invoices, their lines and their bookings to what was read; return how many were written.

    Shape: a fixed number of queries for any number of readings. A reading that began before the one already shown is
    dropped, since the row knows more; `is_newest` says that the caller kept others from writing meanwhile.
    """
    bookings = tuple(row for one in readings for row in one.remote.transactions)
    if bookings:
        store_transactions(instance, bookings, {one.remote.whmcs_id: one.invoice.pk for one in readings})
    kept = [one for one in readings if is_newest or one.read_at >= one.invoice.synced_at]
    with_new_lines = _write_lines(kept)
    for one in kept:
        invoice = one.invoice
        change(invoice, _shown(one.remote, instance))
        # While it waited to be read, the engine was not shown it.
        if invoice.pk in with_new_lines or invoice.needs_reading:
            invoice.matched_at = None
        invoice.synced_at = invoice.read_at = one.read_at
        invoice.needs_reading = False
    Invoice.objects.bulk_update([one.invoice for one in kept], _WRITTEN, batch_size=100)
    return len(kept)


def _shown(remote: RemoteInvoice, instance: WhmcsInstance) -> dict[str, Any]:
    return {
        "number": remote.number,
        "issue_date": remote.issue_date,
        "due_date": remote.due_date,
        "paid_at": to_utc(remote.paid_at, instance),
        "total": remote.total,
        "credit": remote.credit,
        "balance": remote.balance,
        "status": remote.status,
        "payment_method": remote.payment_method,
        "is_mass_payment": any(line.kind == MASS_PAYMENT_LINE for line in remote.lines),
    }


def _write_lines(readings: Sequence[Reading]) -> set[int]:
    """Replace the lines that differ; return the invoices of which any did."""
    held: dict[int, dict[int, tuple[Any, ...]]] = {one.invoice.pk: {} for one in readings}
    for row in InvoiceLine.objects.filter(invoice__in=held):
        held[row.invoice_id][row.whmcs_id] = (row.kind, row.related_id, row.description, row.amount)
    wanted = {
        one.invoice.pk: {
            row.whmcs_id: (row.kind, row.related_id, row.description, row.amount) for row in one.remote.lines
        }
        for one in readings
    }
    changed = {pk for pk, lines in wanted.items() if lines != held[pk]}
    gone = Q()
    for pk in changed:
        old = [whmcs_id for whmcs_id, values in held[pk].items() if wanted[pk].get(whmcs_id) != values]
        if old:
            gone |= Q(invoice=pk, whmcs_id__in=old)
    if gone:
        InvoiceLine.objects.filter(gone).delete()
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice_id=pk, whmcs_id=whmcs_id, kind=kind, related_id=related, description=text, amount=amount)
        for pk in sorted(changed)
        for whmcs_id, (kind, related, text, amount) in wanted[pk].items()
        if held[pk].get(whmcs_id) != (kind, related, text, amount)
    )
    return changed


def store_transactions(
    instance: WhmcsInstance, remote: tuple[RemoteTransaction, ...], invoices: dict[int, int]
) -> list[WhmcsTransaction]:
    """Store bookings once by WHMCS's id, in any order and as often as they come.

    Shape: `invoices` maps WHMCS's invoice ids to primary keys; a booking of another invoice is stored without one.
    """
    rows = [
        WhmcsTransaction(
            instance=instance,
            whmcs_id=row.whmcs_id,
            invoice_id=invoices.get(row.invoice_whmcs_id),
            client_whmcs_id=row.client_whmcs_id,
            gateway=row.gateway,
            booked_at=row.booked_at,
            amount_in=row.amount_in,
            fees=row.fees,
            amount_out=row.amount_out,
            transaction_id=row.transaction_id,
            refunds_whmcs_id=row.refunds_whmcs_id,
        )
        for row in sorted({row.whmcs_id: row for row in remote}.values(), key=lambda row: row.whmcs_id)
    ]
    facts = ["client_whmcs_id", "gateway", "booked_at", "amount_in", "fees", "amount_out", "transaction_id"]
    return WhmcsTransaction.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["instance", "whmcs_id"],
        update_fields=["invoice", *facts, "refunds_whmcs_id"],
        batch_size=500,
    )
