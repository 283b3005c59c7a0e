"""Pairing the addon module of a WHMCS installation."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from payymo.dashboard.links import link
from payymo.dashboard.presenters import whmcs_module as present
from payymo.dashboard.views.connections import connection_or_404, show
from payymo.shared.errors import DomainError
from tenants import links
from whmcs.services import pairing

_TEMPLATE = "dashboard/connections/module.html"


@require_GET
@requires_permission("connections.view")
def module(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show how it is."""
    instance = connection_or_404("whmcs", public_id)
    return show(request, _TEMPLATE, present.page(request, instance, now=timezone.now()))


@require_POST
@requires_permission("api_keys.change", asks_again=True)
def pair(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make a setup code and show it in this answer alone."""
    instance, now, code, error = connection_or_404("whmcs", public_id), timezone.now(), "", ""
    try:
        code = pairing.pair_module(
            instance=instance,
            membership=request.membership,
            granted=request.permissions,
            address=links.address_of(request.tenant, "/"),
            now=now,
            instead_of=request.POST.get("version", ""),
        ).setup_code
    except DomainError as refused:
        error = str(refused)
    page = present.page(request, instance, now=now, setup_code=code, error=error)
    return show(request, _TEMPLATE, page, code=422 if error else 200)


@require_POST
@requires_permission("api_keys.change", asks_again=True)
def remove(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End the module's key and forget its secret."""
    pairing.unpair_module(instance=connection_or_404("whmcs", public_id), now=timezone.now())
    messages.success(request, _("The addon module is no longer paired. WHMCS is read and booked to over its API."))
    return HttpResponseRedirect(link("whmcs_module", public_id), status=303)
