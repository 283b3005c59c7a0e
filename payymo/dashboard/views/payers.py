"""Who has paid for whom, as decisions taught it."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching import payer_selectors
from matching.models import PayerProfile
from matching.services import payers as services
from payymo.dashboard.links import link
from payymo.dashboard.presenters import payers as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.review import may_decide
from payymo.shared.errors import DomainError


def _payer_or_404(payer_id: uuid.UUID) -> PayerProfile:
    found = payer_selectors.find_payer(payer_id)
    if found is None:
        raise Http404
    return found


@require_GET
@requires_permission("rules.view")
def payers(request: HttpRequest) -> HttpResponse:
    """List what is known of payers."""
    page = present.listing(request)
    return render(request, "dashboard/payers/list.html", {"shell": shell_of(request, "payers"), "page": page})


@require_GET
@requires_permission("rules.view")
def payer(request: HttpRequest, payer_id: uuid.UUID) -> HttpResponse:
    """Show one payer."""
    page = present.detail(_payer_or_404(payer_id), may_change=may_decide(request))
    return render(request, "dashboard/payers/detail.html", {"shell": shell_of(request, "payers"), "page": page})


@require_POST
@requires_permission("rules.view")
@requires_permission("review.decide")
def rename(request: HttpRequest, payer_id: uuid.UUID) -> HttpResponse:
    """Call a payer by a name of one's own."""
    _payer_or_404(payer_id)
    try:
        services.rename_payer(payer_id=payer_id, name=request.POST.get("name", ""))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(link("payer", payer_id), status=303)


@require_POST
@requires_permission("rules.view")
@requires_permission("review.decide")
def block(request: HttpRequest, payer_id: uuid.UUID) -> HttpResponse:
    """Stop using what is known of a payer, or use it again."""
    _payer_or_404(payer_id)
    is_blocked = request.POST.get("do") != "allow"
    services.block_payer(payer_id=payer_id, is_blocked=is_blocked)
    messages.success(request, _("It is not used any more.") if is_blocked else _("It is used again."))
    return HttpResponseRedirect(link("payer", payer_id), status=303)


@require_POST
@requires_permission("rules.view")
@requires_permission("review.decide")
def forget(request: HttpRequest, payer_id: uuid.UUID) -> HttpResponse:
    """Forget that a payer paid for a client."""
    _payer_or_404(payer_id)
    services.forget_payer(payer_id=payer_id)
    messages.success(request, _("Forgotten. The next decision teaches it anew."))
    return HttpResponseRedirect(link("payers"), status=303)
