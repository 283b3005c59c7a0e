"""How the system works, for the company's administrator."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires_permission
from payymo.dashboard import refreshing
from payymo.dashboard.presenters import system_health as present
from payymo.dashboard.shell import shell_of

PART = "pm-system"


@require_GET
@requires_permission("settings.change")
def system_health(request: HttpRequest) -> HttpResponse:
    """Show it; the page fetches it anew while somebody looks."""
    context = {"page": present.page(now=timezone.now())}
    if request.headers.get("X-Payymo-Part") != PART:
        context["shell"] = shell_of(request, "settings")
    template, part = "dashboard/settings/health.html", "dashboard/settings/health_part.html"
    return refreshing.answer(request, template, context, part=part, of=PART)
