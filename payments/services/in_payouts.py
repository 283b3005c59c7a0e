"""Which payout holds a charge, and what only the payout tells about it."""

from collections.abc import Collection

from django.db.models import OuterRef, Q, QuerySet, Subquery

from payments.models import BalanceTransaction, Payout, StripePayment

# What took a charge's money back names the same charge, and may be in a later payout.
_PAID_IN = Q(reporting_category="charge") | Q(kind__in=["charge", "payment"])


def link_items(payout: Payout) -> None:
    """Link the charges that a payout's items pay out."""
    paid = BalanceTransaction.objects.filter(_PAID_IN, payout=payout)
    StripePayment.objects.filter(charge_id__in=paid.values("source_id")).update(payout=payout)
    _take_settlement(StripePayment.objects.filter(payout=payout))


def link_to_payouts(charge_ids: Collection[str]) -> None:
    """Link charges that came to be known after the payout that holds them."""
    held = BalanceTransaction.objects.filter(_PAID_IN, source_id__in=charge_ids, payout__isnull=False)
    item = held.filter(source_id=OuterRef("charge_id")).order_by("pk")
    found = StripePayment.objects.filter(charge_id__in=held.values("source_id"), payout=None)
    if found.update(payout=Subquery(item.values("payout")[:1])):
        _take_settlement(StripePayment.objects.filter(charge_id__in=charge_ids))


def _take_settlement(charges: QuerySet[StripePayment]) -> None:
    item = BalanceTransaction.objects.filter(_PAID_IN, source_id=OuterRef("charge_id"), payout__isnull=False)
    item = item.order_by("pk")
    charges.filter(fee=None, payout__isnull=False).update(
        fee=Subquery(item.values("fee")[:1]),
        net=Subquery(item.values("net")[:1]),
        settlement_currency=Subquery(item.values("currency")[:1]),
    )
