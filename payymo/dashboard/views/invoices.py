"""The mirror of WHMCS invoices."""

import uuid
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from payymo.dashboard import csv_files
from payymo.dashboard.links import link
from payymo.dashboard.presenters import invoices as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError, ProviderError
from whmcs.models import Invoice
from whmcs.services import connection, reading_one


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
    page = present.detail(row, now=timezone.now(), may_refresh="review.decide" in request.permissions)
    return render(request, "dashboard/invoice.html", {"shell": shell_of(request, "invoices"), "page": page})


@require_POST
@requires_permission("review.decide")
def refresh(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """Read one invoice from WHMCS now."""
    row = get_object_or_404(Invoice.objects.select_related("instance"), public_id=invoice_id)
    try:
        is_stored = reading_one.read_invoice(
            invoice=row, api_for=partial(connection.api_for, is_patient=False), now=timezone.now()
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, _("Nothing was changed here. %s") % refused)
    else:
        if is_stored:
            messages.success(request, _("This is what WHMCS shows now."))
        else:
            messages.info(request, _("A payment of it is being posted. It is read again right after."))
    return HttpResponseRedirect(link("invoice", row.public_id), status=303)


@require_GET
@requires_permission("invoices.view")
def invoices_csv(request: HttpRequest) -> HttpResponse:
    """Download the invoices of the current filters."""
    return csv_files.answer("invoices.csv", present.CSV_HEADER, present.csv_rows(request))
