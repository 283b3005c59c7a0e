"""Choices kept in cookies, so that the first answer is drawn right."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission

MODES = ("light", "dark", "system")
_YEAR = 365 * 24 * 3600


@require_POST
@requires_permission("overview.view")
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or system and go back."""
    mode = request.POST.get("mode", "")
    onward = request.POST.get("next", "")
    if not (onward.startswith("/") and url_has_allowed_host_and_scheme(onward, allowed_hosts=None)):
        onward = "/"
    answer = HttpResponseRedirect(onward, status=303)
    if mode in MODES:
        answer.set_cookie("payymo_theme", mode, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer
