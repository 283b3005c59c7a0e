"""What stands before a page: anonymous people sign in first, strangers see 404, colleagues without right 403."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import confirming
from accounts.permissions import check_codename

View = Callable[..., HttpResponse]


def requires_permission(codename: str, *, asks_again: bool = False) -> Callable[[View], View]:
    """Decorate a page: only members of the host's tenant whose role holds `codename` pass.

    With `asks_again`, whatever writes needs a password or second factor of the last quarter of an hour. A fragment
    fetched by script gets 401 instead of the redirect, so that the script can ask for a new sign-in.
    Raises: UnknownPermission while the module is loaded.
    """
    check_codename(codename)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            refused = refusal(request, codename) or (confirming.question(request) if asks_again else None)
            return refused or view(request, *args, **kwargs)

        guarded.guard = (codename, asks_again)  # type: ignore[attr-defined] - read by the published table
        return guarded

    return decorate


def for_members(view: View) -> View:
    """Decorate a page that is every member's own, whatever their role: anonymous people sign in, strangers see 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        if request.membership is None:
            raise Http404
        return view(request, *args, **kwargs)

    guarded.guard = ("", False)  # type: ignore[attr-defined] - any member
    return guarded


def refusal(request: HttpRequest, codename: str) -> HttpResponse | None:
    """Return the answer for somebody who first signs in or sets up the second factor, or None for who may pass.

    Raises: Http404 for a stranger, PermissionDenied for a colleague without the right.
    """
    if not request.user.is_authenticated:
        if getattr(request, "htmx", False):
            return HttpResponse("Please sign in again.", status=401, content_type="text/plain")
        return _sign_in_first(request)
    permissions: frozenset[str] | None = getattr(request, "permissions", None)
    if permissions is None:
        raise Http404
    if getattr(request, "must_set_up", False):
        return redirect(settings.SECURITY_URL)
    if codename not in permissions:
        raise PermissionDenied
    return None


def led_on(request: HttpRequest) -> HttpResponse | None:
    """Return a page that asks for the same address again from this host, or None where the session came along.

    A browser keeps a Strict cookie back when another site leads here, as the bank's page does after the consent, or a
    mail that is read in the browser.
    """
    if request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return render(request, "accounts/from_elsewhere.html", {"address": request.get_full_path()})
    return None


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    # The staff host has no sign-in page but the console's own.
    login = "admin:login" if request.is_staff_host else None
    onward = request.get_full_path()
    if request.method not in confirming.SAFE:
        # A form is not sent again by signing in, and its address is no page.
        messages.error(request, _("You were signed out. Nothing was saved."))
        onward = confirming.came_from(request)
    return led_on(request) or redirect_to_login(onward, login)
