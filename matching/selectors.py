"""What the review queue, the panel and the reports read. Nothing here writes."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from accounts import reach
from banking.models import BankTransaction
from matching.models import Band, Decision, Proposal
from payments.models import StripePayment
from payymo.shared.models import ReceiptState

PAGE_SIZE = 50
BAND_ORDER = (Band.EXACT, Band.LIKELY, Band.POSSIBLE, Band.NONE)
Receipt = BankTransaction | StripePayment
_ACCOUNT = "bank_transaction__account"
_WITH_RECEIPT = ("bank_transaction__account", "stripe_payment__connection", "client")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows; every field can be a query parameter."""

    band: str = ""
    source: str = ""
    text: str = ""
    least_amount: Decimal | None = None


def _rank_of_band() -> Case:
    return Case(
        *[When(band=band, then=Value(place)) for place, band in enumerate(BAND_ORDER)],
        output_field=IntegerField(),
    )


def queue(*, on: date, chosen: QueueFilter | None = None) -> QuerySet[Proposal]:
    """Return the best suggestion of each payment within reach that waits for a person: by band, then by amount.

    Shape: one row a receipt; receipt, client and lines are loaded.
    """
    chosen = chosen or QueueFilter()
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
    if chosen.text:
        rows = rows.filter(
            Q(bank_transaction__counterparty_name__icontains=chosen.text)
            | Q(bank_transaction__remittance_information__icontains=chosen.text)
            | Q(stripe_payment__name__icontains=chosen.text)
            | Q(stripe_payment__description__icontains=chosen.text)
        )
    return (
        rows.annotate(band_place=_rank_of_band())
        .select_related(*_WITH_RECEIPT)
        .prefetch_related("lines__invoice")
        .order_by("band_place", "-amount", "pk")
    )


def after(rows: QuerySet[Proposal], cursor: tuple[int, Decimal, int] | None) -> list[Proposal]:
    """Return the next page behind `(band place, amount, primary key)`, with one row more if there are more."""
    if cursor is not None:
        place, amount, key = cursor
        rows = rows.filter(
            Q(band_place__gt=place)
            | Q(band_place=place, amount__lt=amount)
            | Q(band_place=place, amount=amount, pk__gt=key)
        )
    return list(rows[: PAGE_SIZE + 1])


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


def allocations_of(receipt: Receipt) -> list:  # type: ignore[type-arg]
    """Return the matches of a receipt, reversed ones included, oldest first."""
    rows = receipt.allocations.select_related("invoice__client", "posting", "decision__corrected_by")
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


def activity(*, before: int | None = None, kind: str = "", source: str = "") -> QuerySet[Decision]:
    """Return the timeline of what is within reach, newest first, behind a primary key."""
    rows = Decision.objects.filter(reach.by_account(_ACCOUNT)).order_by("-pk")
    rows = rows.select_related("bank_transaction", "stripe_payment", "undone_by", "undoes")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if kind:
        rows = rows.filter(kind=kind)
    if source:
        rows = rows.filter(source=source)
    return rows


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
    held = Q(bank_transaction__held_until__gt=on) | Q(stripe_payment__held_until__gt=on)
    rows = Proposal.objects.filter(reach.by_account(_ACCOUNT), status=Proposal.Status.OPEN, rank=1).exclude(held)
    found = dict(rows.values_list("band").annotate(count=Count("pk")).order_by())
    return {band.value: found.get(band.value, 0) for band in BAND_ORDER}


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
