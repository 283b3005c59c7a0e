"""The mirror of WHMCS invoices."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import csv_files
from payymo.dashboard.presenters import invoices as present
from payymo.dashboard.shell import shell_of
from whmcs.models import Invoice


@require_GET
@requires_permission("invoices.view")
def invoices(request: HttpRequest) -> HttpResponse:
    """List the invoices."""
    page = present.listing(request, now=timezone.now())
    return render(request, "dashboard/invoices.html", {"shell": shell_of(request, "invoices"), "page": page})


@require_GET
@requires_permission("invoices.view")
def invoice(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Show one invoice in full."""
    row = get_object_or_404(Invoice.objects.select_related("client", "instance"), public_id=invoice_id)
    page = present.detail(row, now=timezone.now())
    return render(request, "dashboard/invoice.html", {"shell": shell_of(request, "invoices"), "page": page})


@require_GET
@requires_permission("invoices.view")
def invoices_csv(request: HttpRequest) -> HttpResponse:
    """Download the invoices of the current filters."""
    return csv_files.answer("invoices.csv", present.CSV_HEADER, present.csv_rows(request))
