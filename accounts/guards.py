"""What stands before a page: anonymous people sign in first, strangers see 404, colleagues without right 403."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.permissions import check_codename

View = Callable[..., HttpResponse]


def requires_permission(codename: str) -> Callable[[View], View]:
    """Decorate a page: only members of the host's tenant whose role holds `codename` pass.

    A fragment fetched by script gets 401 instead of the redirect, so that the script can ask for a new sign-in.
    Raises: UnknownPermission while the module is loaded.
    """
    check_codename(codename)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return refusal(request, codename) or view(request, *args, **kwargs)

        return guarded

    return decorate


def refusal(request: HttpRequest, codename: str) -> HttpResponse | None:
    """Return the answer for somebody who first signs in or sets up the second factor, or None for who may pass.

    Raises: Http404 for a stranger, PermissionDenied for a colleague without the right.
    """
    if not request.user.is_authenticated:
        if getattr(request, "htmx", False):
            return HttpResponse("Please sign in again.", status=401, content_type="text/plain")
        # The staff host has no sign-in page but the console's own.
        return redirect_to_login(request.get_full_path(), "admin:login" if request.is_staff_host else None)
    permissions: frozenset[str] | None = getattr(request, "permissions", None)
    if permissions is None:
        raise Http404
    if getattr(request, "must_set_up", False):
        return redirect("accounts:security")
    if codename not in permissions:
        raise PermissionDenied
    return None
