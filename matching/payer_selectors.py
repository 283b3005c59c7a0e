"""What the Payers pages read: who has paid for whom, as people's decisions taught it. Nothing here writes."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from banking.models import BankTransaction
from matching.models import PayerProfile
from payments.models import StripePayment


@dataclass(frozen=True, slots=True)
class PayerName:
    """How an account is called: the name of its latest payment and the last four of its number."""

    name: str = ""
    last4: str = ""


def payers(*, text: str = "", blocked: bool | None = None) -> QuerySet[PayerProfile]:
    """Return what is known of payers, last seen first, with their clients."""
    rows = PayerProfile.objects.select_related("client").order_by("-last_seen_date", "-pk")
    if blocked is not None:
        rows = rows.filter(is_blocked=blocked)
    if text:
        company, first, last = ("client__company_name", "client__first_name", "client__last_name")
        rows = rows.filter(
            Q(label__icontains=text)
            | (Q(key__icontains=text) & ~Q(kind=PayerProfile.Kind.ACCOUNT))
            | Q(**{f"{company}__icontains": text})
            | Q(**{f"{first}__icontains": text})
            | Q(**{f"{last}__icontains": text})
        )
    return rows


def find_payer(public_id: uuid.UUID | str) -> PayerProfile | None:
    """Return the entry with this public id, or None."""
    return PayerProfile.objects.select_related("client").filter(public_id=public_id).first()


def names_of(profiles: Iterable[PayerProfile]) -> dict[str, PayerName]:
    """Return how the accounts behind these entries are called, by key; two queries, whatever their number."""
    keys = [each.key for each in profiles if each.kind == PayerProfile.Kind.ACCOUNT]
    found: dict[str, PayerName] = {}
    banks = BankTransaction.objects.filter(counterparty_hash__in=keys).exclude(counterparty_hash="")
    latest = banks.order_by("counterparty_hash", "-pk").distinct("counterparty_hash")
    for key, name, last4 in latest.values_list("counterparty_hash", "counterparty_name", "counterparty_last4"):
        found[key] = PayerName(name, last4)
    charges = StripePayment.objects.filter(customer_id__in=keys).exclude(customer_id="")
    for key, name in charges.order_by("customer_id", "-pk").distinct("customer_id").values_list("customer_id", "name"):
        found.setdefault(key, PayerName(name, key[-4:]))
    return found


def payments_of(profile: PayerProfile, *, limit: int = 20) -> list[BankTransaction | StripePayment]:
    """Return the latest payments of the account or name behind an entry, newest first."""
    if profile.kind == PayerProfile.Kind.ACCOUNT:
        banks = BankTransaction.objects.filter(counterparty_hash=profile.key)
        charges = StripePayment.objects.filter(customer_id=profile.key)
    else:
        banks = BankTransaction.objects.filter(allocations__invoice__client=profile.client).distinct()
        charges = StripePayment.objects.filter(allocations__invoice__client=profile.client).distinct()
    found = [*banks.order_by("-pk")[:limit], *charges.order_by("-pk")[:limit]]
    return sorted(found, key=_day, reverse=True)[:limit]


def _day(receipt: BankTransaction | StripePayment) -> tuple[str, int]:
    day = receipt.booking_date if isinstance(receipt, BankTransaction) else receipt.charged_at.date()
    return day.isoformat(), receipt.pk
