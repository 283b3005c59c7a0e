"""What the review queue, the panel and the reports read. Nothing here writes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts import reach
from banking.models import BankTransaction
from matching.models import Comment, Decision, Proposal, SavedView
from payments.models import StripePayment
from payymo.shared.models import ReceiptState

Receipt = BankTransaction | StripePayment
_ACCOUNT = "bank_transaction__account"


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
    bank = ("invoicematch_set__posting__instance", "invoicematch_set__invoice")
    charges = ("stripeinvoicematch_set__posting__instance", "stripeinvoicematch_set__invoice")
    return list(rows.prefetch_related(*bank, *charges).order_by("pk"))


def allocations_of(receipt: Receipt) -> list:  # type: ignore[type-arg]
    """Return the matches of a receipt, reversed ones included, oldest first."""
    rows = receipt.allocations.select_related(
        "invoice__client", "invoice__instance", "posting__instance", "decision__corrected_by"
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
    rows = rows.prefetch_related("invoicematch_set__posting__instance", "stripeinvoicematch_set__posting__instance")
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
    """What is still to reconcile in one currency. Shape: `days` holds what is open of each day with money, in order."""

    currency: str
    open: Decimal
    received: Decimal
    count: int
    days: tuple[tuple[date, Decimal], ...] = ()


def open_money(*, since: date) -> list[OpenMoney]:
    """Return what came in from a day on and what of it is still open, by currency. Sums never cross currencies."""
    found: dict[str, dict[date, tuple[Decimal, Decimal, int]]] = {}
    sources = (
        BankTransaction.objects.filter(reach.by_account("account"), booking_date__gte=since, amount__gt=0).values(
            "currency", day=F("booking_date")
        ),
        StripePayment.objects.filter(reach.of_stripe(), charged_at__date__gte=since).values(
            "currency", day=TruncDate("charged_at")
        ),
    )
    is_open = Q(state__in=[ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED])
    for rows in sources:
        counted = rows.exclude(state=ReceiptState.IGNORED)
        for row in counted.annotate(
            received=Sum("amount"), given=Sum("allocated"), waiting=Count("pk", filter=is_open)
        ).order_by():
            days = found.setdefault(row["currency"], {})
            received, given, count = days.get(row["day"], (Decimal(0), Decimal(0), 0))
            days[row["day"]] = (received + row["received"], given + row["given"], count + row["waiting"])
    return [_open_money(currency, days) for currency, days in sorted(found.items())]


def _open_money(currency: str, days: dict[date, tuple[Decimal, Decimal, int]]) -> OpenMoney:
    received = sum((each[0] for each in days.values()), Decimal(0))
    given = sum((each[1] for each in days.values()), Decimal(0))
    by_day = tuple((day, each[0] - each[1]) for day, each in sorted(days.items()))
    return OpenMoney(currency, received - given, received, sum(each[2] for each in days.values()), by_day)


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
