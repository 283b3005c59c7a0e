"""Erasing what names a person in Stripe's data, and events that are done with."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from payments.models import PaymentIntent, StripePayment, WebhookEvent
from payymo.shared.models import ReceiptState

NOT_BOOKKEEPING = Q(allocated=0, state__in=[ReceiptState.UNRECONCILED, ReceiptState.IGNORED])


@transaction.atomic
def erase_payments(ids: Collection[int], *, now: datetime, waits: bool = False) -> list[int]:
    """Empty the personal fields of these charges and return which it was; without `waits`, what somebody holds is left.

    Shape: Stripe's ids and amounts stay, so that refunds and payouts still add up and nothing is stored twice.
    """
    rows = StripePayment.objects.select_for_update(skip_locked=not waits, of=("self",)).filter(
        pk__in=list(ids), erased_at=None
    )
    held = list(rows.order_by("pk").values_list("pk", "payment_intent_id"))
    StripePayment.objects.filter(pk__in=[pk for pk, _ in held]).update(
        erased_at=now, email="", name="", description="", customer_id="", metadata={}, raw_sealed=b""
    )
    intents = [intent for _, intent in held if intent]
    PaymentIntent.objects.filter(intent_id__in=intents).update(description="", customer_id="", metadata={})
    return [pk for pk, _ in held]


def lost_intents(before: datetime) -> QuerySet[PaymentIntent]:
    """Return older attempts to pay that still say who tried, and came to nothing that is kept."""
    paid = StripePayment.objects.exclude(NOT_BOOKKEEPING).values("payment_intent_id")
    old = PaymentIntent.objects.filter(stripe_created_at__lt=before).exclude(intent_id__in=paid)
    return old.exclude(description="", customer_id="", metadata={})


def erase_lost_intents(*, before: datetime, limit: int) -> int:
    """Empty the personal fields of up to a number of them; return how many."""
    ids = list(lost_intents(before).order_by("pk").values_list("pk", flat=True)[:limit])
    return PaymentIntent.objects.filter(pk__in=ids).update(description="", customer_id="", metadata={})


def old_events(before: datetime) -> QuerySet[WebhookEvent]:
    """Return events that came before then and wait for nothing: a payment stays unique by its own id for ever."""
    return WebhookEvent.objects.filter(Q(processed_at__isnull=False) | Q(next_attempt_at=None), received_at__lt=before)


def prune_events(*, before: datetime, limit: int) -> int:
    """Delete up to a number of them; return how many."""
    ids = list(old_events(before).order_by("pk").values_list("pk", flat=True)[:limit])
    return WebhookEvent.objects.filter(pk__in=ids).delete()[0]
