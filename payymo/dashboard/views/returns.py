"""Returned payments whose match waits for a person."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching import pair_selectors
from matching.services import pairing
from payymo.dashboard.links import link
from payymo.dashboard.presenters import pairs as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.review import may_decide
from payymo.shared.errors import DomainError


@require_GET
@requires_permission("transactions.view")
def returns(request: HttpRequest) -> HttpResponse:
    """List the matched payments that the bank took back."""
    page = present.listing(request, now=timezone.now(), may_decide=may_decide(request))
    return render(request, "dashboard/returns.html", {"shell": shell_of(request, "transactions"), "page": page})


@require_POST
@requires_permission("review.decide")
def dealt_with(request: HttpRequest, pair_id: uuid.UUID) -> HttpResponse:
    """Say that what the return means has been put right."""
    if not pair_selectors.returns_to_deal_with().filter(public_id=pair_id).exists():
        raise Http404
    try:
        pairing.deal_with_return(pair_id=pair_id, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted. The match stays as it is."))
    return HttpResponseRedirect(link("returns"), status=303)
