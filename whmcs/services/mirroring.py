"""Writing what WHMCS answered into the mirror, row by row, under the invoice's lock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from whmcs.clients.base import RemoteInvoice, RemoteLine, RemoteTransaction
from whmcs.models import Invoice, InvoiceLine, WhmcsInstance, WhmcsTransaction

# A change of one of these is a reason for the matching engine to look again.
_MATTERS = frozenset(
    {"number", "status", "total", "balance", "credit", "due_date", "issue_date", "currency", "client_id"}
)
MASS_PAYMENT_LINE = "Invoice"


def to_utc(local: datetime | None, instance: WhmcsInstance) -> datetime | None:
    """Turn WHMCS's local time, which has no zone, into UTC."""
    return local and (local - timedelta(seconds=instance.clock_offset_seconds)).replace(tzinfo=UTC)


def to_local(moment: datetime, instance: WhmcsInstance) -> datetime:
    """Turn a moment into WHMCS's local time. Midnight UTC stands for a day without a time, and stays that day."""
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    is_a_day = (naive.hour, naive.minute, naive.second, naive.microsecond) == (0, 0, 0, 0)
    return naive if is_a_day else naive + timedelta(seconds=instance.clock_offset_seconds)


def change(invoice: Invoice, values: dict[str, Any]) -> bool:
    """Set the values on the row without saving it; let the engine look again if one that matters is new."""
    changed = {name for name, value in values.items() if getattr(invoice, name) != value}
    for name in changed:
        setattr(invoice, name, values[name])
    if changed & _MATTERS:
        invoice.matched_at = None
    return bool(changed)


def write_invoice(invoice: Invoice, remote: RemoteInvoice, *, read_at: datetime, is_newest: bool = False) -> bool:
    """Bring a locked invoice, its lines and its bookings to what was read; say whether it was written.

    Shape: a reading that began before the one already shown is dropped, since the row knows more; `is_newest` says
    that the caller kept others from writing meanwhile.
    """
    store_transactions(invoice.instance, remote.transactions, {invoice.whmcs_id: invoice.pk})
    if read_at < invoice.synced_at and not is_newest:
        return False
    values = {
        "number": remote.number,
        "issue_date": remote.issue_date,
        "due_date": remote.due_date,
        "paid_at": to_utc(remote.paid_at, invoice.instance),
        "total": remote.total,
        "credit": remote.credit,
        "balance": remote.balance,
        "status": remote.status,
        "payment_method": remote.payment_method,
        "is_mass_payment": any(line.kind == MASS_PAYMENT_LINE for line in remote.lines),
    }
    change(invoice, values)
    # While it waited to be read, the engine was not shown it.
    if _write_lines(invoice, remote.lines) or invoice.needs_reading:
        invoice.matched_at = None
    invoice.synced_at = invoice.read_at = read_at
    invoice.needs_reading = False
    invoice.save(update_fields=[*values, "synced_at", "read_at", "needs_reading", "matched_at"])
    return True


def _write_lines(invoice: Invoice, lines: tuple[RemoteLine, ...]) -> bool:
    """Replace what differs; say whether anything did."""
    wanted = {line.whmcs_id: (line.kind, line.related_id, line.description, line.amount) for line in lines}
    held = {
        row.whmcs_id: (row.kind, row.related_id, row.description, row.amount)
        for row in InvoiceLine.objects.filter(invoice=invoice)
    }
    if wanted == held:
        return False
    gone = [whmcs_id for whmcs_id, values in held.items() if wanted.get(whmcs_id) != values]
    InvoiceLine.objects.filter(invoice=invoice, whmcs_id__in=gone).delete()
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, whmcs_id=whmcs_id, kind=kind, related_id=related, description=text, amount=amount)
        for whmcs_id, (kind, related, text, amount) in wanted.items()
        if held.get(whmcs_id) != (kind, related, text, amount)
    )
    return True


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
