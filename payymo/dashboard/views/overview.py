"""The first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import paging, refreshing
from payymo.dashboard.pages.general import SetupPage
from payymo.dashboard.presenters import overview as present
from payymo.dashboard.sample.progress import is_offered
from payymo.dashboard.shell import shell_of

PART = "pm-overview"


@require_GET
@requires_permission("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Show what waits and how everything is; the page fetches its figures anew while somebody looks."""
    is_admin = "settings.change" in request.permissions
    with_setup = is_admin and request.membership is not None and request.membership.hid_setup_at is None
    last = int(paging.asked_choice(request, "days", tuple(map(str, present.PERIODS))) or present.DAYS)
    page = present.page(now=timezone.now(), with_setup=with_setup, last=last, permissions=request.permissions)
    context = {"page": page}
    if request.headers.get("X-Payymo-Part") != PART:
        context["shell"] = shell_of(request, "overview")
    part = "dashboard/overview_part.html"
    return refreshing.answer(request, "dashboard/overview.html", context, part=part, of=PART)


@require_GET
@requires_permission("settings.change")
def setup(request: HttpRequest) -> HttpResponse:
    """Show every step of setting up, done ones too."""
    page = SetupPage(present.setup_steps(), is_offered())
    return render(request, "dashboard/setup.html", {"shell": shell_of(request, "settings"), "page": page})
