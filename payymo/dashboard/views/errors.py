"""Errors in words, as a page or, below `/api/`, as problem+json."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _

from payymo.dashboard.pages import ErrorPage
from payymo.shared.api.errors import problem_json


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return problem_json(request, status, text)
    if getattr(request, "htmx", False):
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    page = ErrorPage(
        status=status,
        title=title,
        text=text,
        reference=getattr(request, "request_id", ""),
        action=_("Go to the overview"),
        url="/",
    )
    return render(request, f"{status}.html", {"page": page}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _answer(request, 400, _("This request cannot be read"), _("Nothing was saved. Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 to a colleague without the right."""
    text = _("Your role does not include this. Nothing was saved. An owner can change your role.")
    return _answer(request, 403, _("Not for your role"), text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 to everybody for whom the page does not exist."""
    return _answer(request, 404, _("There is no such page"), _("It may have been moved, or the address is mistyped."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that did not come from our page."""
    text = _("The page was open for too long, or cookies are off. Nothing was saved. Reload it and try again.")
    return _answer(request, 403, _("Please try again"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without touching the database or the theme."""
    if request.path_info.startswith("/api/"):
        return problem_json(request, 500, "Something failed on our side. Nothing more was saved.")
    text = get_template("500.html").render({"reference": getattr(request, "request_id", "")})
    return HttpResponse(text, status=500)
