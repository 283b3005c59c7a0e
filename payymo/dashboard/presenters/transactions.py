"""Bank transactions and charges in one list."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import reach
from banking import selectors
from banking.models import BankTransaction, StatementImport
from matching.locks import Receipt
from payments.models import StripePayment
from payymo.dashboard import csv_files, formats, ordering, paging, saved_views, tables, words
from payymo.dashboard.links import link
from payymo.dashboard.ordering import Order
from payymo.dashboard.pages import (
    Choice,
    FilterChip,
    Filters,
    FilterSelect,
    TransactionRow,
    TransactionsPage,
)
from payymo.dashboard.presenters import receipts
from payymo.shared.models import ReceiptState
from payymo.shared.money import meant_amounts

SOURCES = ("bank", "stripe")
NEWEST = Order("date", falls=True)
# The field of bank entries and that of charges, by column.
_FIELDS: Mapping[str, tuple[str, str]] = {"date": ("booking_date", "charged_at__date"), "amount": ("amount", "amount")}
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is filtered by."""

    text: str
    state: str
    source: str
    since: date | None
    until: date | None
    upload: StatementImport | None = None
    order: Order = NEWEST


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: its value of the column that orders, which source it is of, and its key."""

    value: ordering.Value
    kind: str
    key: int


def _asked_upload(request: HttpRequest) -> StatementImport | None:
    try:
        wanted = uuid.UUID(request.GET.get("import", ""))
    except ValueError:
        return None
    return selectors.statement_import(public_id=wanted)


def asked_of(request: HttpRequest) -> Asked:
    """Read the filters; what cannot be read is not applied."""
    return Asked(
        text=paging.asked_text(request),
        state=paging.asked_choice(request, "state", ReceiptState.values),
        source=paging.asked_choice(request, "source", SOURCES),
        since=paging.asked_date(request, "from"),
        until=paging.asked_date(request, "to"),
        upload=_asked_upload(request),
        order=tables.asked(request, "transactions", default=NEWEST),
    )


def _behind(kind: str, asked: Asked, before: Position | None) -> Q:
    """Return which rows of one source come after a row of either. Among equals, falling, charges come first."""
    if before is None:
        return Q()
    field, beyond = _FIELDS[asked.order.column][SOURCES.index(kind)], asked.order.beyond
    found = Q(**{f"{field}__{beyond}": before.value})
    equal = Q(**{field: before.value})
    if kind == before.kind:
        found |= equal & Q(**{f"pk__{beyond}": before.key})
    elif (kind == "bank") == asked.order.falls:
        found |= equal
    # The first alone lets an index begin at the value; "or" lets it read all before only to leave it out.
    return Q(**{f"{field}__{beyond}e": before.value}) & found


def _sorted(kind: str, asked: Asked) -> tuple[str, str]:
    field, sign = _FIELDS[asked.order.column][SOURCES.index(kind)], "-" if asked.order.falls else ""
    return f"{sign}{field}", f"{sign}pk"


def _bank(asked: Asked, before: Position | None, most: int) -> list[BankTransaction]:
    rows = BankTransaction.objects.filter(reach.by_account("account"), _behind("bank", asked, before))
    rows = rows.select_related("account").order_by(*_sorted("bank", asked))
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.since:
        rows = rows.filter(booking_date__gte=asked.since)
    if asked.until:
        rows = rows.filter(booking_date__lte=asked.until)
    if asked.upload:
        rows = rows.filter(statement_import=asked.upload)
    if asked.text:
        rows = rows.filter(selectors.found_in(asked.text))
    return list(rows[:most])


def _charges(asked: Asked, before: Position | None, most: int) -> list[StripePayment]:
    rows = StripePayment.objects.filter(reach.of_stripe(), _behind("stripe", asked, before))
    rows = rows.select_related("connection").order_by(*_sorted("stripe", asked))
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.since:
        rows = rows.filter(charged_at__date__gte=asked.since)
    if asked.until:
        rows = rows.filter(charged_at__date__lte=asked.until)
    if asked.text:
        match = (
            Q(name__icontains=asked.text)
            | Q(email__icontains=asked.text)
            | Q(description__icontains=asked.text)
            | Q(charge_id=asked.text)
        )
        match |= Q(amount__in=meant_amounts(asked.text))
        rows = rows.filter(match)
    return list(rows[:most])


def _position(request: HttpRequest, order: Order) -> Position | None:
    found = paging.cursor(request)
    if found is None:
        return None
    text, mark, kind = found[0].partition("_")
    value = ordering.read(text, tables.kind_of("transactions", order))
    return Position(value, kind, found[1]) if value is not None and mark and kind in SOURCES else None


def _place(row: Receipt, order: Order) -> Position:
    value = receipts.day_of(row) if order.column == "date" else row.amount
    return Position(value, "stripe" if isinstance(row, StripePayment) else "bank", row.pk)


def _rank(row: Receipt, order: Order) -> tuple[ordering.Value, int, int]:
    place = _place(row, order)
    return place.value, SOURCES.index(place.kind), place.key


def _matched_numbers(rows: list[Receipt]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], list[str]] = {}
    for kind, model, field in (
        ("bank", BankTransaction, "bank_transaction"),
        ("stripe", StripePayment, "stripe_payment"),
    ):
        keys = [row.pk for row in rows if isinstance(row, model)]
        related = model._meta.get_field("allocations").related_model
        matches = related.objects.filter(**{f"{field}__in": keys}, reverses=None, reversed_by=None)
        for match in matches.select_related("invoice").order_by("pk"):
            found.setdefault((kind, getattr(match, f"{field}_id")), []).append(match.invoice.display_number)
    return {key: numbers[0] + (f" +{len(numbers) - 1}" if len(numbers) > 1 else "") for key, numbers in found.items()}


CSV_HEADER = (
    "date", "source", "name", "reference", "amount", "currency", "unallocated", "state", "invoices", "transaction_id",
)  # fmt: skip


def csv_rows(request: HttpRequest) -> Iterator[tuple[object, ...]]:
    """Yield every line of the list as it is filtered, newest first."""
    asked = asked_of(request)
    before: Position | None = None
    while rows := _page(asked, before, _AT_ONCE):
        numbers = _matched_numbers(rows)
        for row in rows:
            kind = "bank" if isinstance(row, BankTransaction) else "stripe"
            left = csv_files.plain(row.unallocated, row.currency)
            yield (
                receipts.day_of(row), kind, receipts.name_of(row), receipts.reference_of(row),
                csv_files.plain(row.amount, row.currency), row.currency, left, row.state,
                numbers.get((kind, row.pk), ""), row.public_id,
            )  # fmt: skip
        before = _place(rows[-1], asked.order)


def _page(asked: Asked, before: Position | None, most: int) -> list[Receipt]:
    """Read the next rows of the list behind `before`, in the order that is asked for."""
    rows: list[Receipt] = []
    if asked.source != "stripe":
        rows += _bank(asked, before, most)
    if asked.source != "bank" and asked.upload is None:
        rows += _charges(asked, before, most)
    return sorted(rows, key=lambda row: _rank(row, asked.order), reverse=asked.order.falls)[:most]


def first(asked: Asked, most: int) -> list[Receipt]:
    """Return the newest rows of what is asked for."""
    return _page(asked, None, most)


def listing(request: HttpRequest) -> TransactionsPage:
    """Build the list, newest first unless asked otherwise, 50 a page."""
    asked = asked_of(request)
    rows = _page(asked, _position(request, asked.order), paging.PAGE_SIZE + 1)
    shown, more = paging.page_of(request, rows)
    numbers = _matched_numbers(list(shown))
    last = _place(shown[-1], asked.order) if more else None
    after = f"{last.value}_{last.kind}_{last.key}" if last else ""
    filtered = any((asked.text, asked.state, asked.source, asked.since, asked.until, asked.upload))
    return TransactionsPage(
        export_url=paging.exported(request, link("transactions_csv")),
        rows=tuple(_row(row, numbers) for row in shown),
        filters=_filters(request, asked),
        pager=paging.pager(request, after=after),
        views=saved_views.of(request, "transactions"),
        table=tables.table(request, "transactions", asked.order),
        empty="" if shown else "filtered" if filtered else "nothing",
    )


def _row(row: Receipt, numbers: dict[tuple[str, int], str]) -> TransactionRow:
    is_bank = isinstance(row, BankTransaction)
    kind = "bank" if is_bank else "stripe"
    matched = numbers.get((kind, row.pk), "")
    if not matched and row.state == ReceiptState.RECONCILED and is_bank:
        matched = _("Stripe payout")
    return TransactionRow(
        url=link("transaction", row.public_id),
        day=receipts.day_of(row),
        kind=kind,  # type: ignore[arg-type]
        source=row.account.name or _("Bank") if isinstance(row, BankTransaction) else row.gateway.label,
        name=receipts.name_of(row),
        reference=receipts.reference_of(row),
        amount=receipts.amount_of(row),
        state=words.state_chip(row.state, str(row.get_state_display())),
        matched_to=matched,
    )


def _filters(request: HttpRequest, asked: Asked) -> Filters:
    states = [Choice(value, str(label), value == asked.state) for value, label in ReceiptState.choices]
    sources = [
        Choice("bank", _("Bank"), asked.source == "bank"),
        Choice("stripe", "Stripe", asked.source == "stripe"),
    ]
    chips = []
    if asked.text:
        chips.append(FilterChip(f"“{asked.text}”", paging.without(request, "q")))
    if asked.state:
        chips.append(FilterChip(str(ReceiptState(asked.state).label), paging.without(request, "state")))
    if asked.source:
        chips.append(FilterChip(_("Bank") if asked.source == "bank" else "Stripe", paging.without(request, "source")))
    if asked.since:
        chips.append(FilterChip(_("From %s") % formats.day(asked.since), paging.without(request, "from")))
    if asked.until:
        chips.append(FilterChip(_("To %s") % formats.day(asked.until), paging.without(request, "to")))
    if asked.upload:
        chips.append(FilterChip(_("File %s") % asked.upload.file_name, paging.without(request, "import")))
    return Filters(
        q=asked.text,
        selects=(
            FilterSelect("state", _("State"), (Choice("", _("All states")), *states)),
            FilterSelect("source", _("Source"), (Choice("", _("Bank and Stripe")), *sources)),
        ),
        chips=tuple(chips),
        clear_url=request.path,
        has_dates=True,
        from_date=asked.since.isoformat() if asked.since else "",
        to_date=asked.until.isoformat() if asked.until else "",
        hidden=(
            *((("import", str(asked.upload.public_id)),) if asked.upload else ()),
            *ordering.kept(asked.order),
        ),
    )
