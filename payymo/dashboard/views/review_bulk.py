"""Approving many payments in one go: a preview, one press, one way back."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from matching import queue_selectors, selectors
from matching.models import Band, Decision, Proposal
from matching.services import bulk
from payymo.dashboard.links import link
from payymo.dashboard.presenters import bulk as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.staff import staff_context
from payymo.dashboard.views.review_decide import actor_of
from tenants import days


def _asked(request: HttpRequest) -> tuple[list[uuid.UUID], str]:
    """Read which payments, or which band, are to be approved; without either the surest band."""
    chosen = []
    for text in request.GET.getlist("receipt")[: bulk.MOST_ROWS]:
        try:
            chosen.append(uuid.UUID(text))
        except ValueError:
            continue
    return chosen, Band.EXACT.value


def _proposals(request: HttpRequest) -> list[Proposal]:
    chosen, band = _asked(request)
    on = days.today(timezone.now())
    if chosen:
        return queue_selectors.best_of(chosen, on=on)
    return queue_selectors.page(on=on, chosen=queue_selectors.QueueFilter(band=band), size=bulk.MOST_ROWS)


def _rendered(request: HttpRequest, name: str, page: object) -> HttpResponse:
    if request.is_staff_host:
        return render(request, f"admin/{name}.html", {**staff_context(request), "page": page})
    return render(request, f"dashboard/review/{name}.html", {"shell": shell_of(request, "review"), "page": page})


@require_http_methods(["GET", "POST"])
@requires_permission("review.bulk")
def review_bulk(request: HttpRequest) -> HttpResponse:
    """Show what would be approved; POST approves it."""
    if request.method == "POST":
        return _approve(request)
    now = timezone.now()
    proposals = _proposals(request)
    rows = bulk.preview(proposals=proposals, now=now)
    page = present.preview(rows, more=len(proposals) > len(rows), now=now)
    return _rendered(request, "bulk", page)


def _approve(request: HttpRequest) -> HttpResponse:
    try:
        batch = uuid.UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Http404 from error
    sent = [text.split(":") for text in request.POST.getlist("row")[: bulk.MOST_ROWS]]
    rows = [bulk.Chosen(*parts) for parts in sent if len(parts) == 3 and all(map(_is_uuid, parts[:2]))]
    if not rows:
        messages.error(request, _("No payment was chosen; nothing was approved."))
        return HttpResponseRedirect(link("review_bulk"), status=303)
    if already := Decision.objects.filter(batch=batch).first():
        # The form was sent twice: the first time did it, and this one answers alike.
        if already.decided_by_id != request.user.pk:
            raise Http404
        return HttpResponseRedirect(link("review_batch", batch), status=303)
    within = {str(each.public_id) for each in selectors.receipts_within([row.receipt_id for row in rows])}
    reached = [row for row in rows if row.receipt_id in within]
    outcome = bulk.approve_many(rows=reached, actor=actor_of(request), batch=batch, now=timezone.now())
    if outcome.refused:
        _say_refused(request, outcome)
    onward = link("review_batch", batch) if outcome.approved else link("review_bulk")
    return HttpResponseRedirect(onward, status=303)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _say_refused(request: HttpRequest, outcome: bulk.Outcome) -> None:
    count = len(outcome.refused)
    text = ngettext("%d payment stayed in the queue", "%d payments stayed in the queue", count) % count
    reasons = sorted({each.text for each in outcome.refused})
    messages.warning(request, f"{text}: {' '.join(reasons)}")


@require_GET
@requires_permission("review.bulk")
def review_batch(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Show what was approved in one go."""
    decisions = selectors.decisions_of_batch(batch)
    if not decisions:
        raise Http404
    return _rendered(request, "batch", present.batch(batch, decisions, now=timezone.now()))


@require_POST
@requires_permission("review.bulk")
def undo_batch(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Take back everything of one go that is not on its way to WHMCS."""
    if not selectors.decisions_of_batch(batch):
        raise Http404
    taken = bulk.undo_batch(
        batch=batch,
        actor=actor_of(request),
        now=timezone.now(),
        may_undo_others="settings.change" in request.permissions,
    )
    text = ngettext("%d approval was undone.", "%d approvals were undone.", taken.undone) % taken.undone
    messages.success(request, text)
    for reason in sorted({each.text for each in taken.refused}):
        messages.warning(request, reason)
    return HttpResponseRedirect(link("review_batch", batch), status=303)
