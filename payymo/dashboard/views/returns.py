"""What was taken back of matched payments and waits for a person."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching.services import taken_back
from payymo.dashboard.links import link
from payymo.dashboard.presenters import taken_back as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.review import may_decide


@require_GET
@requires_permission("transactions.view")
def returns(request: HttpRequest) -> HttpResponse:
    """List the matched payments of which money went back, until WHMCS shows it."""
    page = present.listing(request, now=timezone.now(), may_decide=may_decide(request))
    return render(request, "dashboard/returns.html", {"shell": shell_of(request, "transactions"), "page": page})


@require_POST
@requires_permission("review.decide")
def dealt_with(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Say that what was taken back has been put right."""
    try:
        taken_back.deal_with(item_id=item_id, by=request.user, now=timezone.now())
    except taken_back.NothingToDealWith as error:
        raise Http404 from error
    messages.success(request, _("Noted. The match stays as it is."))
    return HttpResponseRedirect(link("returns"), status=303)
