"""The review screen: the page and its fragments. Decisions are in `review_decide` and `review_edit`."""

import uuid
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import reach
from accounts.guards import requires_permission
from matching import locks, queue_selectors, selectors
from matching.models import Proposal
from matching.services import teamwork
from payymo.dashboard import refreshing
from payymo.dashboard.links import link
from payymo.dashboard.pages import Panel, Progress, QueuePage, ReviewPage, Status
from payymo.dashboard.presenters import decided as last
from payymo.dashboard.presenters import review as present
from payymo.dashboard.presenters.hints import hints_for
from payymo.dashboard.review_filter import (
    chosen_in,
    cursor_in,
    filter_bar,
    is_filtered,
    query_of,
    queue_behind,
    views_for,
)
from payymo.dashboard.shell import shell_of
from payymo.dashboard.staff import staff_context
from tenants import days


def may_decide(request: HttpRequest) -> bool:
    """Return whether the viewer may decide payments."""
    return "review.decide" in request.permissions


def may_bulk(request: HttpRequest) -> bool:
    """Return whether the viewer may approve many payments in one go."""
    return may_decide(request) and "review.bulk" in request.permissions


def receipt_or_404(receipt_id: uuid.UUID) -> locks.Receipt:
    """Return the payment with the id; another tenant's, or one out of reach, is 404."""
    found = selectors.find_receipt(receipt_id)
    if found is None:
        raise Http404
    return found


def page_of(
    request: HttpRequest, receipt_id: uuid.UUID | None, *, panel: Panel | None = None, code: int = 200
) -> HttpResponse:
    """Answer the whole screen; `panel` replaces the one that would be built."""
    now = timezone.now()
    # Behind a form that came back the address holds no filter of its own.
    chosen = queue_behind(request) if panel else chosen_in(request)
    rows = queue_selectors.page(on=days.today(now), chosen=chosen, cursor=cursor_in(request))
    counts = queue_selectors.band_counts(on=days.today(now))
    receipt = receipt_or_404(receipt_id) if receipt_id else None
    if receipt is None and rows:
        receipt = rows[0].bank_transaction or rows[0].stripe_payment
    if panel is None and receipt is not None:
        panel = present.panel(receipt, may_decide=may_decide(request), now=now, query=query_of(chosen))
    opened = None
    if receipt_id and receipt and not _is_on(rows[: queue_selectors.PAGE_SIZE], receipt):
        opened = next(iter(queue_selectors.best_of([receipt.public_id], on=days.today(now))), None)
    queue = _queue_page(request, rows, chosen, counts, current=panel.receipt_id if panel else "", opened=opened)
    empty = ""
    if not rows:
        anything = Proposal.objects.filter(reach.by_account("bank_transaction__account")).exists()
        empty = "filtered" if is_filtered(chosen) else "done" if anything else "nothing"
    latest = last.last_decision(user_id=request.user.pk)
    undo = last.undo_bar(latest, now=now) if latest and (now - latest.decided_at).total_seconds() < 900 else None
    page = ReviewPage(
        queue=queue,
        panel=panel,
        progress=last.progress(now=now, counts=counts),
        filters=filter_bar(chosen, teamwork.colleagues(), user_id=request.user.pk),
        base_url=link("review"),
        status_url=link("review_status"),
        undo=undo,
        recent=last.recent(
            now=now,
            user_id=request.user.pk if may_decide(request) else None,
            may_undo_others="settings.change" in request.permissions,
        ),
        item=receipt_id is not None,
        empty=empty,  # type: ignore[arg-type]
        views=views_for(chosen, user_id=request.user.pk),
        bulk_url=link("review_bulk") if may_bulk(request) else "",
        bulk_count=counts["exact"],
    )
    template = "admin/review.html" if request.is_staff_host else "dashboard/review/page.html"
    around = (
        {"shell": shell_of(request, "review"), "hints": hints_for(request)}
        if not request.is_staff_host
        else staff_context(request)
    )
    return render(request, template, {**around, "page": page}, status=code)


def _is_on(rows: list[Proposal], receipt: locks.Receipt) -> bool:
    return any(receipt in (row.bank_transaction, row.stripe_payment) for row in rows)


def _queue_page(
    request: HttpRequest,
    rows: list[Proposal],
    chosen: queue_selectors.QueueFilter,
    counts: dict[str, int],
    *,
    current: str = "",
    opened: Proposal | None = None,
) -> QueuePage:
    return present.queue_page(
        rows,
        counts=counts,
        query=query_of(chosen),
        current=current,
        opened=opened,
        is_first=not cursor_in(request),
        order=chosen.order,
        selects=may_bulk(request),
        # A band is counted whole; any other filter takes rows out of it.
        counts_hold=not query_of(chosen, band="", order=""),
    )


@require_GET
@requires_permission("review.view")
def review(request: HttpRequest) -> HttpResponse:
    """Show the queue and its first payment."""
    return page_of(request, None)


@require_GET
@requires_permission("review.view")
def review_item(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Show the queue and one payment."""
    return page_of(request, receipt_id)


@require_GET
@requires_permission("review.view")
def queue(request: HttpRequest) -> HttpResponse:
    """Answer one page of the queue as a fragment; without script, the page."""
    if not refreshing.is_part(request):
        return HttpResponseRedirect(f"{link('review')}?{request.GET.urlencode()}")
    now, chosen = timezone.now(), chosen_in(request)
    rows = queue_selectors.page(on=days.today(now), chosen=chosen, cursor=cursor_in(request))
    page = _queue_page(request, rows, chosen, queue_selectors.band_counts(on=days.today(now)))
    return render(request, "dashboard/review/queue.html", {"page": page})


@require_GET
@requires_permission("review.view")
def panel(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Answer the panel of one payment as a fragment; without script, its page."""
    query = query_of(queue_behind(request))
    if not request.htmx:
        return HttpResponseRedirect(link("review_item", receipt_id) + (f"?{query}" if query else ""))
    receipt = receipt_or_404(receipt_id)
    shown = present.panel(receipt, may_decide=may_decide(request), now=timezone.now(), query=query)
    return render(request, "dashboard/review/panel.html", {"page": shown})


def progress_now(now: datetime) -> Progress:
    """Return the counters."""
    return last.progress(now=now, counts=queue_selectors.band_counts(on=days.today(now)))


@require_GET
@requires_permission("review.view")
def status(request: HttpRequest) -> HttpResponse:
    """Answer the counters, or 204 while they are those that the caller shows already; without script, the page."""
    if not refreshing.is_part(request):
        return HttpResponseRedirect(link("review"))
    progress = progress_now(timezone.now())
    if request.GET.get("state") == progress.state:
        return HttpResponse(status=204)
    return render(request, "dashboard/review/status.html", {"page": Status(progress)})
