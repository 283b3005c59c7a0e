"""Payments that stopped on their way to WHMCS. The rules are in `whmcs.services.posting` and `matching`."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching.services import stopped
from matching.services.decisions import Actor
from payymo.dashboard.links import link
from payymo.dashboard.presenters import postings as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.connections import nudge
from payymo.shared.errors import DomainError, ProviderError
from whmcs import selectors
from whmcs.models import Posting
from whmcs.services import connection
from whmcs.services.posting import retry_posting


def _posting_or_404(posting_id: uuid.UUID) -> Posting:
    found = selectors.postings().filter(public_id=posting_id).first()
    if found is None:
        raise Http404
    return found


def _back(request: HttpRequest) -> HttpResponse:
    onward = request.POST.get("next", "")
    if not (onward.startswith("/") and url_has_allowed_host_and_scheme(onward, allowed_hosts=None)):
        onward = link("postings")
    return HttpResponseRedirect(onward, status=303)


@require_GET
@requires_permission("invoices.view")
def postings(request: HttpRequest) -> HttpResponse:
    """List payments that wait for a person, or those in another state."""
    page = present.listing(request, now=timezone.now())
    return render(request, "dashboard/postings.html", {"shell": shell_of(request, "postings"), "page": page})


@require_POST
@requires_permission("postings.retry")
def retry(request: HttpRequest, posting_id: uuid.UUID) -> HttpResponse:
    """Let it be sent again; WHMCS is asked first whether it shows the payment."""
    posting = _posting_or_404(posting_id)
    try:
        retry_posting(
            posting=posting,
            now=timezone.now(),
            accepts_overpayment=request.POST.get("overpay") == "1",
        )
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        nudge(request, "posting")
        said = _("Payymo looks it up in WHMCS and sends it again if it is not there.")
        messages.success(request, _("It waits: its WHMCS is paused.") if posting.instance.is_paused else said)
    return _back(request)


@require_POST
@requires_permission("postings.retry")
def give_up(request: HttpRequest, posting_id: uuid.UUID) -> HttpResponse:
    """Give it up with a reason; the payment is open again."""
    try:
        stopped.give_up_posting(
            posting=_posting_or_404(posting_id),
            reason=request.POST.get("reason", ""),
            actor=Actor.person(request.user),
            now=timezone.now(),
            api_for=connection.api_for,
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, _("Nothing was changed. %s") % refused)
    else:
        messages.success(request, _("Given up. The payment is open again and can be matched anew."))
    return _back(request)
