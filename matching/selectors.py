"""What the review queue, the panel and the reports read. Nothing here writes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from accounts import reach
from banking.models import BankTransaction
from matching.models import Assignment, Band, Comment, Decision, Proposal, SavedView
from payments.models import StripePayment
from payymo.shared.models import ReceiptState

PAGE_SIZE = 50
BAND_ORDER = (Band.EXACT, Band.LIKELY, Band.POSSIBLE, Band.NONE)
Receipt = BankTransaction | StripePayment
_ACCOUNT = "bank_transaction__account"
WITH_RECEIPT = (
    "bank_transaction__account", "stripe_payment__connection", "client", "bank_transaction__assignment",
    "stripe_payment__assignment",
)  # fmt: skip
# The column that each order of the queue goes by; without one, band and amount.
ORDERS = {"oldest": "received_date", "due": "due_date"}
NOBODY = 0
_TOO_MUCH = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows and in which order; every field can be a query parameter.

    Shape: `assignee` is a user, or 0 for payments that nobody has; `order` is one of `ORDERS`, or empty for band and
    amount.
    """

    band: str = ""
    source: str = ""
    text: str = ""
    least_amount: Decimal | None = None
    assignee: int | None = None
    order: str = ""


def _rank_of_band() -> Case:
    return Case(
        *[When(band=band, then=Value(place)) for place, band in enumerate(BAND_ORDER)],
        output_field=IntegerField(),
    )


def waiting(*, on: date, chosen: QueueFilter) -> QuerySet[Proposal]:
    """Return the best suggestion of each payment within reach that waits, in no order and with nothing loaded."""
    held = Q(bank_transaction__held_until__gt=on) | Q(stripe_payment__held_until__gt=on)
    rows = Proposal.objects.filter(reach.by_account(_ACCOUNT), status=Proposal.Status.OPEN, rank=1).exclude(held)
    if chosen.band:
        rows = rows.filter(band=chosen.band)
    if chosen.source == "bank":
        rows = rows.filter(bank_transaction__isnull=False)
    elif chosen.source == "stripe":
        rows = rows.filter(stripe_payment__isnull=False)
    if chosen.least_amount is not None:
        rows = rows.filter(amount__gte=chosen.least_amount)
    if chosen.assignee == NOBODY:
        rows = rows.filter(bank_transaction__assignment=None, stripe_payment__assignment=None)
    elif chosen.assignee is not None:
        # Asked apart: joined, every open payment would be read to find the few that somebody looks after.
        theirs = Assignment.objects.filter(assignee_id=chosen.assignee)
        rows = rows.filter(
            Q(bank_transaction__in=theirs.exclude(bank_transaction=None).values("bank_transaction"))
            | Q(stripe_payment__in=theirs.exclude(stripe_payment=None).values("stripe_payment"))
        )
    if chosen.text:
        rows = rows.filter(
            Q(bank_transaction__counterparty_name__icontains=chosen.text)
            | Q(bank_transaction__remittance_information__icontains=chosen.text)
            | Q(stripe_payment__name__icontains=chosen.text)
            | Q(stripe_payment__description__icontains=chosen.text)
        )
    return rows


def _with_relations(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    return rows.select_related(*WITH_RECEIPT).prefetch_related("lines__invoice")


def queue(*, on: date, chosen: QueueFilter | None = None) -> QuerySet[Proposal]:
    """Return the best suggestion of each payment within reach that waits for a person: by band, then by amount.

    Shape: one row a receipt; receipt, client and lines are loaded. Where there may be many, ask for a `page`.
    """
    rows = waiting(on=on, chosen=chosen or QueueFilter()).annotate(band_place=_rank_of_band())
    return _with_relations(rows).order_by("band_place", "-amount", "-pk")


def page(*, on: date, chosen: QueueFilter | None = None, cursor: str = "", size: int = PAGE_SIZE) -> list[Proposal]:
    """Return the next page of the queue in its order, with one row more if there are more.

    Shape: behind `cursor`, which `cursor_of` writes; one that cannot be read is the first page. An index gives the
    order, so a page costs the same however many wait.
    """
    chosen = chosen or QueueFilter()
    rows = waiting(on=on, chosen=chosen)
    if chosen.order in ORDERS:
        keys = _by_date(rows, ORDERS[chosen.order], cursor, size + 1)
    else:
        keys = _by_band(rows, chosen, cursor, size + 1)
    found = {row.pk: row for row in _with_relations(Proposal.objects.filter(pk__in=keys))}
    return [found[key] for key in keys if key in found]


def in_queue(receipt: Receipt, *, on: date) -> Proposal | None:
    """Return the row of a payment in the queue, whatever its filters, or None while no person is waited for."""
    return _with_relations(waiting(on=on, chosen=QueueFilter()).filter(**_about(receipt))).first()


def _by_band(open_rows: QuerySet[Proposal], chosen: QueueFilter, cursor: str, most: int) -> list[int]:
    place, amount, key = _read_band_cursor(cursor)
    keys: list[int] = []
    for at, band in enumerate(BAND_ORDER):
        if at < place or (chosen.band and chosen.band != band) or len(keys) >= most:
            continue
        rows = open_rows.filter(band=band).order_by("-amount", "-pk")
        if at == place and amount is not None:
            rows = rows.filter(Q(amount__lt=amount) | Q(amount=amount, pk__lt=key))
        keys += rows.values_list("pk", flat=True)[: most - len(keys)]
    return keys


def _read_band_cursor(cursor: str) -> tuple[int, Decimal | None, int]:
    try:
        place, amount, key = cursor.split("_")
        found = int(place), Decimal(amount), int(key)
    except (ValueError, InvalidOperation):
        return 0, None, 0
    usable = found[1].is_finite() and abs(found[1]) < _TOO_MUCH and abs(found[2]) < 2**63
    return found if usable else (0, None, 0)


def _by_date(open_rows: QuerySet[Proposal], column: str, cursor: str, most: int) -> list[int]:
    rows = open_rows.order_by(F(column).asc(nulls_last=True), "pk")
    day, _, key = cursor.partition("_")
    if key.isascii() and key.isdigit() and len(key) < 19:
        try:
            after = date.fromisoformat(day)
        except ValueError:
            if day == "none":
                rows = rows.filter(**{f"{column}__isnull": True}, pk__gt=int(key))
        else:
            later = Q(**{f"{column}__gt": after}) | Q(**{f"{column}__isnull": True})
            rows = rows.filter(later | Q(**{column: after}, pk__gt=int(key)))
    return list(rows.values_list("pk", flat=True)[:most])


def cursor_of(proposal: Proposal, order: str = "") -> str:
    """Write the position of a row in the queue."""
    if order in ORDERS:
        day = getattr(proposal, ORDERS[order])
        return f"{day.isoformat() if day else 'none'}_{proposal.pk}"
    place = [band.value for band in BAND_ORDER].index(proposal.band)
    return f"{place}_{proposal.amount}_{proposal.pk}"


def find_receipt(public_id: uuid.UUID | str) -> Receipt | None:
    """Return the bank transaction or charge within reach with this public id, or None."""
    banks = BankTransaction.objects.filter(reach.by_account("account"), public_id=public_id)
    bank = banks.select_related("account", "statement_import").first()
    if bank is not None:
        return bank
    charges = StripePayment.objects.filter(reach.of_stripe(), public_id=public_id)
    return charges.select_related("connection", "payout").first()


def find_decision(public_id: uuid.UUID | str) -> Decision | None:
    """Return the decision about a payment within reach with this public id, or None."""
    rows = Decision.objects.filter(reach.by_account(_ACCOUNT), public_id=public_id)
    return rows.select_related("bank_transaction", "stripe_payment").first()


def _about(receipt: Receipt) -> dict[str, Receipt]:
    return {"bank_transaction": receipt} if isinstance(receipt, BankTransaction) else {"stripe_payment": receipt}


def proposals_of(receipt: Receipt) -> list[Proposal]:
    """Return the open suggestions of a receipt, best first, with invoices, clients and lines loaded."""
    return list(
        Proposal.objects.filter(status=Proposal.Status.OPEN, **_about(receipt))
        .select_related("client")
        .prefetch_related("lines__invoice__client", "lines__invoice__lines", "lines__invoice__instance")
        .order_by("rank")
    )


def proposals_of_many(receipts: Sequence[Receipt]) -> dict[tuple[bool, int], list[Proposal]]:
    """Return the open suggestions of each receipt, best first, with nothing loaded but their places.

    Shape: by (is a bank transaction, primary key).
    """
    bank = [each.pk for each in receipts if isinstance(each, BankTransaction)]
    charges = [each.pk for each in receipts if isinstance(each, StripePayment)]
    rows = Proposal.objects.filter(Q(bank_transaction__in=bank) | Q(stripe_payment__in=charges))
    found: dict[tuple[bool, int], list[Proposal]] = {}
    for row in (
        rows.filter(status=Proposal.Status.OPEN).only("rank", "bank_transaction", "stripe_payment").order_by("rank")
    ):
        is_bank = row.bank_transaction_id is not None
        key = row.bank_transaction_id if is_bank else row.stripe_payment_id
        assert key is not None  # noqa: S101 - kept by a constraint
        found.setdefault((is_bank, key), []).append(row)
    return found


def best_of(receipt_ids: Sequence[uuid.UUID], *, on: date) -> list[Proposal]:
    """Return the best open suggestion of each of these payments that waits within reach, largest amount first."""
    about = Q(bank_transaction__public_id__in=receipt_ids) | Q(stripe_payment__public_id__in=receipt_ids)
    return list(_with_relations(waiting(on=on, chosen=QueueFilter()).filter(about)).order_by("-amount", "pk"))


def receipts_within(receipt_ids: Sequence[uuid.UUID | str]) -> list[Receipt]:
    """Return those of the payments that the caller may see."""
    banks = BankTransaction.objects.filter(reach.by_account("account"), public_id__in=receipt_ids)
    charges = StripePayment.objects.filter(reach.of_stripe(), public_id__in=receipt_ids)
    return [*banks, *charges]


def comments_of(receipt: Receipt) -> list[Comment]:
    """Return what was said about a receipt, oldest first."""
    return list(Comment.objects.filter(**_about(receipt)).order_by("pk")[:200])


def views_of(*, user_id: int, place: str = "review") -> list[SavedView]:
    """Return the views of the queue or a list that a person sees: their own, then what colleagues share, by name."""
    rows = SavedView.objects.filter(Q(owner_id=user_id) | Q(is_shared=True), place=place)
    return sorted(rows[:200], key=lambda each: (each.owner_id != user_id, each.name.casefold(), each.pk))


def decisions_of_batch(batch: uuid.UUID) -> list[Decision]:
    """Return what was approved in one go and is within reach, in its order."""
    rows = Decision.objects.filter(reach.by_account(_ACCOUNT), batch=batch)
    rows = rows.select_related("bank_transaction", "stripe_payment", "undone_by", "undoes")
    rows = rows.prefetch_related("invoicematch_set__posting", "invoicematch_set__invoice")
    return list(
        rows.prefetch_related("stripeinvoicematch_set__posting", "stripeinvoicematch_set__invoice").order_by("pk")
    )


def allocations_of(receipt: Receipt) -> list:  # type: ignore[type-arg]
    """Return the matches of a receipt, reversed ones included, oldest first."""
    rows = receipt.allocations.select_related(
        "invoice__client", "invoice__instance", "posting", "decision__corrected_by"
    )
    return list(rows.order_by("pk"))


def decisions_of(receipt: Receipt) -> list[Decision]:
    """Return what was decided about a receipt, newest first."""
    return list(Decision.objects.filter(**_about(receipt)).select_related("undone_by").order_by("-pk")[:100])


def recent_decisions(*, limit: int = 20, by_user_id: int | None = None) -> list[Decision]:
    """Return the latest decisions within reach, with their receipts and the postings of their matches."""
    rows = Decision.objects.filter(reach.by_account(_ACCOUNT)).select_related(
        "bank_transaction", "stripe_payment", "undone_by", "undoes"
    )
    rows = rows.prefetch_related("invoicematch_set__posting", "stripeinvoicematch_set__posting")
    if by_user_id is not None:
        rows = rows.filter(decided_by_id=by_user_id)
    return list(rows.order_by("-pk")[:limit])


def activity(
    *,
    before: int | None = None,
    kind: str = "",
    source: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Decision]:
    """Return the timeline of what is within reach, newest first, behind a primary key."""
    rows = Decision.objects.filter(reach.by_account(_ACCOUNT)).order_by("-pk")
    rows = rows.select_related("bank_transaction", "stripe_payment", "undone_by", "undoes")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if kind:
        rows = rows.filter(kind=kind)
    if source:
        rows = rows.filter(source=source)
    if since is not None:
        rows = rows.filter(decided_at__gte=since)
    if until is not None:
        rows = rows.filter(decided_at__lt=until)
    return rows


def decided_by(user_id: int | None, *, most: int) -> int:
    """Return how often a person has decided, at most `most`; with None, all people together. Undone ones count."""
    rows = Decision.objects.filter(source=Decision.Source.PERSON).exclude(kind=Decision.Kind.UNDO)
    rows = rows.filter(decided_by_id__isnull=False) if user_id is None else rows.filter(decided_by_id=user_id)
    return len(rows.order_by().values_list("pk", flat=True)[:most])


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """What is still to reconcile in one currency."""

    currency: str
    open: Decimal
    received: Decimal
    count: int


def open_money(*, since: date) -> list[OpenMoney]:
    """Return what came in from a day on and what of it is still open, by currency. Sums never cross currencies."""
    totals: dict[str, list[Decimal | int]] = {}
    sources = (
        BankTransaction.objects.filter(reach.by_account("account"), booking_date__gte=since, amount__gt=0),
        StripePayment.objects.filter(reach.of_stripe(), charged_at__date__gte=since),
    )
    for rows in sources:
        counted = rows.exclude(state=ReceiptState.IGNORED).values("currency")
        is_open = Q(state__in=[ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED])
        for row in counted.annotate(
            received=Sum("amount"), given=Sum("allocated"), waiting=Count("pk", filter=is_open)
        ).order_by():
            total = totals.setdefault(row["currency"], [Decimal(0), Decimal(0), 0])
            total[0] += row["received"]
            total[1] += row["given"]
            total[2] += row["waiting"]
    return [
        OpenMoney(currency, Decimal(received) - Decimal(given), Decimal(received), int(count))
        for currency, (received, given, count) in sorted(totals.items())
    ]


def band_counts(*, on: date) -> dict[str, int]:
    """Return how many payments wait in each band."""
    rows = Proposal.objects.filter(reach.by_account(_ACCOUNT), status=Proposal.Status.OPEN, rank=1)
    found = dict.fromkeys((band.value for band in BAND_ORDER), 0)
    # All that is open is counted in the index; what is put off is little, and taken off again.
    for sign, part in (
        (1, rows),
        (-1, rows.filter(bank_transaction__held_until__gt=on)),
        (-1, rows.filter(stripe_payment__held_until__gt=on)),
    ):
        for band, count in part.values_list("band").annotate(count=Count("pk")).order_by():
            found[band] += sign * count
    return found


def decided_since(moment: datetime) -> int:
    """Return how many receipts persons decided since a moment, undone ones left out."""
    kinds = [Decision.Kind.APPROVE, Decision.Kind.ALLOCATE, Decision.Kind.IGNORE]
    rows = Decision.objects.filter(reach.by_account(_ACCOUNT), decided_at__gte=moment, kind__in=kinds, undone_by=None)
    return rows.exclude(source=Decision.Source.POLICY).count()


def money_by_day(*, since: date, currency: str) -> list[tuple[date, Decimal, Decimal]]:
    """Return (day, received, matched) of the bank accounts in one currency, oldest first."""
    rows = (
        BankTransaction.objects.filter(
            reach.by_account("account"), booking_date__gte=since, amount__gt=0, currency=currency
        )
        .exclude(state=ReceiptState.IGNORED)
        .values(day=F("booking_date"))
        .annotate(received=Sum("amount"), matched=Sum("allocated"))
        .order_by("day")
    )
    return [(row["day"], row["received"], row["matched"]) for row in rows]
