"""Switching off what is shown to newcomers: the hints of the review screen, and the steps of setting up."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import for_members
from accounts.services import touring
from payymo.dashboard.links import link
from payymo.dashboard.sample import progress


@require_POST
@for_members
def end(request: HttpRequest) -> HttpResponse:
    """Remember that this member needs no hints any more."""
    touring.end_tour(membership=request.membership, now=timezone.now())
    onward = link("sample") if progress.read(request.session) is not None else link("review")
    return HttpResponseRedirect(onward, status=303)


@require_POST
@for_members
def hide_setup(request: HttpRequest) -> HttpResponse:
    """Leave the steps of setting up out of this member's overview; Settings still leads to them."""
    touring.hide_setup(membership=request.membership, now=timezone.now())
    return HttpResponseRedirect(link("overview"), status=303)
