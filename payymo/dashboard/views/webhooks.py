"""Endpoints of the company: added, changed, tested, given a new secret, paused and removed."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import requires_permission
from payymo.dashboard.forms_webhooks import EndpointChangeForm, EndpointForm
from payymo.dashboard.links import link
from payymo.dashboard.presenters import webhooks as present
from payymo.dashboard.shell import shell_of
from payymo.notices.models import Delivery, Endpoint
from payymo.notices.services import endpoints
from payymo.shared.errors import DomainError


@never_cache
@sensitive_post_parameters("address")
@require_http_methods(["GET", "POST"])
@requires_permission("settings.change", asks_again=True)
def listing(request: HttpRequest) -> HttpResponse:
    """Show the endpoints, and add one; its secret is in this answer alone."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = endpoints.add(**form.cleaned_data, now=timezone.now())
        except DomainError as error:
            form.add_error("address", str(error))
        else:
            return _detail(request, made.row, secret=made.secret)
    around = {"shell": shell_of(request, "settings"), "page": present.listing(form)}
    return render(request, "dashboard/settings/webhooks.html", around, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires_permission("settings.change", asks_again=True)
def detail(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show an endpoint with its log, and change its name and events."""
    row = _found(public_id)
    form = EndpointChangeForm(request.POST if request.method == "POST" else None, initial=_initial(row))
    if form.is_valid():
        try:
            endpoints.change(endpoint_id=public_id, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return _back(public_id)
    return _detail(request, row, form, status=422 if form.errors else 200)


@never_cache
@require_POST
@requires_permission("settings.change", asks_again=True)
def rotate(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make a new secret; it is in this answer alone."""
    try:
        made = endpoints.rotate(
            endpoint_id=_found(public_id).public_id, instead_of=request.POST.get("version", ""), now=timezone.now()
        )
    except DomainError as error:
        messages.error(request, str(error))
        return _back(public_id)
    return _detail(request, made.row, secret=made.secret)


def _act(request: HttpRequest, public_id: uuid.UUID, act: Callable[..., Any], said: str, **more: Any) -> HttpResponse:
    try:
        act(endpoint_id=_found(public_id).public_id, **more)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return _back(public_id)


@require_POST
@requires_permission("settings.change", asks_again=True)
def pause(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Stop calling it."""
    return _act(request, public_id, endpoints.pause, _("Paused. What happens meanwhile is not sent later."))


@require_POST
@requires_permission("settings.change", asks_again=True)
def resume(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Call it again."""
    return _act(request, public_id, endpoints.resume, _("Active. What waited is sent now."), now=timezone.now())


@require_POST
@requires_permission("settings.change")
def test(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Send a message that says it is a test."""
    said = _("A test message is on its way. Its line below says what came of it.")
    return _act(request, public_id, endpoints.test, said, now=timezone.now())


@require_POST
@requires_permission("settings.change", asks_again=True)
def remove(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Remove it."""
    endpoints.remove(endpoint_id=_found(public_id).public_id)
    messages.success(request, _("Removed, with its address and secret."))
    return HttpResponseRedirect(link("webhooks"), status=303)


@require_POST
@requires_permission("settings.change")
def resend(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Send a message again."""
    row = Delivery.objects.select_related("endpoint").filter(public_id=public_id).first()
    if row is None or row.endpoint.state == Endpoint.State.REMOVED:
        raise Http404
    try:
        endpoints.resend(delivery_id=public_id, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is sent again, with the id that it had."))
    return _back(row.endpoint.public_id)


def _found(public_id: uuid.UUID) -> Endpoint:
    return get_object_or_404(endpoints.living(), public_id=public_id)


def _initial(row: Endpoint) -> dict[str, Any]:
    return {"name": row.name, "kinds": row.kinds}


def _back(public_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(link("webhook", public_id), status=303)


def _detail(
    request: HttpRequest, row: Endpoint, form: EndpointChangeForm | None = None, *, secret: str = "", status: int = 200
) -> HttpResponse:
    form = form or EndpointChangeForm(initial=_initial(row))
    page = present.detail(request, row, form, now=timezone.now(), secret=secret)
    around = {"shell": shell_of(request, "settings"), "page": page}
    return render(request, "dashboard/settings/webhook.html", around, status=status)
