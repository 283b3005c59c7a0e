"""Find and split on sample data: what is matched stays in the session, as every decision about it."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.guards import requires_permission
from payymo.dashboard import paging
from payymo.dashboard.formats import money
from payymo.dashboard.pages import Amount, Panel
from payymo.dashboard.presenters.review import rest_choices
from payymo.dashboard.presenters.split import Split
from payymo.dashboard.sample import by_hand, progress
from payymo.dashboard.sample.month import CURRENCY
from payymo.dashboard.views.sample import after, in_sample, month_of, panel_of, show


def _answer(
    request: HttpRequest, found: progress.Progress, number: int, panel: Panel, *, code: int = 200
) -> HttpResponse:
    if not request.htmx:
        return show(request, found, number, shows=panel, code=code)
    return render(request, "dashboard/review/panel.html", {"page": panel}, status=code)


@require_http_methods(["GET", "POST"])
@requires_permission("review.decide")
@in_sample
def find(request: HttpRequest, number: int, *, found: progress.Progress) -> HttpResponse:
    """Search the invented invoices; POST matches the payment with one of them."""
    panel, month = panel_of(request, found, number), month_of(found)
    if request.method == "GET":
        return _answer(
            request, found, number, replace(panel, find=by_hand.find(month, number, paging.asked_text(request)))
        )
    key = request.POST.get("invoice", "")
    invoice = month.invoices.get(int(key)) if key.isdecimal() and len(key) < 4 else None
    if invoice is None or not invoice.outstanding_minor:
        return _answer(request, found, number, replace(panel, error=_("Choose an invoice.")), code=422)
    if panel.allowed.decide:
        left = month.left[number]
        found.give(number, ((invoice.id, min(left, invoice.outstanding_minor), 0),), left=left, rest="")
        progress.save(request.session, found)
    return after(request, found, number)


@require_http_methods(["GET", "POST"])
@requires_permission("review.decide")
@in_sample
def split(request: HttpRequest, number: int, *, found: progress.Progress) -> HttpResponse:
    """Show the split editor; POST `do=save` matches the payment with its rows."""
    panel, month = panel_of(request, found, number), month_of(found)
    sent = request.POST if request.method == "POST" else request.GET
    best = next(iter(found.candidates(month, number)), None) if request.method == "GET" else None
    offered = tuple(share.invoice_id for share in best.allocations) if best else ()
    rows, rest = by_hand.typed(month, number, sent, suggested=offered), sent.get("rest", "")
    saves = request.method == "POST" and sent.get("do", "save") == "save"
    errors = _errors(rows) or (_missing(rows, rest) if saves else [])
    if saves and not errors:
        if panel.allowed.decide:
            found.give(number, by_hand.shares(rows), left=month.left[number], rest=rest)
            progress.save(request.session, found)
        return after(request, found, number)
    editor = replace(by_hand.editor(month, number, sent, rows), rest_uses=rest_choices(rest))
    shown = replace(panel, split=editor, error="; ".join(errors))
    return _answer(request, found, number, shown, code=422 if errors else 200)


def _errors(rows: Split) -> list[str]:
    over = _("This is %s more than the payment holds.") % money(Amount(-rows.left, CURRENCY))
    return [*rows.errors, *([over] if rows.left < 0 else [])]


def _missing(rows: Split, rest: str) -> list[str]:
    if not rows.lines:
        return [_("Choose an invoice.")]
    return [] if rest or not rows.left else [_("Say what happens to the rest, or give it to an invoice.")]
