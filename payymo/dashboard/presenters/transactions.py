"""Bank transactions and charges in one list."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import reach
from banking import selectors
from banking.models import BankTransaction, StatementImport
from matching.locks import Receipt
from payments.models import StripePayment
from payymo.dashboard import csv_files, formats, paging, words
from payymo.dashboard.links import link
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

SOURCES = ("bank", "stripe")
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
    )


def _amount(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < Decimal(10) ** 15 else None


def _bank(asked: Asked, before: tuple[date, str, int] | None, most: int) -> list[BankTransaction]:
    rows = (
        BankTransaction.objects.filter(reach.by_account("account"))
        .select_related("account")
        .order_by("-booking_date", "-pk")
    )
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
    if before is not None:
        day, kind, key = before
        same_day = Q(booking_date=day, pk__lt=key) if kind == "bank" else Q(pk__lt=0)
        # The first alone lets an index begin at the day; "or" lets it read everything newer only to leave it out.
        rows = rows.filter(Q(booking_date__lte=day), Q(booking_date__lt=day) | same_day)
    return list(rows[:most])


def _charges(asked: Asked, before: tuple[date, str, int] | None, most: int) -> list[StripePayment]:
    rows = (
        StripePayment.objects.filter(reach.of_stripe())
        .select_related("connection")
        .order_by("-charged_at__date", "-pk")
    )
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
        if (amount := _amount(asked.text)) is not None:
            match |= Q(amount=amount)
        rows = rows.filter(match)
    if before is not None:
        day, kind, key = before
        # Within a day the charges come before the bank's entries.
        same_day = Q(charged_at__date=day, pk__lt=key) if kind == "stripe" else Q(pk__lt=0)
        rows = rows.filter(Q(charged_at__date__lt=day) | same_day)
        if kind == "bank":
            rows = rows.filter(charged_at__date__lt=day)
    return list(rows[:most])


def _position(request: HttpRequest) -> tuple[date, str, int] | None:
    found = paging.cursor(request)
    if found is None:
        return None
    day, mark, kind = found[0].partition("_")
    try:
        return (date.fromisoformat(day), kind, found[1]) if mark and kind in SOURCES else None
    except ValueError:
        return None


def _order(row: Receipt) -> tuple[date, int, int]:
    return receipts.day_of(row), int(isinstance(row, StripePayment)), row.pk


def _after(row: Receipt, before: tuple[date, str, int] | None) -> bool:
    if before is None:
        return True
    day, kind, key = before
    return _order(row) < (day, int(kind == "stripe"), key)


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
    asked, before = asked_of(request), None
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
        last = rows[-1]
        before = (receipts.day_of(last), "bank" if isinstance(last, BankTransaction) else "stripe", last.pk)


def _page(asked: Asked, before: tuple[date, str, int] | None, most: int) -> list[Receipt]:
    """Read the next rows of the list behind `before`, newest first."""
    rows: list[Receipt] = []
    if asked.source != "stripe":
        rows += _bank(asked, before, most)
    if asked.source != "bank" and asked.upload is None:
        rows += _charges(asked, before, most)
    return sorted((row for row in rows if _after(row, before)), key=_order, reverse=True)[:most]


def first(asked: Asked, most: int) -> list[Receipt]:
    """Return the newest rows of what is asked for."""
    return _page(asked, None, most)


def listing(request: HttpRequest) -> TransactionsPage:
    """Build the list: newest first, 50 a page."""
    asked, before = asked_of(request), _position(request)
    rows = _page(asked, before, paging.PAGE_SIZE + 1)
    shown, more = paging.page_of(request, rows)
    numbers = _matched_numbers(list(shown))
    last = shown[-1] if more else None
    after = (
        f"{receipts.day_of(last)}_{'bank' if isinstance(last, BankTransaction) else 'stripe'}_{last.pk}" if last else ""
    )
    filtered = any((asked.text, asked.state, asked.source, asked.since, asked.until, asked.upload))
    return TransactionsPage(
        export_url=paging.exported(request, link("transactions_csv")),
        rows=tuple(_row(row, numbers) for row in shown),
        filters=_filters(request, asked),
        pager=paging.pager(request, after=after),
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
        hidden=(("import", str(asked.upload.public_id)),) if asked.upload else (),
    )
