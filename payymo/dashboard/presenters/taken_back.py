"""What was taken back of matched payments: on the page of a payment, and as a list of what waits for a person."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching import taken_back_selectors as selectors
from matching.locks import Receipt
from matching.taken_back_models import TakenBack
from matching.taken_back_selectors import Standing
from payymo.dashboard import formats, ordering, paging, saved_views, tables
from payymo.dashboard.links import link, offer
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import (
    Amount,
    Choice,
    FilterChip,
    Filters,
    FilterSelect,
    ReturnRow,
    ReturnsPage,
    TakenBackNote,
    TakenBackStep,
)
from payymo.dashboard.presenters import receipts
from tenants import days

_MOST_INVOICES = 5
_ORDERS = {"noticed": "pk", "amount": "amount", "day": "day"}


def notes_of(receipt: Receipt, *, may_decide: bool) -> tuple[TakenBackNote, ...]:
    """Say what was taken back of a payment, the latest first."""
    rows = selectors.of_receipt(receipt)
    found = selectors.standings(rows) if rows else {}
    return tuple(_note(row, found[row.pk], may_decide) for row in rows)


def listing(request: HttpRequest, *, now: datetime, may_decide: bool) -> ReturnsPage:
    """Build the list of what WHMCS must still be told of, newest first unless asked otherwise, 50 a page."""
    kind = paging.asked_choice(request, "kind", tuple(selectors.KINDS))
    order = tables.asked(request, "returns", default=Order("noticed", falls=True))
    field = _ORDERS[order.column]
    rows = selectors.by_amount_and_day(selectors.to_deal_with(kind=kind))
    rows = ordering.ordered(rows, field, order, ordering.position(request, tables.kind_of("returns", order)))
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    found = selectors.standings(shown)
    return ReturnsPage(
        rows=tuple(_row(row, found[row.pk], now, may_decide) for row in shown),
        filters=_filters(request, kind, order),
        pager=paging.pager(request, after=f"{getattr(shown[-1], field)}_{shown[-1].pk}" if more else ""),
        table=tables.table(request, "returns", order),
        empty="" if shown else "filtered" if kind else "nothing",
        views=saved_views.of(request, "returns"),
    )


def _filters(request: HttpRequest, kind: str, order: Order) -> Filters:
    names = {"return": _("Returned by the bank"), "refund": _("Refunded"), "dispute": _("Disputed, and lost")}
    choices = (Choice("", _("All")), *(Choice(code, name, code == kind) for code, name in names.items()))
    return Filters(
        selects=(FilterSelect("kind", _("Money taken back"), choices),),
        chips=(FilterChip(names[kind], paging.without(request, "kind")),) if kind else (),
        clear_url=request.path,
        hidden=ordering.kept(order),
        has_search=False,
    )


def _row(row: TakenBack, standing: Standing, now: datetime, may_decide: bool) -> ReturnRow:
    receipt = selectors.payment_of(row)
    return ReturnRow(
        url=offer("transaction", receipt.public_id),
        name=receipts.name_of(receipt) or _("Unknown payer"),
        reference=receipts.reference_of(receipt),
        noticed=formats.moment(row.noticed_at, now),
        note=_note(row, standing, may_decide),
    )


def _note(row: TakenBack, standing: Standing, may_decide: bool) -> TakenBackNote:
    is_open = row.shown_at is None and row.dealt_with_at is None
    return TakenBackNote(
        source=_source(row),
        amount=Amount(*selectors.money_of(row)),
        day=selectors.day_of(row),
        steps=_steps(row, standing),
        ended=_ended(row),
        dealt_with_url=link("return_dealt_with", row.public_id) if may_decide and is_open else "",
    )


def _source(row: TakenBack) -> str:
    if row.pair is not None:
        return _("Returned by the bank")
    gateway = selectors.payment_of(row).gateway.label
    if row.refund is not None:
        return _("Refunded through %s") % gateway
    return _("Disputed at %s, and lost") % gateway


def _ended(row: TakenBack) -> str:
    if row.shown_day is not None:
        return _("WHMCS shows it since %s.") % formats.day(row.shown_day)
    if row.dealt_with_at is not None:
        return _("Dealt with on %s.") % formats.day(days.today(row.dealt_with_at))
    return ""


def _steps(row: TakenBack, standing: Standing) -> tuple[TakenBackStep, ...]:
    if standing.is_unsent:
        return (TakenBackStep(_("The match is not in WHMCS yet: undo it."), done=False, note=_ended(row)),)
    bookings = "; ".join(
        _("invoice %(number)s, transaction %(transaction)s") % {
            "number": match.invoice.display_number,
            "transaction": match.posting.transaction_id if match.posting else "",
        }
        for match in standing.matches[:_MOST_INVOICES]
    )  # fmt: skip
    amount = formats.money(Amount(*selectors.money_of(row)))
    record = _(
        "Record a refund of %(amount)s in WHMCS for this very payment (%(bookings)s). Choose that the money was sent "
        "elsewhere, or WHMCS sends it a second time."
    ) % {"amount": amount, "bookings": bookings}
    steps = [TakenBackStep(record, done=row.shown_at is not None or standing.shown is not None, note=_ended(row))]
    if standing.is_whole:
        status = ", ".join(dict.fromkeys(match.invoice.status for match in standing.matches[:_MOST_INVOICES]))
        text = _("See that the invoice is no longer paid there: Refunded, or Unpaid or Collections when it is owed.")
        note = _("WHMCS showed: %s.") % status
        steps.append(TakenBackStep(text, done=standing.is_said_by_invoices, note=note))
    return tuple(steps)
