"""The timeline of decisions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import csv_files
from payymo.dashboard.presenters import activity as present
from payymo.dashboard.presenters import changes as other
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("activity.view")
def activity(request: HttpRequest) -> HttpResponse:
    """List who decided what."""
    page = present.listing(request, now=timezone.now())
    return render(request, "dashboard/activity.html", {"shell": shell_of(request, "activity"), "page": page})


@require_GET
@requires_permission("activity.view")
def activity_csv(request: HttpRequest) -> HttpResponse:
    """Download the decisions of the current filters."""
    return csv_files.answer("activity.csv", present.CSV_HEADER, present.csv_rows(request))


@require_GET
@requires_permission("audit.view")
def changes(request: HttpRequest) -> HttpResponse:
    """List who changed what beside payments: settings, rules, connections, members, keys."""
    page = other.listing(request, now=timezone.now())
    return render(request, "dashboard/activity.html", {"shell": shell_of(request, "activity"), "page": page})


@require_GET
@requires_permission("audit.view")
def changes_csv(request: HttpRequest) -> HttpResponse:
    """Download what was changed, as it is filtered."""
    return csv_files.answer("changes.csv", other.CSV_HEADER, other.csv_rows(request))
