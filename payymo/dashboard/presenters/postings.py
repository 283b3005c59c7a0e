"""Payments on their way to WHMCS, and what a person can do about those that stopped."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching.models import InvoiceMatch, StripeInvoiceMatch
from payymo.dashboard import formats, ordering, paging, saved_views, tables, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import (
    Amount,
    Choice,
    FilterChip,
    Filters,
    FilterSelect,
    PostingRow,
    PostingsPage,
    StoppedPosting,
)
from whmcs import selectors
from whmcs.models import Invoice, Posting

STOPPED = "stopped"
_ORDERS = {"approved": "pk", "amount": "amount"}


def stopped(posting: Posting, invoice: Invoice, *, may_retry: bool) -> StoppedPosting | None:
    """Return what can be done about a posting that waits for a person, or for its next try."""
    state = Posting.State
    if not may_retry or posting.state not in (state.CONFLICT, state.FAILED, state.RETRYABLE):
        return None
    retry, give_up = link("posting_retry", posting.public_id), link("posting_give_up", posting.public_id)
    if not retry:
        return None
    amount = Amount(posting.amount, posting.currency)
    return StoppedPosting(str(posting.public_id), invoice.display_number, amount, retry, give_up)


def held(posting: Posting | None) -> str:
    """Say why a posting that waits is not sent now: its WHMCS is paused. Empty for any other."""
    waits = (Posting.State.QUEUED, Posting.State.RETRYABLE)
    if posting is None or posting.state not in waits or not posting.instance.is_paused:
        return ""
    return _("Not sent: %s is paused.") % posting.instance.name


def listing(request: HttpRequest, *, now: datetime) -> PostingsPage:
    """Build the list, newest first unless asked otherwise, 50 a page; by itself it shows what needs a person."""
    state = paging.asked_choice(request, "state", [*Posting.State.values, "all"]) or STOPPED
    states = {STOPPED: selectors.NEEDS_A_PERSON, "all": ()}.get(state, (state,))
    rows = selectors.postings(states=states).filter(kind=Posting.Kind.POST)
    order = tables.asked(request, "postings", default=Order("approved", falls=True))
    field = _ORDERS[order.column]
    rows = ordering.ordered(rows, field, order, ordering.position(request, tables.kind_of("postings", order)))
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    payments = _payments([row.pk for row in shown])
    may_retry = "postings.retry" in request.permissions
    return PostingsPage(
        rows=tuple(_row(row, payments.get(row.pk, ""), now, may_retry) for row in shown),
        filters=_filters(request, state, order),
        pager=paging.pager(request, after=f"{getattr(shown[-1], field)}_{shown[-1].pk}" if more else ""),
        table=tables.table(request, "postings", order),
        views=saved_views.of(request, "postings"),
        empty="" if shown else "nothing" if state == STOPPED else "filtered",
    )


def _payments(keys: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for model, subject in ((InvoiceMatch, "bank_transaction"), (StripeInvoiceMatch, "stripe_payment")):
        for match in model.objects.filter(posting__in=keys).select_related(subject):
            found[match.posting_id or 0] = offer("transaction", getattr(match, subject).public_id)
    return found


def _row(row: Posting, payment_url: str, now: datetime, may_retry: bool) -> PostingRow:
    return PostingRow(
        number=row.invoice.display_number,
        client=row.invoice.client.display_name,
        amount=Amount(row.amount, row.currency),
        state=words.state_chip(row.state, str(row.get_state_display())),
        why=held(row) or row.error_in_words,
        held_url=offer("connections") if held(row) else "",
        moment=formats.moment(row.created_at, now),
        url=offer("invoice", row.invoice.public_id),
        payment_url=payment_url,
        stopped=stopped(row, row.invoice, may_retry=may_retry),
    )


def _filters(request: HttpRequest, state: str, order: Order) -> Filters:
    needs = _("Needs a person")
    choices = [Choice("", needs, state == STOPPED), Choice("all", _("All"), state == "all")]
    # The list's own word for both states that stop is taken, so these two are named in full.
    choices += [Choice(value, str(label), value == state) for value, label in Posting.State.choices if label != needs]
    label = _("All") if state == "all" else str(Posting.State(state).label) if state != STOPPED else ""
    chips = (FilterChip(label, paging.without(request, "state")),) if label else ()
    return Filters(
        selects=(FilterSelect("state", _("State"), tuple(choices)),),
        chips=chips,
        clear_url=request.path,
        hidden=ordering.kept(order),
        has_search=False,
    )
