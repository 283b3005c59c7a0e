"""The review screen: the page, its fragments and the decisions. The rules are in `matching.services.allocation`."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching import locks, selectors
from matching.models import Band, Decision, Proposal
from matching.services import allocation
from matching.services.decisions import Actor
from payymo.dashboard import paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import (
    Choice,
    Conflict,
    Decided,
    FilterChip,
    Filters,
    FilterSelect,
    Panel,
    Progress,
    ReviewPage,
    Status,
)
from payymo.dashboard.pages.review import Undone
from payymo.dashboard.presenters import review as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.staff import staff_context
from payymo.shared.errors import BadInput, DomainError
from payymo.shared.errors import Conflict as Refusal
from payymo.shared.models import ReceiptState

_SOURCES = ("bank", "stripe")
_TOO_MUCH = Decimal(10) ** 15
Act = Callable[[locks.Receipt, HttpRequest, datetime], allocation.Decided]


def may_decide(request: HttpRequest) -> bool:
    """Return whether the viewer may decide payments."""
    return "review.decide" in request.permissions


def actor_of(request: HttpRequest) -> Actor:
    """Return who decides: a member of the tenant, or staff acting on the staff host."""
    return Actor.staff(request.user) if request.is_staff_host else Actor.person(request.user)


def _chosen(request: HttpRequest) -> selectors.QueueFilter:
    asked = request.GET
    try:
        least = Decimal(asked["over"]) if asked.get("over") else None
    except InvalidOperation:
        least = None
    if least is not None and not (least.is_finite() and abs(least) < _TOO_MUCH):
        least = None
    return selectors.QueueFilter(
        band=asked.get("band", "") if asked.get("band", "") in Band.values else "",
        source=asked.get("source", "") if asked.get("source", "") in _SOURCES else "",
        text=paging.asked_text(request),
        least_amount=least,
    )


def _query(chosen: selectors.QueueFilter, **without: str) -> str:
    kept = {
        "band": chosen.band, "source": chosen.source, "q": chosen.text,
        "over": str(chosen.least_amount) if chosen.least_amount is not None else "",
    }  # fmt: skip
    return urlencode({key: value for key, value in {**kept, **without}.items() if value})


def _filters(chosen: selectors.QueueFilter) -> Filters:
    base = link("review")

    def chip(label: str, name: str) -> FilterChip:
        return FilterChip(label, f"{base}?{_query(chosen, **{name: ''})}")

    chips = []
    if chosen.band:
        chips.append(chip(str(Band(chosen.band).label), "band"))
    if chosen.source:
        chips.append(chip(_("Bank") if chosen.source == "bank" else "Stripe", "source"))
    if chosen.text:
        chips.append(chip(f"“{chosen.text}”", "q"))
    if chosen.least_amount is not None:
        chips.append(chip(_("Over %s") % chosen.least_amount, "over"))
    bands = (
        Choice("", _("All bands")),
        *(Choice(b.value, str(b.label), b == chosen.band) for b in selectors.BAND_ORDER),
    )
    sources = (
        Choice("", _("Bank and Stripe")),
        Choice("bank", _("Bank"), chosen.source == "bank"),
        Choice("stripe", "Stripe", chosen.source == "stripe"),
    )
    return Filters(
        q=chosen.text,
        selects=(FilterSelect("band", _("Band"), bands), FilterSelect("source", _("Source"), sources)),
        chips=tuple(chips),
        clear_url=base,
    )


def _cursor(request: HttpRequest) -> tuple[int, Decimal, int] | None:
    try:
        place, amount, key = request.GET["cursor"].split("_")
        found = int(place), Decimal(amount), int(key)
    except (KeyError, ValueError, InvalidOperation):
        return None
    return found if found[1].is_finite() and abs(found[1]) < _TOO_MUCH else None


def receipt_or_404(receipt_id: uuid.UUID) -> locks.Receipt:
    """Return this tenant's payment with the id; anybody else's is 404."""
    found = selectors.find_receipt(receipt_id)
    if found is None:
        raise Http404
    return found


def page_of(
    request: HttpRequest, receipt_id: uuid.UUID | None, *, panel: Panel | None = None, code: int = 200
) -> HttpResponse:
    """Answer the whole screen; `panel` replaces the one that would be built."""
    now = timezone.now()
    chosen, cursor = _chosen(request), _cursor(request)
    rows = selectors.after(selectors.queue(on=now.date(), chosen=chosen), cursor)
    counts = selectors.band_counts(on=now.date())
    receipt = receipt_or_404(receipt_id) if receipt_id else None
    if receipt is None and rows:
        receipt = rows[0].bank_transaction or rows[0].stripe_payment
    if panel is None and receipt is not None:
        panel = present.panel(receipt, may_decide=may_decide(request), now=now)
    current = panel.receipt_id if panel else ""
    queue = present.queue_page(rows, counts=counts, query=_query(chosen), current=current, is_first=cursor is None)
    empty = ""
    if not rows:
        anything = Proposal.objects.exists()
        empty = "filtered" if _query(chosen) else "done" if anything else "nothing"
    last = present.last_decision(user_id=request.user.pk)
    undo = present.undo_bar(last, now=now) if last and (now - last.decided_at).total_seconds() < 900 else None
    page = ReviewPage(
        queue=queue,
        panel=panel,
        progress=present.progress(now=now, counts=counts),
        filters=_filters(chosen),
        base_url=link("review"),
        status_url=link("review_status"),
        undo=undo,
        recent=present.recent(now=now),
        item=receipt_id is not None,
        empty=empty,  # type: ignore[arg-type]
    )
    template = "admin/review.html" if request.is_staff_host else "dashboard/review/page.html"
    around = {"shell": shell_of(request, "review")} if not request.is_staff_host else staff_context(request)
    return render(request, template, {**around, "page": page}, status=code)


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
    """Answer one page of the queue as a fragment."""
    now = timezone.now()
    chosen, cursor = _chosen(request), _cursor(request)
    rows = selectors.after(selectors.queue(on=now.date(), chosen=chosen), cursor)
    counts = selectors.band_counts(on=now.date())
    page = present.queue_page(rows, counts=counts, query=_query(chosen), current="", is_first=cursor is None)
    return render(request, "dashboard/review/queue.html", {"page": page})


@require_GET
@requires_permission("review.view")
def panel(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Answer the panel of one payment as a fragment; without script, its page."""
    if not request.htmx:
        return HttpResponseRedirect(link("review_item", receipt_id))
    shown = present.panel(receipt_or_404(receipt_id), may_decide=may_decide(request), now=timezone.now())
    return render(request, "dashboard/review/panel.html", {"page": shown})


def _progress(now: datetime) -> Progress:
    return present.progress(now=now, counts=selectors.band_counts(on=now.date()))


@require_GET
@requires_permission("review.view")
def status(request: HttpRequest) -> HttpResponse:
    """Answer the counters."""
    now = timezone.now()
    last = present.last_decision(user_id=request.user.pk)
    undo = present.undo_bar(last, now=now) if last and (now - last.decided_at).total_seconds() < 900 else None
    return render(request, "dashboard/review/status.html", {"page": Status(_progress(now), undo)})


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
    conflict = Conflict(str(receipt_id), words, _progress(now), gone=gone, panel=shown)
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
    progress = _progress(now)
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
        undo=present.undo_bar(decided.decision, now=now),
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
        conflict = Conflict(str(receipt.public_id), _("Undone."), _progress(now), gone=False, panel=shown)
        return render(request, "dashboard/review/conflict.html", {"page": conflict})
    page = Undone(
        row=present.queue_row(best, current=str(receipt.public_id)),
        panel=shown,
        progress=_progress(now),
        announcement=_("Undone. %s is in the queue again.") % shown.summary,
    )
    return render(request, "dashboard/review/undone.html", {"page": page})


def _about(receipt: locks.Receipt) -> dict[str, locks.Receipt]:
    return {"bank_transaction": receipt} if hasattr(receipt, "booking_date") else {"stripe_payment": receipt}
