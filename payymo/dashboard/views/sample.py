"""Looking around with sample data: the review screen over an invented month, in one's own session."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from matching.core.types import Candidate
from payymo.dashboard import refreshing
from payymo.dashboard.links import link
from payymo.dashboard.pages import Decided, Hints, Panel, Status, Undone
from payymo.dashboard.pages.shell import Banner
from payymo.dashboard.presenters.hints import hints_for
from payymo.dashboard.sample import aside, progress, screen
from payymo.dashboard.sample.month import Month, month
from payymo.dashboard.shell import shell_of
from tenants import days

View = Callable[..., HttpResponse]


def in_sample(view: View) -> View:
    """Decorate a page of the sample: without one, or once the company has something of its own, there is none."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = progress.read(request.session)
        if found is None:
            return HttpResponseRedirect(link("overview"), status=303)
        return view(request, *args, found=found, **kwargs)

    return inside


def month_of(found: progress.Progress) -> Month:
    """Return the month as it is after what was decided."""
    return month(days.today(timezone.now()), found.uses)


def known_or_404(number: int) -> int:
    """Return the number of a payment of the sample; any other is 404."""
    if number not in month(days.today(timezone.now())).receipts:
        raise Http404
    return number


def panel_of(request: HttpRequest, found: progress.Progress, number: int) -> Panel:
    """Build the panel of a payment."""
    may_decide = "review.decide" in request.permissions
    today = days.today(timezone.now())
    return screen.panel(month_of(found), known_or_404(number), found, today=today, may_decide=may_decide)


def show(
    request: HttpRequest,
    found: progress.Progress,
    number: int | None = None,
    *,
    shows: Panel | None = None,
    code: int = 200,
) -> HttpResponse:
    """Answer the whole screen; `shows` replaces the panel that would be built."""
    today = days.today(timezone.now())
    may_decide = "review.decide" in request.permissions
    page = screen.page(month_of(found), found, number=number, today=today, may_decide=may_decide, shows=shows)
    banner = Banner("warn", _("Sample data: every payment and invoice here is invented, and nothing is posted."))
    around = {
        "shell": replace(shell_of(request, "review"), banner=banner),
        "page": page,
        "hints": _hints(request, found),
        "aside": aside.found(today),
    }
    return render(request, "dashboard/sample/page.html", around, status=code)


def _hints(request: HttpRequest, found: progress.Progress) -> Hints | None:
    return hints_for(request, besides=found.count)


@require_POST
@requires_permission("review.view")
def begin(request: HttpRequest) -> HttpResponse:
    """Begin to look around, if the company has nothing of its own yet."""
    if not progress.is_offered():
        messages.error(request, _("Sample data are for a company without connections: this one has its own."))
        return HttpResponseRedirect(link("overview"), status=303)
    progress.begin(request.session)
    return HttpResponseRedirect(link("sample"), status=303)


@require_POST
@requires_permission("review.view")
def remove(request: HttpRequest) -> HttpResponse:
    """Remove all of it."""
    progress.remove(request.session)
    messages.success(request, _("The sample data are gone."))
    return HttpResponseRedirect(link("overview"), status=303)


@require_GET
@requires_permission("review.view")
@in_sample
def review(request: HttpRequest, *, found: progress.Progress) -> HttpResponse:
    """Show the queue and its first payment."""
    return show(request, found)


@require_GET
@requires_permission("review.view")
@in_sample
def item(request: HttpRequest, number: int, *, found: progress.Progress) -> HttpResponse:
    """Show the queue and one payment."""
    return show(request, found, known_or_404(number))


@require_GET
@requires_permission("review.view")
@in_sample
def panel(request: HttpRequest, number: int, *, found: progress.Progress) -> HttpResponse:
    """Answer one payment as a fragment."""
    return render(request, "dashboard/review/panel.html", {"page": panel_of(request, found, number)})


@require_GET
@requires_permission("review.view")
@in_sample
def status(request: HttpRequest, *, found: progress.Progress) -> HttpResponse:
    """Answer the counters, or 204 while they are those that the caller shows already; without script, the page."""
    if not refreshing.is_part(request):
        return HttpResponseRedirect(link("sample"))
    shown = screen.shown(month_of(found), found)
    if request.GET.get("state") == shown.state:
        return HttpResponse(status=204)
    return render(request, "dashboard/review/status.html", {"page": Status(shown)})


@require_POST
@requires_permission("review.decide")
@in_sample
def act(request: HttpRequest, number: int, name: str, *, found: progress.Progress) -> HttpResponse:
    """Decide an invented payment: it leaves the queue of this session, and nothing else happens."""
    if name not in progress.ACTS:
        raise Http404
    if known_or_404(number) not in found.closed:
        book = month_of(found)
        chosen = _chosen(found.candidates(book, number), request.POST.get("candidate", ""))
        if name == "reject" and chosen is not None:
            found.reject(number, chosen)
        elif name == "approve" and chosen is not None:
            given = tuple((share.invoice_id, share.amount_minor, 0) for share in chosen.allocations)
            found.give(number, given, left=book.left[number], rest=request.POST.get("rest", ""))
        elif name in ("hold", "ignore"):
            found.acts.append(progress.Act(number, closes=True))
        progress.save(request.session, found)
    return after(request, found, number)


def _chosen(candidates: list[Candidate], key: str) -> Candidate | None:
    place = int(key) - 1 if key.isdecimal() and len(key) < 3 else 0
    return candidates[place] if 0 <= place < len(candidates) else None


def after(request: HttpRequest, found: progress.Progress, number: int) -> HttpResponse:
    """Answer what a decision changed."""
    if not request.htmx:
        return HttpResponseRedirect(link("sample"), status=303)
    book, is_decided = month_of(found), number in found.closed
    left = found.left(book)
    shown = left[0] if is_decided and left else None if is_decided else number
    today = days.today(timezone.now())
    page = Decided(
        removed=(book.receipts[number].id,) if is_decided else (),
        progress=screen.shown(book, found),
        announcement=_("Decided. %d left.") % len(left) if is_decided else _("Still to decide."),
        undo=screen.undo_bar(found),
        panel=screen.panel(book, shown, found, today=today, may_decide=True) if shown else None,
    )
    return render(request, "dashboard/review/decided.html", {"page": page, "hints": _hints(request, found)})


@require_POST
@requires_permission("review.decide")
@in_sample
def undo(request: HttpRequest, number: int, *, found: progress.Progress) -> HttpResponse:
    """Take a decision back."""
    if found.take_back(known_or_404(number)):
        progress.save(request.session, found)
    if not request.htmx:
        return HttpResponseRedirect(link("sample"), status=303)
    book, today = month_of(found), days.today(timezone.now())
    page = Undone(
        screen.row(book, number, found, number),
        screen.panel(book, number, found, today=today, may_decide=True),
        screen.shown(book, found),
        _("Taken back."),
        screen.undo_bar(found),
    )
    return render(request, "dashboard/review/undone.html", {"page": page})
