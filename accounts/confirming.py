"""Asks again who it is, before what would hurt most, and then goes on with what was sent."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import ConfirmForm
from accounts.rendering import render_with
from accounts.services import passkeys, second_factor, step_up
from accounts.services.attempts import TooManyAttempts
from accounts.services.client_address import client_address
from tenants.middleware import host_of

View = Callable[..., HttpResponse]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def asks_again(view: View) -> View:
    """Decorate a page of signed-in people: what it writes needs a password or second factor of the last 15 minutes.

    Shape: who has none is asked, and what they sent is carried in the question, so that the answer goes on with it.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return question(request) or view(request, *args, **kwargs)

    return guarded


def question(request: HttpRequest) -> HttpResponse | None:
    """Return the page that asks, or None for whoever may go on."""
    now = timezone.now()
    row = getattr(request, "browser_session", None)
    if request.method in SAFE or (row is not None and step_up.is_fresh(row.confirmed_at, now=now)):
        return None
    if row is None or ConfirmForm.MARK not in request.POST:
        return _page(request, ConfirmForm(), status=403)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        step_up.confirm(
            session_id=row.pk,
            user=request.user,
            tenant=request.tenant,
            **form.proof,
            place=passkeys.place_of(host_of(request), request.session),
            address=client_address(request),
            now=now,
        )
    except TooManyAttempts as error:
        form.add_error(None, str(error))
        return _page(request, form, status=429, headers={"Retry-After": str(error.retry_after)})
    except step_up.NotConfirmed as error:
        form.add_error(None, str(error))
        return _page(request, form, status=422)
    row.confirmed_at = now
    return None


def came_from(request: HttpRequest) -> str:
    """Return the page of this host that sent the form, for whoever goes back to it."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, allowed_hosts={request.get_host()}):
        return "/"
    parts = urlsplit(before)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))


@never_cache
@sensitive_post_parameters()
def _page(
    request: HttpRequest, form: ConfirmForm, *, status: int, headers: dict[str, str] | None = None
) -> HttpResponse:
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and name not in form.names
        for value in values
    ]
    place = passkeys.place_of(host_of(request), request.session)
    page = {
        "passkey_options": passkeys.begin_using(user=request.user, place=place, now=timezone.now()),
        "tenant_name": request.tenant.name if request.tenant else "",
        "form": form,
        "carried": carried,
        "drops_file": bool(request.FILES),
        "mark": form.MARK,
        "has_code": second_factor.is_set_up(request.user),
        "action": request.get_full_path(),
        "back": came_from(request),
    }
    return render_with(request, "accounts/confirm.html", page, status=status, headers=headers)
