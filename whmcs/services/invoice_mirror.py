"""Writing pages of WHMCS's list of invoices, and single readings, into the mirror."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from tenants.nudging import nudge
from whmcs.clients.base import RemoteInvoice, RemoteInvoiceSummary
from whmcs.locks import lock_invoices
from whmcs.models import Client, Invoice, Posting, WhmcsInstance
from whmcs.services.mirroring import Reading, change, to_utc, write_invoices
from whmcs.services.posting import PAYABLE
from whmcs.services.transitions import IN_FLIGHT

# What the list tells of an invoice.
_LISTED = (
    *("client_id", "number", "currency", "issue_date", "due_date", "paid_at", "total", "credit", "status"),
    *("payment_method", "remote_updated_at"),
)
# A reading that began so shortly after a posting ended may, by another machine's clock, have begun before it.
_GATHERED_SECONDS = 3
_CLOCKS_DIFFER_BY = timedelta(minutes=2)


def write_page(
    instance: WhmcsInstance,
    summaries: Collection[RemoteInvoiceSummary],
    clients: Mapping[int, Client],
    *,
    read_at: datetime,
    is_first_load: bool,
) -> tuple[int, int]:
    """Store a page of the list and return how many invoices are new and how many changed.

    Shape: the list has neither balance nor lines, so what is open or changed is marked to be read alone; on the first
    load closed invoices are not, for there may be very many. Reservations are never touched.
    """
    rows = {row.whmcs_id: row for row in summaries if row.client_whmcs_id in clients}
    with transaction.atomic():
        ids = Invoice.objects.filter(instance=instance, whmcs_id__in=rows).values_list("pk", flat=True)
        held = {invoice.whmcs_id: invoice for invoice in lock_invoices(ids).values()}
        busy = _busy(held.values(), read_at)
        changed = []
        for whmcs_id, invoice in held.items():
            wanted = _values(rows[whmcs_id], clients, instance)
            if _differs(invoice, wanted) and invoice.synced_at <= read_at:
                if invoice.pk not in busy:
                    _apply(invoice, wanted, read_at)
                invoice.needs_reading = True
                changed.append(invoice)
        Invoice.objects.bulk_update(
            changed, [*_LISTED, "other_numbers", "balance", "needs_reading", "synced_at", "matched_at"]
        )
        new = [
            _new(instance, row, clients, read_at, is_first_load)
            for whmcs_id, row in sorted(rows.items())
            if whmcs_id not in held
        ]
        Invoice.objects.bulk_create(new, ignore_conflicts=True, batch_size=200)
        if new or changed:
            nudge("invoices", within_seconds=_GATHERED_SECONDS)
    return len(new), len(changed)


def write_reading(invoice_id: int, remote: RemoteInvoice, *, read_at: datetime) -> bool:
    """Store an invoice read alone; say whether it was, or left to the next run because a posting is under way."""
    return bool(write_readings({invoice_id: remote}, read_at=read_at))


def write_readings(remote: Mapping[int, RemoteInvoice], *, read_at: datetime) -> int:
    """Store invoices read alone, by primary key; return how many were, for some may wait for a posting under way."""
    with transaction.atomic():
        locked = lock_invoices(remote)
        busy = _busy(locked.values(), read_at)
        readings = [Reading(invoice, remote[pk], read_at) for pk, invoice in locked.items() if pk not in busy]
        if not readings:
            return 0
        nudge("invoices", within_seconds=_GATHERED_SECONDS)
        return write_invoices(readings[0].invoice.instance, readings)


def write_gone(invoice_id: int, *, read_at: datetime) -> None:
    """Keep an invoice that WHMCS has deleted, as cancelled and owing nothing."""
    with transaction.atomic():
        invoice = lock_invoices([invoice_id])[invoice_id]
        change(invoice, {"status": Invoice.Status.CANCELLED, "balance": Decimal(0)})
        invoice.needs_reading = False
        invoice.synced_at = invoice.read_at = read_at
        invoice.save()


def read_again(invoice_ids: Collection[int], *, read_before: datetime, limit: int) -> int:
    """Let invoices not read since `read_before` be read alone by the next run, the longest ago first; count them."""
    rows = Invoice.objects.filter(
        Q(read_at=None) | Q(read_at__lte=read_before), pk__in=invoice_ids, needs_reading=False, is_credit_account=False
    )
    oldest = rows.order_by(F("read_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit]
    return Invoice.objects.filter(pk__in=list(oldest)).update(needs_reading=True)


def _busy(invoices: Collection[Invoice], read_at: datetime) -> set[int]:
    """Return the invoices whose balance a posting is changing, or has changed just now: their readings may be stale."""
    in_flight = Q(state__in=IN_FLIGHT) | Q(state=Posting.State.POSTED, posted_at__gte=read_at - _CLOCKS_DIFFER_BY)
    found = Posting.objects.filter(in_flight, invoice__in=invoices, kind=Posting.Kind.POST)
    return set(found.values_list("invoice_id", flat=True))


def _values(row: RemoteInvoiceSummary, clients: Mapping[int, Client], instance: WhmcsInstance) -> dict[str, Any]:
    return {
        "client_id": clients[row.client_whmcs_id].pk,
        "number": row.number,
        "currency": row.currency,
        "issue_date": row.issue_date,
        "due_date": row.due_date,
        "paid_at": to_utc(row.paid_at, instance),
        "total": row.total,
        "credit": row.credit,
        "status": row.status,
        "payment_method": row.payment_method,
        "remote_updated_at": row.updated_at,
    }


def _differs(invoice: Invoice, wanted: Mapping[str, Any]) -> bool:
    return any(getattr(invoice, name) != value for name, value in wanted.items())


def _apply(invoice: Invoice, wanted: Mapping[str, Any], read_at: datetime) -> None:
    values = dict(wanted)
    if values["status"] not in PAYABLE:
        values["balance"] = Decimal(0)
    change(invoice, values)
    invoice.synced_at = read_at


def _new(
    instance: WhmcsInstance,
    row: RemoteInvoiceSummary,
    clients: Mapping[int, Client],
    read_at: datetime,
    is_first_load: bool,
) -> Invoice:
    is_open = row.status in PAYABLE
    return Invoice(
        instance=instance,
        whmcs_id=row.whmcs_id,
        balance=row.total if is_open else Decimal(0),
        needs_reading=is_open or not is_first_load,
        synced_at=read_at,
        **_values(row, clients, instance),
    )
