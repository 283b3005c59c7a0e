"""Numbers by which customers name a debt beside its own: those of its order, and of mass payments that hold it.

The money of a mass payment settles the invoices it holds: it is no debt of its own, and its number names theirs.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from whmcs.locks import lock_invoices
from whmcs.models import Invoice, InvoiceLine, ModuleEvent, Order, WhmcsInstance
from whmcs.services.mirroring import MASS_PAYMENT_LINE, change, with_numbers
from whmcs.services.posting import PAYABLE

_MOST = 5000
_A_PIECE = 500


def take_up_numbers(instance: WhmcsInstance) -> int:
    """Write down the numbers that are new; return how many invoices have one more.

    Shape: what was written down stays: whoever got a mass payment's number may still use it when it is gone.
    """
    return _take_up(instance, [*_of_mass_payments(instance), *_of_told_orders(instance), *_of_orders(instance)])


def note_orders(instance: WhmcsInstance, told: Iterable[tuple[int, str]]) -> int:
    """Let orders' numbers name their open invoices, given by WHMCS's id; return how many have one more."""
    return _take_up(instance, [(whmcs_id, number) for whmcs_id, number in told if whmcs_id and number])


def _take_up(instance: WhmcsInstance, told: Iterable[tuple[int, str]]) -> int:
    wanted: dict[int, list[str]] = defaultdict(list)
    for whmcs_id, number in told:
        wanted[whmcs_id].append(number)
    # What is closed is named by nobody any more, and there may be very many.
    rows = Invoice.objects.filter(instance=instance, whmcs_id__in=wanted, status__in=PAYABLE).values_list(
        "pk", "whmcs_id", "other_numbers"
    )
    lacking = {pk: wanted[whmcs_id] for pk, whmcs_id, held in rows if not set(wanted[whmcs_id]) <= set(held)}
    keys = sorted(lacking)
    for start in range(0, len(keys), _A_PIECE):
        _write({pk: lacking[pk] for pk in keys[start : start + _A_PIECE]})
    return len(keys)


def _of_mass_payments(instance: WhmcsInstance) -> Iterable[tuple[int, str]]:
    """The invoices that open mass payments hold, each with the numbers of its mass payment."""
    lines = InvoiceLine.objects.filter(
        kind=MASS_PAYMENT_LINE,
        related_id__gt=0,
        invoice__instance=instance,
        invoice__is_mass_payment=True,
        invoice__status__in=PAYABLE,
    ).order_by("pk")
    for held, whmcs_id, number in lines.values_list("related_id", "invoice__whmcs_id", "invoice__number")[:_MOST]:
        yield held, str(whmcs_id)
        if number:
            yield held, number


def _of_orders(instance: WhmcsInstance) -> Iterable[tuple[int, str]]:
    """The invoices of the newest orders that were read, which may have been mirrored since."""
    orders = Order.objects.filter(instance=instance, invoice_whmcs_id__gt=0).exclude(number="")
    yield from orders.order_by("-whmcs_id").values_list("invoice_whmcs_id", "number")[:_MOST]


def _of_told_orders(instance: WhmcsInstance) -> Iterable[tuple[int, str]]:
    """The invoices of orders that the addon module told of."""
    events = ModuleEvent.objects.filter(instance=instance, invoice_whmcs_id__gt=0).exclude(order_number="")
    yield from events.order_by("-pk").values_list("invoice_whmcs_id", "order_number")[:_MOST]


def _write(lacking: dict[int, list[str]]) -> None:
    with transaction.atomic():
        changed = []
        for pk, invoice in lock_invoices(lacking).items():
            if change(invoice, {"other_numbers": with_numbers(invoice.other_numbers, lacking[pk])}):
                changed.append(invoice)
        Invoice.objects.bulk_update(changed, ["other_numbers", "matched_at"])
