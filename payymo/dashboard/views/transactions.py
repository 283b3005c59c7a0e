"""Bank transactions and Stripe charges."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.presenters import transaction as one
from payymo.dashboard.presenters import transactions as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.review import receipt_or_404


@require_GET
@requires_permission("transactions.view")
def transactions(request: HttpRequest) -> HttpResponse:
    """List what the bank accounts and Stripe show."""
    page = present.listing(request)
    return render(request, "dashboard/transactions.html", {"shell": shell_of(request, "transactions"), "page": page})


@require_GET
@requires_permission("transactions.view")
def transaction(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Show one payment in full."""
    page = one.detail(receipt_or_404(receipt_id), now=timezone.now(), may_retry="postings.retry" in request.permissions)
    return render(request, "dashboard/transaction.html", {"shell": shell_of(request, "transactions"), "page": page})
