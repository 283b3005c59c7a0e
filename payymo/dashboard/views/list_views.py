"""Keeping and forgetting the views of a record list, by whoever may see the list."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from matching.services import teamwork
from payymo.dashboard import saved_views
from payymo.dashboard.links import link
from payymo.shared.errors import DomainError


def addresses(place: str) -> tuple[URLPattern, ...]:
    """Return the two addresses of a list's views, each behind the right of the list itself."""
    guarded = requires_permission(saved_views.PLACES[place])
    given, base = {"place": place}, f"lists/{place}/views/"
    return (
        path(base, require_POST(guarded(save)), given, name=f"{place}_views"),
        path(f"{base}<uuid:view_id>/remove/", require_POST(guarded(remove)), given, name=f"{place}_view_remove"),
    )


def save(request: HttpRequest, place: str) -> HttpResponse:
    """Keep the filters and the order of a list under a name."""
    query = saved_views.query_of(request.POST.get("query", ""))
    name, is_shared = request.POST.get("name", ""), request.POST.get("shared") == "on"
    try:
        teamwork.save_view(name=name, query=query, is_shared=is_shared, owner=request.user, place=place)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("View saved."))
    return HttpResponseRedirect(f"{link(place)}?{query}", status=303)


def remove(request: HttpRequest, place: str, view_id: uuid.UUID) -> HttpResponse:
    """Forget one of one's own views."""
    if teamwork.forget_view(view_id=view_id, owner=request.user, place=place):
        messages.success(request, _("View removed."))
    return HttpResponseRedirect(link(place), status=303)
