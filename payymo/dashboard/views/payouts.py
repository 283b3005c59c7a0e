"""Stripe payouts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.presenters import payouts as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("transactions.view")
def payouts(request: HttpRequest) -> HttpResponse:
    """List what Stripe sent to the bank."""
    page = present.listing(request)
    return render(request, "dashboard/payouts.html", {"shell": shell_of(request, "payouts"), "page": page})
