"""Erasing what names a client in the mirror. WHMCS has its own record; the mirror does not take it over again."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from whmcs.models import Client, CreditMovement, Invoice, InvoiceLine


@transaction.atomic
def erase_clients(ids: Collection[int], *, now: datetime) -> int:
    """Empty names and addresses of these clients and keep them empty; the numbers stay. Return how many."""
    Invoice.objects.filter(client__in=list(ids)).update(matched_at=None)
    CreditMovement.objects.filter(client__in=list(ids)).update(description="")
    return Client.objects.filter(pk__in=list(ids), erased_at=None).update(
        erased_at=now, first_name="", last_name="", company_name="", email=""
    )


def erase_lines(ids: Collection[int]) -> int:
    """Empty the texts of these invoices' lines, in which domains and names are found. Return how many."""
    return InvoiceLine.objects.filter(invoice__in=list(ids)).exclude(description="").update(description="")
