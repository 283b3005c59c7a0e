"""How one sees the pages: the language is the person's, the rest is in cookies, so that the first answer is right."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext, override
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import for_members
from accounts.services import own_language
from payymo.dashboard import tables
from payymo.dashboard.context import DENSITY, KEYS, NUMBERS
from payymo.dashboard.forms_settings import DisplayForm
from payymo.dashboard.links import link
from payymo.dashboard.pages.general import DisplayPage
from payymo.dashboard.shell import shell_of

MODES = ("light", "dark", "system")
_YEAR = 365 * 24 * 3600


@require_POST
@for_members
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or system and go back."""
    mode = request.POST.get("mode", "")
    answer = HttpResponseRedirect(_onward(request), status=303)
    if mode in MODES:
        answer.set_cookie("payymo_theme", mode, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer


@require_POST
@for_members
def columns(request: HttpRequest, name: str) -> HttpResponse:
    """Remember which columns of a list this browser shows, and go back to it."""
    if name not in tables.COLUMNS:
        raise Http404
    answer = HttpResponseRedirect(_onward(request), status=303)
    hidden = tables.hidden_of(name, request.POST.getlist("show"))
    answer.set_cookie(
        tables.cookie_of(name), hidden, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return answer


def _onward(request: HttpRequest) -> str:
    onward = request.POST.get("next", "")
    return onward if onward.startswith("/") and url_has_allowed_host_and_scheme(onward, allowed_hosts=None) else "/"


@require_http_methods(["GET", "POST"])
@for_members
def display(request: HttpRequest) -> HttpResponse:
    """Show and change one's language, and density, single keys and figures of this browser."""
    initial = {
        "language": get_language(),
        "density": "compact" if request.COOKIES.get(DENSITY) == "compact" else "comfortable",
        "keys": request.COOKIES.get(KEYS) != "off",
        "numbers": request.COOKIES.get(NUMBERS, ""),
    }
    form = DisplayForm(request.POST or None, initial=initial)
    if request.method != "POST" or not form.is_valid():
        context = {"shell": shell_of(request, ""), "page": DisplayPage(form)}
        return render(request, "dashboard/profile.html", context, status=422 if form.errors else 200)
    chosen = form.cleaned_data
    own_language.choose(user=request.user, language=chosen["language"])
    with override(chosen["language"]):
        messages.success(request, gettext("Saved."))
    answer = HttpResponseRedirect(link("account_profile"), status=303)
    values = {
        # For the pages before the sign-in.
        settings.LANGUAGE_COOKIE_NAME: chosen["language"],
        DENSITY: chosen["density"],
        KEYS: "on" if chosen["keys"] else "off",
        NUMBERS: chosen["numbers"],
    }
    for name, value in values.items():
        answer.set_cookie(name, value, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer
