"""Find and split: matching by hand inside the panel."""

import uuid
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.guards import requires_permission
from banking.models import BankTransaction
from matching import finding, locks, selectors
from matching.services import allocation, decisions
from matching.services.crediting import allocate_to_credit
from matching.services.decisions import UnusableAllocation
from payymo.dashboard import paging
from payymo.dashboard.formats import money
from payymo.dashboard.links import offer
from payymo.dashboard.pages import Amount, CreditResult, FindPanel, FindResult, Panel, SplitPanel
from payymo.dashboard.presenters.candidates import reason_lines
from payymo.dashboard.presenters.review import rest_choices
from payymo.dashboard.presenters.split import Split, read
from payymo.dashboard.views.review import page_of, receipt_or_404
from payymo.dashboard.views.review_decide import actor_of, chosen_rest, decide, invalid, is_stale, panel_of
from payymo.shared.money import exponent
from whmcs import selectors as whmcs
from whmcs.models import Invoice, WhmcsInstance

RESULT_LIMIT, REASON_LIMIT, CLIENT_LIMIT = 20, 4, 5
ROW_LIMIT = 200


def _result(found: finding.Result) -> FindResult:
    invoice = found.invoice
    items = "; ".join(line.description for line in list(invoice.lines.all())[:2])
    return FindResult(
        key=str(invoice.public_id),
        number=invoice.display_number,
        client=invoice.client.display_name,
        outstanding=Amount(invoice.outstanding, invoice.currency),
        due_date=invoice.due_date,
        items=items,
        reasons=reason_lines((*found.reasons, *found.against))[:REASON_LIMIT],
        url=offer("invoice", invoice.public_id),
    )


def _show(request: HttpRequest, receipt_id: uuid.UUID, shown: Panel, *, code: int = 200) -> HttpResponse:
    if code == 422:
        return invalid(request, receipt_id, shown)
    if not request.htmx:
        return page_of(request, receipt_id, panel=shown)
    return render(request, "dashboard/review/panel.html", {"page": shown})


@require_http_methods(["GET", "POST"])
@requires_permission("review.decide")
def find(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Search open invoices for a payment; POST matches it with one of them, or books it as a client's credit."""
    if request.method == "POST":
        return decide(request, receipt_id, _to_credit if "client" in request.POST else _link_found)
    receipt = receipt_or_404(receipt_id)
    text = paging.asked_text(request)
    results, more = finding.find(receipt, text, limit=RESULT_LIMIT)
    shown = replace(
        panel_of(request, receipt, now=timezone.now()),
        find=FindPanel(
            q=text,
            results=tuple(_result(each) for each in results),
            clients=_clients(receipt, text),
            more=more,
            searched=bool(text),
        ),
    )
    return _show(request, receipt_id, shown)


def _clients(receipt: locks.Receipt, text: str) -> tuple[CreditResult, ...]:
    """The clients that the words name, for a transfer that is for no invoice; words that give an amount name none."""
    if not isinstance(receipt, BankTransaction) or not text or any(word[0] in "=~" for word in text.split()):
        return ()
    rows = whmcs.clients(text=text).exclude(instance__state=WhmcsInstance.State.REMOVED)[:CLIENT_LIMIT]
    return tuple(CreditResult(str(row.public_id), row.display_name, f"#{row.whmcs_id}") for row in rows)


def _to_credit(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
    try:
        wanted = uuid.UUID(request.POST.get("client", ""))
    except ValueError as error:
        raise UnusableAllocation(_("Choose a client.")) from error
    client = whmcs.clients().filter(public_id=wanted).first()
    if client is None:
        raise UnusableAllocation(_("Choose a client."))
    return allocate_to_credit(receipt_id=receipt.public_id, client=client, actor=actor_of(request), now=now)


def _link_found(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
    invoice = _invoices(request.POST.getlist("invoice")[:1])
    if not invoice:
        raise UnusableAllocation(_("Choose an invoice."))
    amount = min(receipt.unallocated, max(invoice[0].outstanding, Decimal(0)))
    return allocation.allocate_by_hand(
        receipt_id=receipt.public_id,
        lines=[allocation.Line(invoice[0].pk, amount)],
        actor=actor_of(request),
        now=now,
    )


def _invoices(keys: list[str]) -> list[Invoice]:
    """Return the invoices with these public ids, in the order given; unreadable ids are left out."""
    wanted = []
    for key in keys[:ROW_LIMIT]:
        try:
            wanted.append(uuid.UUID(key))
        except ValueError:
            continue
    rows = Invoice.objects.filter(public_id__in=wanted).select_related("client", "instance").prefetch_related("lines")
    found = {row.public_id: row for row in rows}
    return [found[key] for key in dict.fromkeys(wanted) if key in found]


def _typed(request: HttpRequest, receipt: locks.Receipt) -> Split:
    sent = request.POST if request.method == "POST" else request.GET
    # A new row comes last and is offered what the others leave.
    keys = [name.removeprefix("amount-") for name in sent if name.startswith("amount-")]
    keys += sent.getlist("invoice")
    if not keys and request.method == "GET":
        keys = [str(line.invoice.public_id) for p in selectors.proposals_of(receipt)[:1] for line in p.lines.all()]
    return read(_invoices(keys), sent, currency=receipt.currency, holds=receipt.unallocated)


def _editor(request: HttpRequest, receipt: locks.Receipt, typed: Split) -> SplitPanel:
    sent = request.POST if request.method == "POST" else request.GET
    q = sent.get("q", "").replace("\x00", "").strip()[:100]
    taken = {row.key for row in typed.rows}
    results = [each for each in finding.find(receipt, q)[0] if str(each.invoice.public_id) not in taken]
    return SplitPanel(
        rows=typed.rows,
        unallocated=Amount(typed.left, receipt.currency),
        digits=exponent(receipt.currency),
        rest_uses=rest_choices(sent.get("rest", "")),
        q=q,
        results=tuple(_result(each) for each in results),
    )


def _errors(typed: Split, receipt: locks.Receipt) -> list[str]:
    over = _("This is %s more than the payment holds.") % money(Amount(-typed.left, receipt.currency))
    return [*typed.errors, *([over] if typed.left < 0 else [])]


@require_http_methods(["GET", "POST"])
@requires_permission("review.decide")
def split(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Show the split editor; POST `do=save` matches the payment with its rows."""
    receipt = receipt_or_404(receipt_id)
    typed = _typed(request, receipt)
    errors = _errors(typed, receipt)
    saves = request.method == "POST" and request.POST.get("do", "save") == "save"
    if saves and is_stale(request, receipt):
        return decide(request, receipt_id, _save_split)
    if saves and not errors:
        if not typed.rows or typed.left <= 0 or request.POST.get("rest"):
            return decide(request, receipt_id, _save_split)
        errors = [_("Say what happens to the rest, or give it to an invoice.")]
    editor = _editor(request, receipt, typed)
    shown = replace(panel_of(request, receipt, now=timezone.now()), split=editor, error="; ".join(errors))
    return _show(request, receipt_id, shown, code=422 if errors else 200)


def _save_split(receipt: locks.Receipt, request: HttpRequest, now: datetime) -> decisions.Decided:
    return allocation.allocate_by_hand(
        receipt_id=receipt.public_id,
        lines=_typed(request, receipt).lines,
        actor=actor_of(request),
        now=now,
        rest=chosen_rest(request),
    )
