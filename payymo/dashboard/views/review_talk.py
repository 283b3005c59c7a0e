"""What colleagues do for each other on the review screen: assign, comment, keep a view of the queue."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from matching.services import teamwork
from payymo.dashboard.links import link
from payymo.dashboard.pages import Noted
from payymo.dashboard.review_filter import chosen_in, query_of, queue_behind
from payymo.dashboard.views.review import receipt_or_404
from payymo.dashboard.views.review_decide import invalid, panel_of
from payymo.shared.errors import DomainError


def _answer(request: HttpRequest, receipt_id: uuid.UUID, announcement: str) -> HttpResponse:
    onward = request.POST.get("next", "")
    if not request.htmx:
        if onward.startswith("/") and url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
            return HttpResponseRedirect(onward, status=303)
        query = query_of(queue_behind(request))
        return HttpResponseRedirect(link("review_item", receipt_id) + (f"?{query}" if query else ""), status=303)
    shown = panel_of(request, receipt_or_404(receipt_id), now=timezone.now())
    page = Noted(shown, announcement, who=shown.assignee)
    return render(request, "dashboard/review/noted.html", {"page": page})


@require_POST
@requires_permission("review.decide")
def assign(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Give the payment to a colleague, or to nobody."""
    now, asked = timezone.now(), request.POST.get("assignee", "")
    receipt = receipt_or_404(receipt_id)
    try:
        assignee = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
        given = teamwork.assign_receipt(
            receipt_id=receipt.public_id, assignee_id=assignee, assigned_by=request.user, now=now
        )
    except DomainError as error:
        return invalid(request, receipt_id, panel_of(request, receipt, now=now, error=str(error)))
    said = _("Assigned to %s.") % given.assignee_name if given else _("Assigned to nobody.")
    return _answer(request, receipt_id, said)


@require_POST
@requires_permission("review.decide")
def comment(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Say something about the payment."""
    now, receipt = timezone.now(), receipt_or_404(receipt_id)
    text = request.POST.get("text", "")
    try:
        teamwork.comment_on(receipt_id=receipt.public_id, text=text, author=request.user, now=now)
    except DomainError as error:
        return invalid(request, receipt_id, panel_of(request, receipt, now=now, error=str(error)))
    return _answer(request, receipt_id, _("Comment saved."))


@require_POST
@requires_permission("review.view")
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters and the order of the queue under a name."""
    query = query_of(queue_behind(request, "query"))
    try:
        teamwork.save_view(
            name=request.POST.get("name", ""),
            query=query,
            is_shared=request.POST.get("shared") == "on",
            owner=request.user,
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("View saved."))
    return HttpResponseRedirect(link("review") + (f"?{query}" if query else ""), status=303)


@require_POST
@requires_permission("review.view")
def remove_view(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Forget one of one's own views."""
    if teamwork.forget_view(view_id=view_id, owner=request.user):
        messages.success(request, _("View removed."))
    query = query_of(chosen_in(request))
    return HttpResponseRedirect(link("review") + (f"?{query}" if query else ""), status=303)
