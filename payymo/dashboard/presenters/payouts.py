"""Stripe payouts in a list: what each is made of, and where the bank shows it."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import reach
from matching import payout_selectors
from payments.adapters import equation_of
from payments.core.payout_sum import Part
from payments.models import Payout
from payymo.dashboard import csv_files, formats, ordering, paging, saved_views, tables
from payymo.dashboard.links import link, offer
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import Amount, Chip, Choice, FilterChip, Filters, FilterSelect, PayoutRow, PayoutsPage
from payymo.shared.money import meant_amounts, quantized

STATES = ("yes", "no", "difference", "failed")
_STATE_WORDS = {
    "yes": lambda: _("On the bank account"),
    "no": lambda: _("Not found yet"),
    "difference": lambda: _("Does not add up"),
    "failed": lambda: _("Failed"),
}
CSV_HEADER = (
    "arrives", "payout", "status", "currency", "charges", "gross", "fees", "refunds", "disputes", "adjustments",
    "returned_payouts", "carried_in", "payout_fee", "paid_out", "carried_out", "difference", "bank_day", "bank_amount",
    "bank_currency",
)  # fmt: skip


_ORDERS = {"arrives": "arrival_date", "net": "amount"}


def asked_order(request: HttpRequest) -> Order:
    """Return the order that the query asks for, else the latest arrival first."""
    return tables.asked(request, "payouts", default=Order("arrives", falls=True))


def asked_rows(request: HttpRequest) -> QuerySet[Payout]:
    """Return the payouts that the query asks for, in no order."""
    found, text = paging.asked_choice(request, "found", STATES), paging.asked_text(request)
    rows = Payout.objects.filter(reach.of_stripe())
    unsettled = payout_selectors.unsettled().values("pk")
    if found == "yes":
        rows = rows.exclude(pk__in=unsettled)
    elif found == "no":
        rows = rows.filter(pk__in=unsettled).exclude(status__in=("failed", "canceled"))
    elif found == "difference":
        rows = rows.exclude(items_difference=None).exclude(items_difference=0)
    elif found == "failed":
        rows = rows.filter(status__in=("failed", "canceled"))
    if text:
        amounts = [each * sign for each in meant_amounts(text) for sign in (1, -1)]
        rows = rows.filter(Q(payout_id__icontains=text) | Q(trace_id__icontains=text) | Q(amount__in=amounts))
    return rows


def ordered_rows(request: HttpRequest) -> QuerySet[Payout]:
    """Return all of them in the order that the query asks for."""
    order = asked_order(request)
    return ordering.ordered(asked_rows(request), _ORDERS[order.column], order, None)


def listing(request: HttpRequest) -> PayoutsPage:
    """Build the list, 50 a page."""
    found, text = paging.asked_choice(request, "found", STATES), paging.asked_text(request)
    order = asked_order(request)
    position = ordering.position(request, tables.kind_of("payouts", order))
    rows = ordering.ordered(asked_rows(request), _ORDERS[order.column], order, position)
    shown, more = paging.page_of(request, list(payout_selectors.with_settlements(rows)[: paging.PAGE_SIZE + 1]))
    offered = payout_selectors.candidates_of([row for row in shown if not row.found])
    return PayoutsPage(
        rows=tuple(_row(payout, len(offered.get(payout.pk, ()))) for payout in shown),
        filters=_filters(request, found, text, order),
        pager=paging.pager(
            request, after=f"{getattr(shown[-1], _ORDERS[order.column])}_{shown[-1].pk}" if more else ""
        ),
        views=saved_views.of(request, "payouts"),
        table=tables.table(request, "payouts", order),
        csv_url=f"{link('payouts_csv')}?{request.GET.urlencode()}" if shown else "",
        empty="" if shown else "filtered" if found or text else "nothing",
    )


def _filters(request: HttpRequest, found: str, text: str, order: Order) -> Filters:
    chips = []
    if text:
        chips.append(FilterChip(f"“{text}”", paging.without(request, "q")))
    if found:
        chips.append(FilterChip(_STATE_WORDS[found](), paging.without(request, "found")))
    choices = (
        Choice("", _("All payouts")),
        *(Choice(state, _STATE_WORDS[state](), found == state) for state in STATES),
    )
    return Filters(
        q=text,
        selects=(FilterSelect("found", _("State"), choices),),
        chips=tuple(chips),
        clear_url=request.path,
        hidden=ordering.kept(order),
    )


def _row(payout: Payout, offered: int) -> PayoutRow:
    equation, known = equation_of(payout), bool(payout.parts)

    def part(*names: Part) -> Amount | None:
        return Amount(sum((equation.part(name) for name in names), Decimal(0)), payout.currency) if known else None

    found = payout.found[0] if payout.found else None
    return PayoutRow(
        url=link("payout", payout.public_id),
        payout_id=payout.payout_id,
        arrival_date=payout.arrival_date,
        charges=equation.counts.get(Part.CHARGES, 0),
        gross=part(Part.CHARGES),
        fees=part(Part.FEES),
        returned=part(Part.REFUNDS, Part.DISPUTES),
        adjusted=part(Part.ADJUSTMENTS, Part.RETURNED_PAYOUTS),
        net=Amount(payout.amount, payout.currency),
        state=chip_of(payout, settled=found is not None, offered=offered),
        note=note_of(payout),
        bank_text=formats.day(found.bank_transaction.booking_date) if found else "",
        bank_url=offer("transaction", found.bank_transaction.public_id) if found else "",
    )


def note_of(payout: Payout) -> str:
    """Say what is unusual about a payout."""
    if payout.method == "instant":
        return _("Instant")
    return "" if payout.automatic else _("Sent by hand")


def chip_of(payout: Payout, *, settled: bool, offered: int = 0) -> Chip:
    """Say how it stands; what is wrong comes before what is right."""
    if payout.has_failed:
        returned = settled and len(payout.found) > 1
        if settled and not returned:
            return Chip(_("Failed, not returned yet"), "bad")
        return Chip(_("Failed, returned") if returned else _("Failed"), "bad" if not returned else "neutral")
    if payout.items_difference:
        return Chip(_("Does not add up"), "bad")
    if settled:
        return Chip(_("On the bank account"), "ok")
    if offered:
        return Chip(_("Choose the bank entry"), "warn")
    return Chip(_("In transit") if payout.status in ("pending", "in_transit") else _("Not found yet"), "info")


def csv_rows(rows: QuerySet[Payout]) -> Iterator[tuple[object, ...]]:
    """Return the table of a download."""
    for payout in payout_selectors.with_settlements(rows)[: csv_files.MOST_ROWS + 1].iterator(chunk_size=500):
        equation, currency = equation_of(payout), payout.currency
        found = payout.found[0] if payout.found else None
        known = [quantized(equation.part(part), currency) if payout.parts else "" for part in Part]
        charges, fees, refunds, disputes, adjustments, returned = known
        yield (
            payout.arrival_date, payout.payout_id, payout.status, currency, equation.counts.get(Part.CHARGES, 0),
            charges, fees, refunds, disputes, adjustments, returned, csv_files.plain(payout.carried_in, currency),
            csv_files.plain(payout.fee, currency), csv_files.plain(payout.amount, currency),
            csv_files.plain(payout.carried_out, currency), csv_files.plain(payout.items_difference, currency),
            found.bank_transaction.booking_date if found else "",
            csv_files.plain(found.bank_amount, found.bank_currency) if found else "",
            found.bank_currency if found else "",
        )  # fmt: skip
