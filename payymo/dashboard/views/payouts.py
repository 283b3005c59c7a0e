"""Stripe payouts: the list, one of them, pairing it with its bank entry by hand, and both as CSV."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import reach
from accounts.guards import requires_permission
from matching import locks, payout_selectors
from matching.models import Decision, Settlement
from matching.services import settlement, undoing
from payments.models import Payout
from payymo.dashboard import csv_files
from payymo.dashboard.links import link
from payymo.dashboard.presenters import payout as present_one
from payymo.dashboard.presenters import payouts as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.review import may_decide
from payymo.dashboard.views.review_decide import actor_of
from payymo.shared.errors import DomainError

MOST_CHOSEN = settlement.MOST_JOINED


@require_GET
@requires_permission("transactions.view")
def payouts(request: HttpRequest) -> HttpResponse:
    """List what Stripe sent to the bank."""
    page = present.listing(request)
    return render(request, "dashboard/payouts.html", {"shell": shell_of(request, "payouts"), "page": page})


@require_GET
@requires_permission("transactions.view")
def payouts_csv(request: HttpRequest) -> HttpResponse:
    """Download the payouts as the list is filtered and ordered."""
    return csv_files.answer("payouts.csv", present.CSV_HEADER, present.csv_rows(present.ordered_rows(request)))


def _payout(payout_id: uuid.UUID) -> Payout:
    rows = Payout.objects.filter(reach.of_stripe(), public_id=payout_id).select_related("connection")
    return get_object_or_404(payout_selectors.with_settlements(rows))


@require_GET
@requires_permission("transactions.view")
def payout(request: HttpRequest, payout_id: uuid.UUID) -> HttpResponse:
    """Show one payout in full."""
    return _show(request, payout_id)


def _show(request: HttpRequest, payout_id: uuid.UUID, *, error: str = "", code: int = 200) -> HttpResponse:
    row = _payout(payout_id)
    page = present_one.detail(request, row, now=timezone.now(), may_decide=may_decide(request), error=error)
    around = {"shell": shell_of(request, "payouts"), "page": page}
    return render(request, "dashboard/payout.html", around, status=code)


@require_GET
@requires_permission("transactions.view")
def payout_csv(request: HttpRequest, payout_id: uuid.UUID) -> HttpResponse:
    """Download what one payout holds."""
    row = _payout(payout_id)
    return csv_files.answer(f"{row.payout_id}.csv", present_one.CSV_HEADER, present_one.csv_rows(row))


def _chosen(request: HttpRequest, name: str) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(value) for value in request.POST.getlist(name)[:MOST_CHOSEN]]
    except ValueError as error:
        raise Http404 from error


@require_POST
@requires_permission("review.decide")
def payout_pair(request: HttpRequest, payout_id: uuid.UUID) -> HttpResponse:
    """Say that a bank entry is this payout, alone or together with others."""
    row, entries = _payout(payout_id), _chosen(request, "entry")
    if not entries:
        return _show(request, payout_id, error=_("Choose a bank entry first. Nothing was saved."), code=422)
    try:
        settlement.settle(
            payout_ids=[row.public_id, *_chosen(request, "with")],
            receipt_id=entries[0],
            actor=actor_of(request),
            now=timezone.now(),
            is_return=row.has_failed and any(not found.is_return for found in row.found),
            accepts_difference=request.POST.get("accepts") == "yes",
        )
    except (locks.UnknownReceipt, locks.UnknownPayout) as error:
        raise Http404 from error
    except DomainError as refused:
        return _show(request, payout_id, error=f"{refused} {_('Nothing was saved.')}", code=422)
    messages.success(request, _("Paired. The bank entry is explained by this payout."))
    return HttpResponseRedirect(link("payout", payout_id), status=303)


@require_POST
@requires_permission("review.decide")
def payout_undo(request: HttpRequest, payout_id: uuid.UUID, decision_id: uuid.UUID) -> HttpResponse:
    """Take the payout and its bank entry apart again."""
    of_this = Settlement.objects.filter(payout=_payout(payout_id), decision__public_id=decision_id)
    if not of_this.exists():
        raise Http404
    try:
        undoing.undo_decision(
            decision_id=decision_id,
            actor=actor_of(request),
            now=timezone.now(),
            may_undo_others="settings.change" in request.permissions,
        )
    except Decision.DoesNotExist as error:
        raise Http404 from error
    except DomainError as refused:
        return _show(request, payout_id, error=f"{refused} {_('Nothing was saved.')}", code=422)
    messages.success(request, _("Taken apart. Payymo does not pair these two by itself again."))
    return HttpResponseRedirect(link("payout", payout_id), status=303)
