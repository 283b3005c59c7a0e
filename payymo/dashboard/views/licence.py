"""What the tenant's licence covers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.presenters import licence as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("settings.change")
def licence(request: HttpRequest) -> HttpResponse:
    """Show the licence as it is verified now."""
    page = present.page(request.tenant, now=timezone.now())
    return render(request, "dashboard/settings/licence.html", {"shell": shell_of(request, "settings"), "page": page})
