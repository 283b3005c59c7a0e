"""The three-way check: Stripe's charge, WHMCS's transaction and the payout line, and where one of them is missing.

Every list is one query over a period, answered from indexes; the rows of a page cost four more, however many they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, TextChoices, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from matching.models import StripeInvoiceMatch
from payments.models import BalanceTransaction, Gateway, Refund, StripePayment
from payymo.shared.models import ReceiptState
from tenants import days
from whmcs.models import Invoice, Posting, WhmcsTransaction

LONGEST_DAYS = 400
COUNTED = 1000
_CENT = Decimal("0.01")
# GoCardless's payments begin with two capital letters, and are told from other texts by the gateway in WHMCS.
_STRIPE_IDS = ("ch_", "py_", "pi_", "txn_")


class Check(TextChoices):
    """What can be missing or differ."""

    CAPTURED_UNPAID = "captured_unpaid", _("Captured, but the invoice is unpaid")
    PAID_WITHOUT_CHARGE = "paid_without_charge", _("Paid in WHMCS, but no charge")
    AMOUNT_DIFFERS = "amount_differs", _("WHMCS shows another amount")
    FEE_DIFFERS = "fee_differs", _("WHMCS shows another fee")
    IN_NO_PAYOUT = "in_no_payout", _("In no payout yet")
    REFUND_NOT_IN_WHMCS = "refund_not_in_whmcs", _("Refund not in WHMCS")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both included."""

    since: date
    until: date

    @property
    def start(self) -> datetime:
        """The first moment, where the company is."""
        return days.moments(self.since, self.until)[0]

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return days.moments(self.since, self.until)[1]


def naming(charge: str = "") -> QuerySet[WhmcsTransaction]:
    """Return what WHMCS booked under any id of the outer charge; `charge` is the path to it, such as `payment__`."""
    names = Q()
    for field in ("charge_id", "payment_intent_id", "balance_transaction_id"):
        names |= Q(transaction_id=OuterRef(f"{charge}{field}"))
    return WhmcsTransaction.objects.filter(names, amount_in__gt=0).exclude(transaction_id="")


def _charges(period: Period) -> QuerySet[StripePayment]:
    rows = StripePayment.objects.filter(charged_at__gte=period.start, charged_at__lt=period.end)
    return rows.exclude(connection__state="REMOVED", connection__livemode=False)


def _sum_of(field: str) -> Coalesce:
    """Sum a field over what WHMCS booked for the outer charge, in the charge's own currency."""
    rows = naming().filter(invoice__currency=OuterRef("currency")).order_by().annotate(all=Value(1)).values("all")
    return Coalesce(Subquery(rows.annotate(sum=Sum(field)).values("sum")), Value(Decimal(0)))


def _captured_unpaid(period: Period) -> QuerySet[StripePayment]:
    posted = StripeInvoiceMatch.objects.filter(
        stripe_payment=OuterRef("pk"), reverses=None, reversed_by=None, posting__state=Posting.State.POSTED
    )
    still_owed = naming().filter(invoice__status__in=Invoice.OPEN, invoice__balance__gt=0)
    rows = _charges(period).exclude(state=ReceiptState.IGNORED).filter(amount_refunded__lt=F("amount"))
    return rows.filter(Exists(still_owed) | (~Exists(naming()) & ~Exists(posted)))


def _paid_without_charge(period: Period) -> QuerySet[WhmcsTransaction]:
    known = StripePayment.objects.aggregate(first=Min("charged_at"))["first"]
    if known is None:
        return WhmcsTransaction.objects.none()
    charge = Exists(StripePayment.objects.filter(charge_id=OuterRef("transaction_id")))
    intent = Exists(StripePayment.objects.filter(payment_intent_id=OuterRef("transaction_id")))
    settled = Exists(StripePayment.objects.filter(balance_transaction_id=OuterRef("transaction_id")))
    by_stripe = Q(gateway=F("instance__stripe_gateway"))
    if StripePayment.objects.filter(connection__gateway=Gateway.GOCARDLESS).exists():
        by_stripe |= Q(gateway=F("instance__gocardless_gateway"))
    for start in _STRIPE_IDS:
        by_stripe |= Q(transaction_id__startswith=start)
    return WhmcsTransaction.objects.filter(
        by_stripe,
        # An id that neither side has is no agreement.
        Q(transaction_id="") | (~charge & ~intent & ~settled),
        amount_in__gt=0,
        postings=None,
        # WHMCS writes its local time as text; before the first known charge nothing can be compared.
        booked_at__gte=max(period.since, known.date()).isoformat(),
        booked_at__lt=(period.until + timedelta(days=1)).isoformat(),
    )


def _booked_once(period: Period) -> QuerySet[StripePayment]:
    rows = _charges(period).filter(Exists(naming().filter(invoice__currency=OuterRef("currency"))))
    return rows.annotate(booked_amount=_sum_of("amount_in"), booked_fee=_sum_of("fees"))


def _amount_differs(period: Period) -> QuerySet[StripePayment]:
    return _booked_once(period).exclude(booked_amount=F("amount"))


def _fee_differs(period: Period) -> QuerySet[StripePayment]:
    # A fee in another currency than the charge cannot be compared with what WHMCS shows.
    known = _booked_once(period).filter(fee__isnull=False, settlement_currency=F("currency"))
    # WHMCS keeps cents, and GoCardless takes parts of them: what no cent can say is no difference.
    return known.exclude(booked_fee__gt=F("fee") - _CENT, booked_fee__lt=F("fee") + _CENT)


def _in_no_payout(period: Period) -> QuerySet[StripePayment]:
    available = BalanceTransaction.objects.filter(source_id=OuterRef("charge_id")).order_by("available_date")
    return _charges(period).filter(payout=None).annotate(available_on=Subquery(available.values("available_date")[:1]))


def _refund_not_in_whmcs(period: Period) -> QuerySet[Refund]:
    own = WhmcsTransaction.objects.filter(
        Q(transaction_id=OuterRef("refund_id")) | Q(transaction_id=OuterRef("balance_transaction_id")), amount_out__gt=0
    ).exclude(transaction_id="")
    of_the_booking = WhmcsTransaction.objects.filter(
        instance=OuterRef("instance"), refunds_whmcs_id=OuterRef("whmcs_id"), refunds_whmcs_id__gt=0,
        amount_out=OuterRef(OuterRef("amount")),
    )  # fmt: skip
    rows = Refund.objects.filter(status="succeeded", refunded_at__gte=period.start, refunded_at__lt=period.end).filter(
        Exists(naming("payment__")), ~Exists(own)
    )
    return rows.exclude(Exists(naming("payment__").filter(Exists(of_the_booking))))


@dataclass(frozen=True, slots=True)
class _List:
    rows: Callable[[Period], QuerySet[Any]]
    day: str
    loads: tuple[str, ...]


_LISTS = {
    Check.CAPTURED_UNPAID: _List(_captured_unpaid, "charged_at", ("payout", "connection")),
    Check.PAID_WITHOUT_CHARGE: _List(_paid_without_charge, "booked_at", ("invoice__client", "instance")),
    Check.AMOUNT_DIFFERS: _List(_amount_differs, "charged_at", ("payout", "connection")),
    Check.FEE_DIFFERS: _List(_fee_differs, "charged_at", ("payout", "connection")),
    Check.IN_NO_PAYOUT: _List(_in_no_payout, "charged_at", ("payout", "connection")),
    Check.REFUND_NOT_IN_WHMCS: _List(_refund_not_in_whmcs, "refunded_at", ("payment__payout", "payment__connection")),
}


def count(check: Check, period: Period) -> int:
    """Return how many rows a list has; `COUNTED` + 1 stands for more."""
    return _LISTS[check].rows(period).order_by()[: COUNTED + 1].count()


def rows_of(check: Check, period: Period, *, after: tuple[str, int] | None = None, limit: int) -> Sequence[Any]:
    """Return the rows of a list, newest first, behind a position (day, primary key).

    Shape: charges, WHMCS transactions or refunds, with what their page shows loaded.
    """
    chosen = _LISTS[check]
    rows = chosen.rows(period)
    if after is not None:
        day, key = after
        rows = rows.filter(Q(**{f"{chosen.day}__lt": day}) | Q(**{chosen.day: day, "pk__lt": key}))
    return list(rows.select_related(*chosen.loads).order_by(f"-{chosen.day}", "-pk")[:limit])


def position_of(check: Check, row: Any) -> str:
    """Return the position of a row, for the page behind it."""
    day = getattr(row, _LISTS[check].day)
    if isinstance(day, datetime):
        # Without a plus sign, which an address would turn into a space.
        day = day.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return f"{day}_{row.pk}"


def position(check: Check, text: str) -> tuple[str, int] | None:
    """Read a position; None when it cannot be read."""
    day, mark, key = text.rpartition("_")
    if not mark or not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    if _LISTS[check].day != "booked_at":
        try:
            return datetime.fromisoformat(day).astimezone(UTC).isoformat(), int(key)
        except (ValueError, OverflowError):
            return None
    return day.replace("\x00", "")[:19], int(key)
