"""Stripe payouts: what each holds, and where the bank shows it."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from payments.models import BalanceTransaction, Payout
from payymo.dashboard import formats, paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Amount, Chip, Choice, FilterChip, Filters, FilterSelect, PayoutRow, PayoutsPage

_CHARGES = ("charge",)
_RETURNED = ("refund", "dispute", "refund_failure", "dispute_reversal", "charge_failure")


def listing(request: HttpRequest) -> PayoutsPage:
    """Build the list, latest arrival first, 50 a page."""
    found = paging.asked_choice(request, "found", ("yes", "no"))
    rows = Payout.objects.select_related("settlement__bank_transaction").order_by("-arrival_date", "-pk")
    if found:
        rows = rows.filter(settlement__isnull=found == "no")
    if (position := paging.cursor(request)) is not None:
        try:
            day = date.fromisoformat(position[0])
            rows = rows.filter(Q(arrival_date__lt=day) | Q(arrival_date=day, pk__lt=position[1]))
        except ValueError:
            pass  # an unreadable position shows the first page
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    items: dict[int, list[BalanceTransaction]] = defaultdict(list)
    for item in BalanceTransaction.objects.filter(payout__in=shown).exclude(kind="payout"):
        items[item.payout_id or 0].append(item)
    chips = (
        (FilterChip(_("On the bank account") if found == "yes" else _("Not found yet"), request.path),) if found else ()
    )
    choices = (
        Choice("", _("All payouts")),
        Choice("yes", _("On the bank account"), found == "yes"),
        Choice("no", _("Not found yet"), found == "no"),
    )
    return PayoutsPage(
        rows=tuple(_row(payout, items[payout.pk]) for payout in shown),
        filters=Filters(selects=(FilterSelect("found", _("Bank"), choices),), chips=chips, clear_url=request.path),
        pager=paging.pager(request, after=f"{shown[-1].arrival_date}_{shown[-1].pk}" if more else ""),
        empty="" if shown else "filtered" if found else "nothing",
    )


def _row(payout: Payout, items: list[BalanceTransaction]) -> PayoutRow:
    charges = [item for item in items if item.reporting_category in _CHARGES]
    returned = sum((item.amount for item in items if item.reporting_category in _RETURNED), Decimal(0))
    settlement = getattr(payout, "settlement", None)
    return PayoutRow(
        payout_id=payout.payout_id,
        arrival_date=payout.arrival_date,
        charges=len(charges),
        gross=Amount(sum((item.amount for item in charges), Decimal(0)), payout.currency),
        fees=Amount(-sum((item.fee for item in items), Decimal(0)), payout.currency),
        returned=Amount(returned, payout.currency),
        net=Amount(payout.amount, payout.currency),
        state=_chip(payout, settled=settlement is not None),
        bank_text=formats.day(settlement.bank_transaction.booking_date) if settlement else "",
        bank_url=link("transaction", settlement.bank_transaction.public_id) if settlement else "",
    )


def _chip(payout: Payout, *, settled: bool) -> Chip:
    if payout.status == "failed":
        return Chip(_("Failed"), "bad")
    if payout.items_difference:
        return Chip(_("Does not add up"), "bad")
    if settled:
        return Chip(_("On the bank account"), "ok")
    return Chip(_("In transit") if payout.status in ("pending", "in_transit") else _("Not found yet"), "info")
