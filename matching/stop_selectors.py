"""Whose service WHMCS stops next although their payment waits here for a person. Nothing here writes.

WHMCS tells after how many days it stops a service; the day follows from the due date of the invoice that renews it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from matching import queue_selectors
from matching.models import Proposal, ProposalLine
from whmcs.models import Invoice, InvoiceLine, Order, WhmcsInstance

AHEAD, BEHIND = timedelta(days=14), timedelta(days=3)
_MOST_INSTALLATIONS = 20
# What WHMCS stops: services and their addons, not domains.
_STOPPED = ("Hosting", "Addon")
# What such an order brought is not running yet.
_NOT_RUNNING = ("Pending", "Cancelled", "Fraud")


@dataclass(frozen=True, slots=True)
class Stop:
    """The best suggestion of a payment, the invoice of it that a service hangs on, and the day it is to stop."""

    proposal: Proposal
    invoice: Invoice
    day: date


def stopping_soon(*, on: date, limit: int) -> list[Stop] | None:
    """Return the waiting payments whose likely client's service stops within two weeks, the soonest first.

    Shape: at most `limit`; where there is room, those of the last three days, a weekend, follow. None where no
    installation tells when it stops any. The same number of queries however many wait.
    """
    telling = WhmcsInstance.objects.filter(state=WhmcsInstance.State.ACTIVE, suspends_after_days__isnull=False)
    days = dict(telling.order_by("pk").values_list("pk", "suspends_after_days")[:_MOST_INSTALLATIONS])
    if not days:
        return None
    windows = ((on, on + AHEAD), (on - BEHIND, on - timedelta(days=1)))
    first, *others = [_of_instance(pk, after, window, on, limit) for pk, after in days.items() for window in windows]
    found = dict(first.union(*others, all=True).values_list("pk", "stops_with"))
    invoices = Invoice.objects.select_related("client").in_bulk(found.values())
    rows = Proposal.objects.filter(pk__in=found).select_related(*queue_selectors.WITH_RECEIPT)
    stops = [Stop(row, invoice := invoices[found[row.pk]], _day_of(invoice, days)) for row in rows]
    return sorted(stops, key=lambda stop: (stop.day < on, stop.day, stop.proposal.pk))[:limit]


def stops_of(invoices: Iterable[Invoice], *, on: date) -> dict[int, date]:
    """Return the day on which a service stops with each of these invoices, by primary key, where one is near.

    Shape: instance and lines are loaded; one query, or none where no invoice can stop anything.
    """
    days: dict[int, date] = {}
    for invoice in invoices:
        after = invoice.instance.suspends_after_days
        is_alive = invoice.instance.state == WhmcsInstance.State.ACTIVE and invoice.status == Invoice.Status.UNPAID
        if not is_alive or after is None or invoice.due_date is None:
            continue
        day = invoice.due_date + timedelta(days=after)
        if on - BEHIND <= day <= on + AHEAD and any(line.kind in _STOPPED for line in invoice.lines.all()):
            days[invoice.pk] = day
    if not days:
        return days
    order = Order.objects.filter(
        instance=OuterRef("instance"), invoice_whmcs_id=OuterRef("whmcs_id"), status__in=_NOT_RUNNING
    )
    running = set(Invoice.objects.filter(~Exists(order), pk__in=days).values_list("pk", flat=True))
    return {pk: day for pk, day in days.items() if pk in running}


def _of_instance(instance: int, after: int, stops: tuple[date, date], on: date, limit: int) -> QuerySet[Proposal]:
    """Go along the index of due dates; an installation's services stop in the order in which they were due."""
    late = timedelta(days=after)
    window = (stops[0] - late, stops[1] - late)
    service = InvoiceLine.objects.filter(invoice=OuterRef("invoice"), kind__in=_STOPPED)
    order = Order.objects.filter(
        instance=instance, invoice_whmcs_id=OuterRef("invoice__whmcs_id"), status__in=_NOT_RUNNING
    )
    lines = ProposalLine.objects.filter(
        Exists(service),
        ~Exists(order),
        proposal=OuterRef("pk"),
        invoice__instance=instance,
        invoice__status=Invoice.Status.UNPAID,
        invoice__due_date__range=window,
    )
    waiting = queue_selectors.waiting(on=on, chosen=queue_selectors.QueueFilter()).filter(due_date__range=window)
    stops_with = Subquery(lines.order_by("invoice__due_date", "invoice").values("invoice")[:1])
    return (
        waiting.annotate(stops_with=stops_with)
        .filter(stops_with__isnull=False)
        .order_by("due_date", "pk")
        .values("pk", "stops_with")[:limit]
    )


def _day_of(invoice: Invoice, days: dict[int, int | None]) -> date:
    after = days[invoice.instance_id]
    assert invoice.due_date is not None  # noqa: S101 - filtered by it
    assert after is not None  # noqa: S101 - only installations that tell are asked
    return invoice.due_date + timedelta(days=after)
