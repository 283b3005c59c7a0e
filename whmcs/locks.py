"""Row locks: always invoice before posting, and in the order of primary keys."""

from collections.abc import Iterable

from whmcs.models import Invoice


def lock_invoices(ids: Iterable[int]) -> dict[int, Invoice]:
    """Lock these invoices until the end of the transaction and return them as they are now, by primary key."""
    rows = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=set(ids)).order_by("pk")
    return {invoice.pk: invoice for invoice in rows}
