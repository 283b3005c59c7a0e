"""The timeline of decisions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.presenters import activity as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("activity.view")
def activity(request: HttpRequest) -> HttpResponse:
    """List who decided what."""
    page = present.listing(request, now=timezone.now())
    return render(request, "dashboard/activity.html", {"shell": shell_of(request, "activity"), "page": page})
