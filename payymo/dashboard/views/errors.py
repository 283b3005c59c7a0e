"""Errors in words, as a page or, below `/api/`, as problem+json."""

import math
import sys

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext as _

from payymo.dashboard.pages import ErrorPage
from payymo.shared.api.errors import problem_json
from payymo.shared.errors import DomainError

# Statuses that have a page; what else refuses is shown as a request that does not fit.
_PAGES = frozenset({400, 403, 404, 409, 413, 429})


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return problem_json(request, status, text)
    if getattr(request, "htmx", False):
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    is_staff_host = getattr(request, "is_staff_host", False)
    page = ErrorPage(
        status=status,
        title=title,
        text=text,
        reference=getattr(request, "request_id", ""),
        action=_("Go to the console") if is_staff_host else _("Go to the overview"),
        url="/admin/" if is_staff_host else "/",
    )
    return render(request, f"{status}.html", {"page": page}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, and 413 to a form that is too large."""
    if isinstance(exception, RequestDataTooBig):
        text = _("A form may have up to 1 MB. Nothing was saved. Go back and send less at once.")
        return _answer(request, 413, _("That is too large"), text)
    return _answer(request, 400, _("This request cannot be read"), _("Nothing was saved. Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 to a colleague without the right."""
    text = _("Your role does not include this. Nothing was saved. An owner can change your role.")
    return _answer(request, 403, _("Not for your role"), text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 to everybody for whom the page does not exist."""
    return _answer(request, 404, _("There is no such page"), _("It may have been moved, or the address is mistyped."))


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Answer what a service refuses where the page has no place of its own for it, in the service's words."""
    answer = _answer(request, error.status if error.status in _PAGES else 400, "", str(error))
    retry_after: float | None = getattr(error, "retry_after", None)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(math.ceil(retry_after))
    return answer


def not_a_page(request: HttpRequest) -> HttpResponse:
    """Answer 405 to whoever opens the address of a form, which browsers would answer in words of their own."""
    text = _("This address only takes a form. Nothing was saved. Go back to the page with the form.")
    return _answer(request, 405, _("There is nothing to open here"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that did not come from our page, and 401 to a script's.

    Shape: a page that was left open carries the token of a session that is over, while another tab signed in: its
    script asks for the sign-in, finds it done, and goes on with the new token, if the person is the same.
    """
    text = _("The page was open for too long, or cookies are off. Nothing was saved. Reload it and try again.")
    if getattr(request, "htmx", False):
        return _answer(request, 401, _("Please try again"), text)
    return _answer(request, 403, _("Please try again"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where the database cannot be asked, without touching the database or the theme."""
    is_off = isinstance(sys.exception(), OperationalError | InterfaceError) and not _is_connected()
    status, template = (503, "database_off.html") if is_off else (500, "500.html")
    if request.path_info.startswith("/api/"):
        text = "The database cannot be asked now." if is_off else "Something failed on our side."
        answer = problem_json(request, status, f"{text} Nothing more was saved.")
    else:
        # Without a database nothing has chosen a language yet but the browser.
        language = translation.get_language_from_request(request) if is_off else translation.get_language()
        with translation.override(language):
            text = get_template(template).render({"reference": getattr(request, "request_id", "")})
        answer = HttpResponse(text, status=status)
    if is_off:
        answer.headers["Retry-After"] = "60"
    return answer


def _is_connected() -> bool:
    return connection.connection is not None and not connection.connection.closed
