"""What came in, by month and source: bank accounts and gateways, each in its own currency; two queries."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import TruncMonth

from banking.models import BankTransaction
from matching.models import Settlement
from payments.models import StripePayment
from payymo.shared.models import ReceiptState
from tenants import days


@dataclass(frozen=True, slots=True)
class Received:
    """One source in one month. Shape: `kind` is `bank` or a gateway's. Units: decimals of `currency`."""

    month: date
    kind: str
    source: uuid.UUID
    name: str
    currency: str
    count: int
    received: Decimal
    matched: Decimal
    refunded: Decimal


def received(*, since: date, until: date) -> list[Received]:
    """Return what came in from `since` to `until`, by month, then by source.

    What was set aside is no income, and a payout that arrived at the bank is the charges that are counted here.
    """
    return sorted(
        [*_of_banks(since, until), *_of_gateways(since, until)],
        key=lambda row: (row.month, row.currency, row.kind, row.name, row.source),
    )


def bank_receipts(since: date, until: date) -> "QuerySet[BankTransaction]":
    """Return the credits of a period that are no payout of Stripe's."""
    payout = Settlement.objects.filter(bank_transaction=OuterRef("pk"), undone_by=None)
    rows = BankTransaction.objects.filter(booking_date__gte=since, booking_date__lte=until, amount__gt=0)
    return rows.exclude(Exists(payout))


def charges(since: date, until: date) -> "QuerySet[StripePayment]":
    """Return the charges of a period that brought money, test accounts that were removed left out."""
    begin, end = days.moments(since, until)
    rows = StripePayment.objects.filter(charged_at__gte=begin, charged_at__lt=end, amount__gt=0, status="succeeded")
    return rows.exclude(connection__state="REMOVED", connection__livemode=False)


def _of_banks(since: date, until: date) -> list[Received]:
    who = ("account__public_id", "account__name", "account__iban_last4", "currency")
    rows = (
        bank_receipts(since, until)
        .exclude(state=ReceiptState.IGNORED)
        .annotate(month=TruncMonth("booking_date"))
        .values("month", *who)
        .annotate(count=Count("pk"), received=Sum("amount"), matched=Sum("allocated"))
        .order_by()
    )
    return [
        Received(
            month=row["month"], kind="bank", source=row["account__public_id"],
            name=" ".join(filter(None, (row["account__name"], _ending(row["account__iban_last4"])))),
            currency=row["currency"], count=row["count"], received=row["received"], matched=row["matched"],
            refunded=Decimal(0),
        )
        for row in rows
    ]  # fmt: skip


def _ending(last4: str) -> str:
    return f"… {last4}" if last4 else ""


def _of_gateways(since: date, until: date) -> list[Received]:
    who = (
        "connection__public_id",
        "connection__gateway",
        "connection__account_name",
        "connection__account_id",
        "currency",
    )
    rows = (
        charges(since, until)
        .exclude(state=ReceiptState.IGNORED)
        .annotate(month=TruncMonth("charged_at", tzinfo=days.zone()))
        .values("month", *who)
        .annotate(count=Count("pk"), received=Sum("amount"), matched=Sum("allocated"), refunded=Sum("amount_refunded"))
        .order_by()
    )
    return [
        Received(
            month=row["month"].date(), kind=row["connection__gateway"], source=row["connection__public_id"],
            name=row["connection__account_name"] or row["connection__account_id"],
            currency=row["currency"], count=row["count"], received=row["received"], matched=row["matched"],
            refunded=row["refunded"],
        )
        for row in rows
    ]  # fmt: skip
