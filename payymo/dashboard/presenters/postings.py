"""Payments on their way to WHMCS, and what a person can do about those that stopped."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching.models import InvoiceMatch, StripeInvoiceMatch
from payymo.dashboard import formats, paging, words
from payymo.dashboard.links import link
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


def listing(request: HttpRequest, *, now: datetime) -> PostingsPage:
    """Build the list, newest first, 50 a page; without a choice it shows what needs a person."""
    state = paging.asked_choice(request, "state", [*Posting.State.values, "all"]) or STOPPED
    states = {STOPPED: selectors.NEEDS_A_PERSON, "all": ()}.get(state, (state,))
    rows = selectors.postings(states=states).filter(kind=Posting.Kind.POST)
    if (position := paging.cursor(request)) is not None:
        rows = rows.filter(pk__lt=position[1])
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    payments = _payments([row.pk for row in shown])
    may_retry = "postings.retry" in request.permissions
    return PostingsPage(
        rows=tuple(_row(row, payments.get(row.pk, ""), now, may_retry) for row in shown),
        filters=_filters(request, state),
        pager=paging.pager(request, after=f"p_{shown[-1].pk}" if more else ""),
        empty="" if shown else "nothing" if state == STOPPED else "filtered",
    )


def _payments(keys: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for model, subject in ((InvoiceMatch, "bank_transaction"), (StripeInvoiceMatch, "stripe_payment")):
        for match in model.objects.filter(posting__in=keys).select_related(subject):
            found[match.posting_id or 0] = link("transaction", getattr(match, subject).public_id)
    return found


def _row(row: Posting, payment_url: str, now: datetime, may_retry: bool) -> PostingRow:
    return PostingRow(
        number=row.invoice.display_number,
        client=row.invoice.client.display_name,
        amount=Amount(row.amount, row.currency),
        state=words.state_chip(row.state, str(row.get_state_display())),
        why=row.last_error,
        moment=formats.moment(row.created_at, now),
        url=link("invoice", row.invoice.public_id),
        payment_url=payment_url,
        stopped=stopped(row, row.invoice, may_retry=may_retry),
    )


def _filters(request: HttpRequest, state: str) -> Filters:
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
        has_search=False,
    )
