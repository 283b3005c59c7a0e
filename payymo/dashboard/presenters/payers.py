"""What is known of payers, in the words of the screen."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching import payer_selectors as selectors
from matching.models import PayerProfile
from matching.payer_selectors import PayerName
from payymo.dashboard import formats, ordering, paging, saved_views, tables, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import Chip, Choice, Fact, FilterChip, Filters, FilterSelect
from payymo.dashboard.pages.payers import PayerPage, PayerPayment, PayerRow, PayersPage
from payymo.dashboard.presenters import receipts

_STATES = ("used", "blocked")
_ORDERS = {"hits": "hits", "rejections": "rejections", "seen": "last_seen_date"}


def listing(request: HttpRequest) -> PayersPage:
    """Build the list, last seen first unless asked otherwise, 50 a page."""
    text, state = paging.asked_text(request), paging.asked_choice(request, "state", _STATES)
    rows = selectors.payers(text=text, blocked={"used": False, "blocked": True}.get(state))
    order = tables.asked(request, "payers", default=Order("seen", falls=True))
    field = _ORDERS[order.column]
    rows = ordering.ordered(rows, field, order, ordering.position(request, tables.kind_of("payers", order)))
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    names = selectors.names_of(shown)
    return PayersPage(
        rows=tuple(_row(each, names.get(each.key, PayerName())) for each in shown),
        filters=_filters(request, text, state, order),
        pager=paging.pager(request, after=f"{getattr(shown[-1], field)}_{shown[-1].pk}" if more else ""),
        views=saved_views.of(request, "payers"),
        table=tables.table(request, "payers", order),
        empty="" if shown else "filtered" if text or state else "nothing",
    )


def _filters(request: HttpRequest, text: str, state: str, order: Order) -> Filters:
    states = (
        Choice("", _("All")),
        Choice("used", _("Used"), state == "used"),
        Choice("blocked", _("Not used"), state == "blocked"),
    )
    chips = []
    if text:
        chips.append(FilterChip(f"“{text}”", paging.without(request, "q")))
    if state:
        label = _("Used") if state == "used" else _("Not used")
        chips.append(FilterChip(label, paging.without(request, "state")))
    select = FilterSelect("state", _("State"), states)
    return Filters(q=text, selects=(select,), chips=tuple(chips), clear_url=request.path, hidden=ordering.kept(order))


def _name(payer: PayerProfile, known: PayerName) -> str:
    if payer.label:
        return payer.label
    if known.name or payer.kind == PayerProfile.Kind.ACCOUNT:
        return known.name or _("Unknown payer")
    name = payer.key.partition("|")[0]  # a name and a text are kept as name|text
    return formats.visible(name) or _("No name")


def _known_by(payer: PayerProfile, known: PayerName) -> str:
    if payer.kind == PayerProfile.Kind.ACCOUNT:
        return _("Account %s") % receipts.masked(known.last4) if known.last4 else _("Account")
    if payer.kind == PayerProfile.Kind.NAME:
        return _("Name")
    return _("Name and text “%s”") % formats.visible(payer.key.partition("|")[2])


def _state(payer: PayerProfile) -> Chip:
    return Chip(_("Not used"), "neutral") if payer.is_blocked else Chip(_("Used"), "ok")


def _row(payer: PayerProfile, known: PayerName) -> PayerRow:
    return PayerRow(
        url=link("payer", payer.public_id),
        name=_name(payer, known),
        known_by=_known_by(payer, known),
        client=payer.client.display_name,
        hits=payer.hits,
        rejections=payer.rejections,
        last_seen=payer.last_seen_date,
        state=_state(payer),
    )


def detail(payer: PayerProfile, *, may_change: bool) -> PayerPage:
    """Show one entry and the payer's latest payments."""
    known = selectors.names_of([payer]).get(payer.key, PayerName())
    client = f"{payer.client.display_name} #{payer.client.whmcs_id}"
    facts = (
        Fact(_("Known by"), text=_known_by(payer, known)),
        Fact(_("Pays for"), text=client),
        Fact(_("Matched"), text=formats.number(payer.hits)),
        Fact(_("Rejected"), text=formats.number(payer.rejections)),
        Fact(_("Last seen"), day=payer.last_seen_date),
    )
    return PayerPage(
        title=_name(payer, known),
        state=_state(payer),
        facts=facts,
        payments=tuple(
            PayerPayment(
                url=offer("transaction", receipt.public_id),
                day=receipts.day_of(receipt),
                reference=receipts.reference_of(receipt),
                amount=receipts.amount_of(receipt),
                state=words.state_chip(receipt.state, str(receipt.get_state_display())),
            )
            for receipt in selectors.payments_of(payer)
        ),
        label=payer.label,
        is_blocked=payer.is_blocked,
        rename_url=link("payer_rename", payer.public_id) if may_change else "",
        block_url=link("payer_block", payer.public_id) if may_change else "",
        forget_url=link("payer_forget", payer.public_id) if may_change else "",
    )
