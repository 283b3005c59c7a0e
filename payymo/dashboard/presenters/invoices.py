"""The WHMCS mirror: invoices in a list, and one in full."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Case, Expression, F, Max, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import reach
from matching.core.minted import mint
from matching.models import InvoiceMatch, StripeInvoiceMatch
from payymo.dashboard import csv_files, formats, ordering, paging, saved_views, tables, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import (
    Amount,
    Choice,
    Fact,
    FilterChip,
    Filters,
    FilterSelect,
    InvoiceItem,
    InvoicePage,
    InvoiceRow,
    InvoicesPage,
    ReceivedRow,
)
from payymo.dashboard.presenters import candidates, receipts
from tenants import days
from whmcs import selectors
from whmcs.models import Invoice, WhmcsInstance

_MOST_MOVEMENTS = 5


# What orders each column; an invoice without a day is due last of all.
_ORDERS: Mapping[str, Expression | F] = {
    "number": F("whmcs_id"),
    "due": Coalesce(F("due_date"), Value(date.max)),
    "total": F("total"),
    # As `Invoice.owed` says it.
    "outstanding": Case(When(status__in=Invoice.OPEN, then=F("balance") - F("reserved")), default=Value(Decimal(0))),
}
_NEWEST = Order("number", falls=True)


def _rows(request: HttpRequest, order: Order) -> QuerySet[Invoice]:
    """Return what is asked for, each row with the value that orders it."""
    status = paging.asked_choice(request, "status", Invoice.Status.values)
    found = selectors.invoices(status=status, text=paging.asked_text(request))
    return found.annotate(ordered_by=_ORDERS[order.column])


def listing(request: HttpRequest, *, now: datetime) -> InvoicesPage:
    """Build the list, newest invoice first unless asked otherwise, 50 a page."""
    text = paging.asked_text(request)
    status = paging.asked_choice(request, "status", Invoice.Status.values)
    order = tables.asked(request, "invoices", default=_NEWEST)
    position = ordering.position(request, tables.kind_of("invoices", order))
    rows = ordering.ordered(_rows(request, order), "ordered_by", order, position)
    shown, more = paging.page_of(request, list(rows[: paging.PAGE_SIZE + 1]))
    read = WhmcsInstance.objects.aggregate(at=Max("last_success_at"))["at"]
    return InvoicesPage(
        rows=tuple(_row(invoice, now) for invoice in shown),
        filters=_filters(request, text, status, order),
        pager=paging.pager(request, after=f"{shown[-1].ordered_by}_{shown[-1].pk}" if more else ""),
        views=saved_views.of(request, "invoices"),
        table=tables.table(request, "invoices", order),
        as_of=formats.moment(read, now) if read else None,
        export_url=paging.exported(request, link("invoices_csv")),
        empty="" if shown else "filtered" if text or status else "nothing",
    )


CSV_HEADER = (
    "invoice", "whmcs_id", "client", "issued", "due", "status", "total", "outstanding",
    "currency",
)  # fmt: skip


def csv_rows(request: HttpRequest) -> Iterator[tuple[object, ...]]:
    """Yield every invoice as the list is filtered and ordered."""
    order = tables.asked(request, "invoices", default=_NEWEST)
    rows = ordering.ordered(_rows(request, order), "ordered_by", order, None)
    for row in rows[: csv_files.MOST_ROWS + 1].iterator(chunk_size=2000):
        amounts = (row.total, row.owed)
        yield (
            row.display_number, row.whmcs_id, row.client.display_name, row.issue_date, row.due_date, row.status,
            *(csv_files.plain(amount, row.currency) for amount in amounts), row.currency,
        )  # fmt: skip


def _row(invoice: Invoice, now: datetime) -> InvoiceRow:
    is_open = invoice.status in Invoice.OPEN
    return InvoiceRow(
        url=offer("invoice", invoice.public_id),
        number=invoice.display_number,
        client=invoice.client.display_name,
        total=Amount(invoice.total, invoice.currency),
        outstanding=Amount(invoice.owed, invoice.currency),
        due_date=invoice.due_date,
        due_text=candidates.due_words(invoice.due_date, days.today(now)) if is_open else "",
        state=words.state_chip(invoice.status, words.invoice_status(invoice.status)),
        issue_date=invoice.issue_date,
    )


def _filters(request: HttpRequest, text: str, status: str, order: Order) -> Filters:
    states = [Choice(value, words.invoice_status(value), value == status) for value in Invoice.Status.values]
    chips = []
    if text:
        chips.append(FilterChip(f"“{text}”", paging.without(request, "q")))
    if status:
        chips.append(FilterChip(words.invoice_status(status), paging.without(request, "status")))
    return Filters(
        q=text,
        selects=(FilterSelect("status", _("Status"), (Choice("", _("All")), *states)),),
        chips=tuple(chips),
        clear_url=request.path,
        hidden=ordering.kept(order),
    )


def _ours(invoice: Invoice) -> tuple[ReceivedRow, ...]:
    rows = []
    for model, subject, mine in (
        (InvoiceMatch, "bank_transaction", reach.by_account("bank_transaction__account")),
        (StripeInvoiceMatch, "stripe_payment", reach.of_stripe()),
    ):
        matches = model.objects.filter(mine, invoice=invoice, reverses=None, reversed_by=None)
        for match in matches.select_related(subject, "posting").order_by("pk")[:200]:
            receipt, posting = getattr(match, subject), match.posting
            is_link = posting is not None and posting.kind == "LINK"
            chip = words.link_chip() if is_link or posting is None else words.state_chip(
                posting.state, str(posting.get_state_display())
            )  # fmt: skip
            rows.append(
                ReceivedRow(
                    day=receipts.day_of(receipt),
                    source=_("Bank") if subject == "bank_transaction" else "Stripe",
                    name=receipts.name_of(receipt),
                    amount=Amount(match.amount, match.currency),
                    state=chip,
                    url=offer("transaction", receipt.public_id),
                )
            )
    return tuple(rows)


def _booked_elsewhere(invoice: Invoice) -> tuple[ReceivedRow, ...]:
    """Return what WHMCS booked without us."""
    rows = invoice.transactions.filter(postings=None).order_by("pk")[:200]
    return tuple(
        ReceivedRow(
            day=date.fromisoformat(row.booked_at[:10]) if row.booked_at[:4].isdigit() else invoice.synced_at.date(),
            source="WHMCS",
            name=f"{row.gateway} {row.transaction_id}".strip() if row.is_money else _("Credit or debit note, no money"),
            amount=Amount(row.amount_in - row.amount_out, invoice.currency),
            state=words.link_chip(),
        )
        for row in rows
    )


def _other_names(invoice: Invoice) -> tuple[Fact, ...]:
    """By what else a payment may name it: the reference that Payymo mints, and numbers of orders and mass payments."""
    facts = []
    if not invoice.is_credit_account:
        facts.append(Fact(_("Payment reference"), text=mint(invoice.instance_id, invoice.whmcs_id), verbatim=True))
    if invoice.other_numbers:
        facts.append(Fact(_("Also known as"), text=", ".join(invoice.other_numbers), verbatim=True))
    return tuple(facts)


def _credit_of(invoice: Invoice) -> tuple[Fact, ...]:
    """Say by which movements of the client's credit it was paid: no money of its own came with them."""
    rows = invoice.credit_movements.order_by("-booked_on", "-pk")[:_MOST_MOVEMENTS]
    facts = []
    for row in rows:
        parts = [
            formats.money(Amount(-row.amount, invoice.currency)),
            formats.day(row.booked_on) if row.booked_on else "",
        ]
        facts.append(Fact(_("From the client's credit"), text=", ".join(filter(None, [*parts, row.description]))))
    return tuple(facts)


def _balance(invoice: Invoice) -> Fact:
    """Say what WHMCS has as left to pay, and that nobody owes it where the invoice is closed."""
    label, left = _("Left to pay in WHMCS"), Amount(invoice.balance, invoice.currency)
    if invoice.status in Invoice.OPEN or not invoice.balance:
        return Fact(label, amount=left)
    text = _("%(amount)s, but nothing is owed: the invoice is in the state “%(status)s”.")
    return Fact(label, text=text % {"amount": formats.money(left), "status": words.invoice_status(invoice.status)})


def detail(invoice: Invoice, *, now: datetime, may_refresh: bool = False) -> InvoicePage:
    """Build the page of one invoice."""
    facts = (
        Fact(_("Invoice id"), text=str(invoice.whmcs_id)),
        Fact(_("Number"), text=invoice.number),
        *_other_names(invoice),
        Fact(_("Client"), text=f"{invoice.client.display_name} #{invoice.client.whmcs_id}"),
        Fact(_("Issued"), day=invoice.issue_date),
        Fact(_("Due"), day=invoice.due_date),
        Fact(_("To be paid by"), text=invoice.payment_method),
        Fact(_("Credit applied"), amount=Amount(invoice.credit, invoice.currency)),
        *_credit_of(invoice),
        _balance(invoice),
        Fact(_("On its way"), amount=Amount(invoice.reserved, invoice.currency)),
    )
    return InvoicePage(
        number=invoice.display_number,
        client=invoice.client.display_name,
        state=words.state_chip(invoice.status, words.invoice_status(invoice.status)),
        total=Amount(invoice.total, invoice.currency),
        outstanding=Amount(invoice.owed, invoice.currency),
        facts=facts,
        items=tuple(
            InvoiceItem(line.description, Amount(line.amount, invoice.currency))
            for line in invoice.lines.order_by("pk")
        ),
        received=(*_ours(invoice), *_booked_elsewhere(invoice)),
        find_url=offer("transactions", query=urlencode({"q": invoice.display_number})),
        as_of=formats.moment(invoice.synced_at, now),
        refresh_url=link("invoice_refresh", invoice.public_id) if may_refresh and not invoice.is_credit_account else "",
        whmcs_url=candidates.whmcs_link(invoice, invoice.instance.base_url),
    )
