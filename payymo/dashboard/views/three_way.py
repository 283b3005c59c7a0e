"""The three-way check of Stripe, WHMCS and the payouts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.presenters import three_way as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("reports.view")
def three_way(request: HttpRequest) -> HttpResponse:
    """Show what does not agree, and what to do about it."""
    page = present.report(request, now=timezone.now())
    return render(request, "dashboard/three_way.html", {"shell": shell_of(request, "three_way"), "page": page})
