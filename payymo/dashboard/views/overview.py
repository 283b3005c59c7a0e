"""The first page."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import paging, refreshing
from payymo.dashboard.links import link
from payymo.dashboard.pages.general import SetupPage
from payymo.dashboard.presenters import overview as present
from payymo.dashboard.sample.progress import is_offered
from payymo.dashboard.shell import shell_of

PART = "pm-overview"
# Where a role without the overview begins: at the first of these that it holds, in the order of the menu.
_FIRST = (
    ("review.view", "review"),
    ("transactions.view", "transactions"),
    ("invoices.view", "invoices"),
    ("reports.view", "reports"),
    ("activity.view", "activity"),
    ("connections.view", "connections"),
    ("imports.add", "imports"),
    ("rules.view", "rules"),
    ("members.change", "members"),
    ("settings.change", "settings_general"),
    ("persons.erase", "persons"),
)


def _or_first_page(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lead whoever may not see the overview, where every sign-in ends, to the first page that they may see."""

    @wraps(view)
    def led(request: HttpRequest) -> HttpResponse:
        held = getattr(request, "permissions", None) or frozenset()
        if "overview.view" in held or request.headers.get("X-Payymo-Part"):
            return view(request)
        first = next((name for right, name in _FIRST if right in held), "")
        return redirect(link(first)) if first else view(request)

    return led


@require_GET
@_or_first_page
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
