"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard.pages.general import SetupPage
from payymo.dashboard.presenters import overview as present
from payymo.dashboard.shell import shell_of


@require_GET
@requires_permission("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Show what waits and how everything is."""
    page = present.page(now=timezone.now())
    return render(request, "dashboard/overview.html", {"shell": shell_of(request, "overview"), "page": page})


@require_GET
@requires_permission("settings.change")
def setup(request: HttpRequest) -> HttpResponse:
    """Show every step of setting up, done ones too."""
    page = SetupPage(present.setup_steps())
    return render(request, "dashboard/setup.html", {"shell": shell_of(request, "settings"), "page": page})
