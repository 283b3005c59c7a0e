"""Decisions on the review screen. The rules are in `matching.services.allocation`."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from matching import locks, selectors
from matching.models import Decision
from matching.services import allocation
from matching.services.decisions import Actor
from payymo.dashboard.links import link
from payymo.dashboard.pages import Conflict, Decided, Panel, Undone
from payymo.dashboard.presenters import decided as last
from payymo.dashboard.presenters import review as present
from payymo.dashboard.views.review import may_decide, page_of, progress_now, receipt_or_404
from payymo.shared.errors import BadInput, DomainError
from payymo.shared.errors import Conflict as Refusal
from payymo.shared.models import ReceiptState

Act = Callable[[locks.Receipt, HttpRequest, datetime], allocation.Decided]


def actor_of(request: HttpRequest) -> Actor:
    """Return who decides: a member of the tenant, or staff acting on the staff host."""
    return Actor.staff(request.user) if request.is_staff_host else Actor.person(request.user)


def _next_panel(request: HttpRequest, *, besides: str, now: datetime) -> Panel | None:
    wanted = request.POST.get("next", "")
    if wanted:
        try:
            found = selectors.find_receipt(uuid.UUID(wanted))
        except ValueError:
            found = None
        if found is not None and found.state != ReceiptState.RECONCILED:
            return present.panel(found, may_decide=may_decide(request), now=now)
    for row in selectors.queue(on=now.date())[:2]:
        receipt = row.bank_transaction or row.stripe_payment
        if receipt is not None and str(receipt.public_id) != besides:
            return present.panel(receipt, may_decide=may_decide(request), now=now)
    return None


def _conflict(request: HttpRequest, receipt_id: uuid.UUID, text: str, now: datetime) -> HttpResponse:
    receipt = receipt_or_404(receipt_id)
    shown = present.panel(receipt, may_decide=may_decide(request), now=now)
    if not request.htmx:
        return page_of(request, receipt_id, panel=replace(shown, error=text), code=409)
    gone = receipt.state not in (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)
    words = f"{shown.state}. {text}" if shown.state else text
    conflict = Conflict(str(receipt_id), words, progress_now(now), gone=gone, panel=shown)
    return render(request, "dashboard/review/conflict.html", {"page": conflict}, status=409)


def invalid(request: HttpRequest, receipt_id: uuid.UUID, shown: Panel) -> HttpResponse:
    """Answer a form that does not fit, with its error."""
    if not request.htmx:
        return page_of(request, receipt_id, panel=shown, code=422)
    return render(request, "dashboard/review/panel.html", {"page": shown}, status=422)


def _answer(request: HttpRequest, receipt_id: uuid.UUID, decided: allocation.Decided, now: datetime) -> HttpResponse:
    if not request.htmx:
        return HttpResponseRedirect(link("review"), status=303)
    following = _next_panel(request, besides=str(receipt_id), now=now)
    progress = progress_now(now)
    said = str(decided.decision.get_kind_display())
    text = _("%(what)s. Next: %(next)s. %(left)d left.") if following else _("%(what)s. %(left)d left.")
    words = text % {"what": said, "next": following.summary if following else "", "left": progress.left_count}
    stays = (
        decided.decision.kind == Decision.Kind.REJECT
        or receipt_or_404(receipt_id).state == ReceiptState.PARTLY_ALLOCATED
    )
    page = Decided(
        removed=() if stays else (str(receipt_id),),
        progress=progress,
        announcement=words,
        undo=last.undo_bar(decided.decision, now=now),
        panel=present.panel(receipt_or_404(receipt_id), may_decide=True, now=now) if stays else following,
        stale=decided.stale,
    )
    return render(request, "dashboard/review/decided.html", {"page": page})


def is_stale(request: HttpRequest, receipt: locks.Receipt) -> bool:
    """Return whether the form was filled in before somebody or the engine changed the payment."""
    sent = request.POST.get("version", "")
    return bool(sent) and sent != present.version_of(receipt, selectors.proposals_of(receipt))


def decide(request: HttpRequest, receipt_id: uuid.UUID, act: Act) -> HttpResponse:
    """Run one decision: 200 when it is done, 409 when someone was faster, 422 when the form does not fit."""
    now = timezone.now()
    receipt = receipt_or_404(receipt_id)
    if is_stale(request, receipt):
        return _conflict(request, receipt_id, _("It has changed since you opened it; nothing was saved."), now)
    try:
        decided = act(receipt, request, now)
    except Refusal as error:
        return _conflict(request, receipt_id, str(error), now)
    except DomainError as error:
        shown = present.panel(receipt_or_404(receipt_id), may_decide=True, now=now, error=str(error))
        return invalid(request, receipt_id, shown)
    return _answer(request, receipt_id, decided, now)


def _candidate(receipt: locks.Receipt, request: HttpRequest) -> uuid.UUID:
    """Return the chosen suggestion's id, which must be one of this payment's.

    Raises: Refusal when it is not among the open ones any more.
    """
    wanted = request.POST.get("candidate", "")
    opened = selectors.proposals_of(receipt)
    found = next((p for p in opened if str(p.public_id) == wanted), None) if wanted else next(iter(opened), None)
    if found is None:
        raise Refusal(_("This suggestion was replaced meanwhile; nothing was saved."))
    return found.public_id


@require_POST
@requires_permission("review.decide")
def approve(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Approve the chosen suggestion."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> allocation.Decided:
        return allocation.approve_proposal(proposal_id=_candidate(receipt, request), actor=actor_of(request), now=now)

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def reject(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Say that the chosen suggestion is wrong."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> allocation.Decided:
        return allocation.reject_proposal(
            proposal_id=_candidate(receipt, request),
            actor=actor_of(request),
            now=now,
            reason=request.POST.get("reason", ""),
        )

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def hold(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Put the payment off."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> allocation.Decided:
        try:
            until = date.fromisoformat(request.POST.get("until", ""))
        except ValueError as error:
            raise BadInput(_("Choose the day until which it is put off.")) from error
        return allocation.hold_receipt(receipt_id=receipt_id, until=until, actor=actor_of(request), now=now)

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def ignore(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Say that the payment settles no invoice."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> allocation.Decided:
        return allocation.ignore_receipt(
            receipt_id=receipt_id, reason=request.POST.get("reason", ""), actor=actor_of(request), now=now
        )

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def undo(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Take a decision back."""
    now = timezone.now()
    decision = (
        Decision.objects.select_related("bank_transaction", "stripe_payment").filter(public_id=decision_id).first()
    )
    if decision is None:
        raise Http404
    receipt = decision.bank_transaction or decision.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    try:
        allocation.undo_decision(
            decision_id=decision_id,
            actor=actor_of(request),
            now=now,
            may_undo_others="settings.change" in request.permissions,
        )
    except DomainError as error:
        return _conflict(request, receipt.public_id, str(error), now)
    if not request.htmx:
        return HttpResponseRedirect(link("review_item", receipt.public_id), status=303)
    best = selectors.queue(on=now.date()).filter(**_about(receipt)).first()
    shown = present.panel(receipt_or_404(receipt.public_id), may_decide=True, now=now)
    if best is None:
        conflict = Conflict(str(receipt.public_id), _("Undone."), progress_now(now), gone=False, panel=shown)
        return render(request, "dashboard/review/conflict.html", {"page": conflict})
    page = Undone(
        row=present.queue_row(best, current=str(receipt.public_id)),
        panel=shown,
        progress=progress_now(now),
        announcement=_("Undone. %s is in the queue again.") % shown.summary,
    )
    return render(request, "dashboard/review/undone.html", {"page": page})


def _about(receipt: locks.Receipt) -> dict[str, locks.Receipt]:
    return {"bank_transaction": receipt} if hasattr(receipt, "booking_date") else {"stripe_payment": receipt}
