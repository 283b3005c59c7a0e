"""Decisions on the review screen. The rules are in `matching.services.allocation`."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from accounts.services.idempotency import TenantRecords
from matching import locks, queue_selectors, selectors
from matching.models import Decision
from matching.pace import LONGEST_GAP
from matching.services import allocation, decisions, setting_aside, undoing
from matching.services.decisions import Actor
from matching.services.rests import Rest
from matching.versions import version_of
from payymo.dashboard import formats
from payymo.dashboard.links import link
from payymo.dashboard.pages import Amount, Conflict, Decided, Panel, Undone
from payymo.dashboard.presenters import decided as last
from payymo.dashboard.presenters import review as present
from payymo.dashboard.presenters.hints import hints_for
from payymo.dashboard.review_filter import query_of, queue_behind
from payymo.dashboard.views.review import may_decide, page_of, progress_now, receipt_or_404
from payymo.shared.api.idempotency import Kept, Scope
from payymo.shared.errors import BadInput, DomainError
from payymo.shared.errors import Conflict as Refusal
from payymo.shared.models import ReceiptState
from tenants import days

_OPEN = (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED)
_KEY_LIFE = timedelta(days=1)
Act = Callable[[locks.Receipt, HttpRequest, datetime], decisions.Decided]


def actor_of(request: HttpRequest) -> Actor:
    """Return who decides: a member of the tenant, or staff acting on the staff host."""
    if request.is_staff_host:
        return Actor.staff(request.user)
    return Actor.person(request.user, open_ms=_open_ms(request.POST.get("open_ms", "")))


def _open_ms(told: str) -> int | None:
    """Read how long the payment was shown; what cannot be, or was longer than a break, is not known."""
    known = int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else None
    return known if known is not None and known <= LONGEST_GAP.total_seconds() * 1000 else None


def panel_of(request: HttpRequest, receipt: locks.Receipt, *, now: datetime, error: str = "") -> Panel:
    """Build the panel of a payment, in the queue that the request comes from."""
    query = query_of(queue_behind(request))
    return present.panel(receipt, may_decide=may_decide(request), now=now, error=error, query=query)


def _next_panel(request: HttpRequest, *, besides: str, now: datetime) -> Panel | None:
    """Return the payment that script shows already, or else the first of the queue as it is filtered."""
    shown = _shown_next(request, now)
    if shown is not None:
        return panel_of(request, shown, now=now)
    for row in queue_selectors.page(on=days.today(now), chosen=queue_behind(request), size=1):
        receipt = row.bank_transaction or row.stripe_payment
        if receipt is not None and str(receipt.public_id) != besides:
            return panel_of(request, receipt, now=now)
    return None


def _shown_next(request: HttpRequest, now: datetime) -> locks.Receipt | None:
    try:
        found = selectors.find_receipt(uuid.UUID(request.POST.get("next", "")))
    except ValueError:
        return None
    if found is None or found.state not in _OPEN or (found.held_until and found.held_until > days.today(now)):
        return None
    return found


def _conflict(request: HttpRequest, receipt_id: uuid.UUID, text: str, now: datetime) -> HttpResponse:
    receipt = receipt_or_404(receipt_id)
    shown = panel_of(request, receipt, now=now)
    if not request.htmx:
        return page_of(request, receipt_id, panel=replace(shown, error=text), code=409)
    gone = receipt.state not in _OPEN
    words = f"{shown.state}. {text}" if shown.state else text
    conflict = Conflict(str(receipt_id), words, progress_now(now), gone=gone, panel=shown)
    return render(request, "dashboard/review/conflict.html", {"page": conflict}, status=409)


def invalid(request: HttpRequest, receipt_id: uuid.UUID, shown: Panel) -> HttpResponse:
    """Answer a form that does not fit, with its error."""
    if not request.htmx:
        return page_of(request, receipt_id, panel=shown, code=422)
    return render(request, "dashboard/review/panel.html", {"page": shown}, status=422)


def _answer(request: HttpRequest, receipt_id: uuid.UUID, decided: decisions.Decided, now: datetime) -> HttpResponse:
    if not request.htmx:
        query = query_of(queue_behind(request))
        return HttpResponseRedirect(link("review") + (f"?{query}" if query else ""), status=303)
    receipt = receipt_or_404(receipt_id)
    rest_left = receipt.state == ReceiptState.PARTLY_ALLOCATED
    # The page went on at once where it had a next payment; what is left of this one waits in the queue.
    waits = decided.decision.kind == Decision.Kind.FIRST
    stays = decided.decision.kind == Decision.Kind.REJECT or ((rest_left or waits) and not request.POST.get("next"))
    key = str(receipt_id)
    shown = panel_of(request, receipt, now=now) if stays else _next_panel(request, besides=key, now=now)
    progress = progress_now(now)
    page = Decided(
        removed=() if stays or rest_left or waits else (key,),
        progress=progress,
        announcement=_announced(decided.decision, receipt, shown, stays=stays, left=progress.left_count),
        undo=last.with_offer(
            last.undo_bar(decided.decision, now=now),
            decided.decision,
            may_change="rules.change" in request.permissions,
        ),
        panel=shown,
        stale=decided.stale,
    )
    return render(request, "dashboard/review/decided.html", {"page": page, "hints": hints_for(request)})


def _announced(decision: Decision, receipt: locks.Receipt, shown: Panel | None, *, stays: bool, left: int) -> str:
    """Say what was done, what of the payment is still open, and what is shown now."""
    if shown is None:
        text = _("%(what)s. %(left)d left.")
    elif not stays:
        text = _("%(what)s. Next: %(next)s. %(left)d left.")
    elif shown.candidates:
        text = _("%(what)s. Still to decide: %(next)s. %(left)d left.")
    else:
        text = _("%(what)s. Still to decide: %(next)s, without a suggestion. %(left)d left.")
    said = str(decision.get_kind_display())
    if not stays and receipt.state == ReceiptState.PARTLY_ALLOCATED:
        rest = formats.money(Amount(receipt.unallocated, receipt.currency))
        said = _("%(what)s. %(rest)s of it is still open") % {"what": said, "rest": rest}
    return text % {"what": said, "next": shown.summary if shown else "", "left": left}


def is_stale(request: HttpRequest, receipt: locks.Receipt) -> bool:
    """Return whether the form was filled in before somebody or the engine changed the payment."""
    sent = request.POST.get("version", "")
    return bool(sent) and sent != version_of(receipt, selectors.proposals_of(receipt))


def decide(request: HttpRequest, receipt_id: uuid.UUID, act: Act) -> HttpResponse:
    """Run one decision: 200 when it is done, 409 when someone was faster, 422 when the form does not fit.

    Shape: the version is compared under the payment's lock, and a form that is sent twice is decided once and
    answered twice alike.
    """
    now = timezone.now()
    receipt_or_404(receipt_id)
    try:
        with transaction.atomic():
            decided = _once(request, receipt_id, act, now)
    except Refusal as error:
        return _conflict(request, receipt_id, str(error), now)
    except DomainError as error:
        shown = panel_of(request, receipt_or_404(receipt_id), now=now, error=str(error))
        return invalid(request, receipt_id, shown)
    return _answer(request, receipt_id, decided, now)


def _once(request: HttpRequest, receipt_id: uuid.UUID, act: Act, now: datetime) -> decisions.Decided:
    key = request.POST.get("key", "")[:64]
    scope = Scope(caller=f"browser:{request.user.pk}", route=request.path[:300], key=key)
    records = TenantRecords()
    if key:
        if not records.claim(scope):
            raise Refusal(_("This is being saved already."))
        if kept := records.find(scope, now=now):
            return decisions.Decided(Decision.objects.get(public_id=kept.answer))
    receipt = locks.lock_receipt(receipt_id)
    if is_stale(request, receipt):
        raise Refusal(_("It has changed since you opened it; nothing was saved."))
    decided = act(receipt, request, now)
    if key:
        kept = Kept(body_sha256="", status=200, answer=str(decided.decision.public_id))
        records.keep(scope, kept, now=now, until=now + _KEY_LIFE)
    return decided


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


def chosen_rest(request: HttpRequest) -> Rest:
    """Read what becomes of the money beyond a match; nothing said leaves it open.

    Raises: BadInput.
    """
    try:
        return Rest(request.POST.get("rest") or Rest.OPEN)
    except ValueError as error:
        raise BadInput(_("Say what happens to the rest, or give it to an invoice.")) from error


@require_POST
@requires_permission("review.decide")
def approve(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Approve the chosen suggestion."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
        return allocation.approve_proposal(
            proposal_id=_candidate(receipt, request), actor=actor_of(request), now=now, rest=chosen_rest(request)
        )

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def reject(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Say that the chosen suggestion is wrong."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
        return setting_aside.reject_proposal(
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

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
        try:
            until = date.fromisoformat(request.POST.get("until", ""))
        except ValueError as error:
            raise BadInput(_("Choose the day until which it is put off.")) from error
        return setting_aside.hold_receipt(receipt_id=receipt_id, until=until, actor=actor_of(request), now=now)

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def ignore(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Say that the payment settles no invoice."""

    def act(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
        return setting_aside.ignore_receipt(
            receipt_id=receipt_id, reason=request.POST.get("reason", ""), actor=actor_of(request), now=now
        )

    return decide(request, receipt_id, act)


@require_POST
@requires_permission("review.decide")
def undo(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Take a decision back."""
    now = timezone.now()
    decision = selectors.find_decision(decision_id)
    if decision is None:
        raise Http404
    receipt = decision.bank_transaction or decision.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    try:
        undoing.undo_decision(
            decision_id=decision_id,
            actor=actor_of(request),
            now=now,
            may_undo_others="settings.change" in request.permissions,
        )
    except DomainError as error:
        return _conflict(request, receipt.public_id, str(error), now)
    if not request.htmx:
        query = query_of(queue_behind(request))
        item = link("review_item", receipt.public_id)
        return HttpResponseRedirect(item + (f"?{query}" if query else ""), status=303)
    best = queue_selectors.queue(on=days.today(now)).filter(**_about(receipt)).first()
    shown = panel_of(request, receipt_or_404(receipt.public_id), now=now)
    if best is None:
        conflict = Conflict(str(receipt.public_id), _("Undone."), progress_now(now), gone=False, panel=shown)
        return render(request, "dashboard/review/conflict.html", {"page": conflict})
    page = Undone(
        row=present.queue_row(best, current=str(receipt.public_id), query=shown.queue),
        panel=shown,
        progress=progress_now(now),
        announcement=_("Undone. %s is in the queue again.") % shown.summary,
    )
    return render(request, "dashboard/review/undone.html", {"page": page})


def _about(receipt: locks.Receipt) -> dict[str, locks.Receipt]:
    return {"bank_transaction": receipt} if hasattr(receipt, "booking_date") else {"stripe_payment": receipt}
