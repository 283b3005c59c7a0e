"""The three-way check of Stripe, WHMCS and the payouts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import refreshing
from payymo.dashboard.presenters import three_way as present
from payymo.dashboard.shell import shell_of

PART = "pm-three-way"


@require_GET
@requires_permission("reports.view")
def three_way(request: HttpRequest) -> HttpResponse:
    """Show what does not agree, and what to do about it; the page fetches its figures anew while somebody looks."""
    is_part = request.headers.get("X-Payymo-Part") == PART
    state = refreshing.take_state(request) if is_part else ""
    context: dict[str, Any] = {"page": present.report(request, now=timezone.now())}
    if not is_part:
        context["shell"] = shell_of(request, "three_way")
    part = "dashboard/three_way_part.html"
    return refreshing.answer(request, "dashboard/three_way.html", context, part=part, of=PART, state=state)
