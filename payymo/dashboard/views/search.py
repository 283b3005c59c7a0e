"""Search: a page, and the same results in the palette."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.presenters import search as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("overview.view")
def search(request: HttpRequest) -> HttpResponse:
    """Show what a text leads to."""
    page = present.found(request)
    if request.htmx:
        return render(request, "dashboard/search_results.html", {"page": page})
    return render(request, "dashboard/search.html", {"shell": shell_of(request, ""), "page": page})
