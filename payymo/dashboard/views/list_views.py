"""Keeping and forgetting the views of a record list."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from matching.services import teamwork
from payymo.dashboard import saved_views
from payymo.dashboard.links import link
from payymo.shared.errors import DomainError


@require_POST
@requires_permission("overview.view")
def save(request: HttpRequest, place: str) -> HttpResponse:
    """Keep the filters and the order of a list under a name."""
    if place not in saved_views.PLACES:
        raise Http404
    query = saved_views.query_of(request.POST.get("query", ""))
    name, is_shared = request.POST.get("name", ""), request.POST.get("shared") == "on"
    try:
        teamwork.save_view(name=name, query=query, is_shared=is_shared, owner=request.user, place=place)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("View saved."))
    return HttpResponseRedirect(f"{link(place)}?{query}", status=303)


@require_POST
@requires_permission("overview.view")
def remove(request: HttpRequest, place: str, view_id: uuid.UUID) -> HttpResponse:
    """Forget one of one's own views."""
    if place not in saved_views.PLACES:
        raise Http404
    if teamwork.forget_view(view_id=view_id, owner=request.user):
        messages.success(request, _("View removed."))
    return HttpResponseRedirect(link(place), status=303)
