"""What the Payers pages read: who has paid for whom, as people's decisions taught it. Nothing here writes."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from banking.models import BankTransaction
from matching.core.normalise import fold, name_key
from matching.models import PayerProfile
from payments.models import StripePayment

_LONGEST_KEY = 200
# Ways in which the payers of one page wrote their names; one more only leaves a folded name on the screen.
_MOST = 2000


@dataclass(frozen=True, slots=True)
class PayerName:
    """How a payer is called: the name in the latest payment, and the last four of the account where one is known."""

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
            | (_folded(text) & ~Q(kind=PayerProfile.Kind.ACCOUNT))
            | Q(**{f"{company}__icontains": text})
            | Q(**{f"{first}__icontains": text})
            | Q(**{f"{last}__icontains": text})
        )
    return rows


def _folded(text: str) -> Q:
    """Ask for every word of a text, in any order: a folded name has its words by the alphabet, and OE as O."""
    words = re.findall(r"[A-Z0-9]+", fold(text))
    asked = (Q(key__contains=word) | Q(key__contains=name_key(word) or word) for word in words)
    return Q(*asked) if words else Q(pk=None)


def find_payer(public_id: uuid.UUID | str) -> PayerProfile | None:
    """Return the entry with this public id, or None."""
    return PayerProfile.objects.select_related("client").filter(public_id=public_id).first()


def names_of(profiles: Iterable[PayerProfile]) -> dict[str, PayerName]:
    """Return how the payers behind these entries are called, by key; four queries, whatever their number."""
    rows = list(profiles)
    accounts = [each.key for each in rows if each.kind == PayerProfile.Kind.ACCOUNT]
    named = {each.key: each.client_id for each in rows if each.kind != PayerProfile.Kind.ACCOUNT}
    return _of_accounts(accounts) | _of_names(named)


def _of_accounts(keys: list[str]) -> dict[str, PayerName]:
    found: dict[str, PayerName] = {}
    banks = BankTransaction.objects.filter(counterparty_hash__in=keys).exclude(counterparty_hash="")
    latest = banks.order_by("counterparty_hash", "-pk").distinct("counterparty_hash")
    for key, name, last4 in latest.values_list("counterparty_hash", "counterparty_name", "counterparty_last4"):
        found[key] = PayerName(name, last4)
    charges = StripePayment.objects.filter(customer_id__in=keys).exclude(customer_id="")
    for key, name in charges.order_by("customer_id", "-pk").distinct("customer_id").values_list("customer_id", "name"):
        found.setdefault(key, PayerName(name, key[-4:]))
    return found


def _of_names(clients: Mapping[str, int]) -> dict[str, PayerName]:
    """Find how folded names were written in payments for their clients. Where no bank gave a name, none is found."""
    of_them = {"allocations__invoice__client__in": set(clients.values())}
    banks = BankTransaction.objects.filter(**of_them).values_list("counterparty_name", flat=True)
    charges = StripePayment.objects.filter(**of_them).values_list("name", flat=True)
    written = {
        name_key(name)[:_LONGEST_KEY]: name for name in (*charges.distinct()[:_MOST], *banks.distinct()[:_MOST]) if name
    }
    # A name and a text that it repeats are kept as name|text.
    found = {key: written.get(key.partition("|")[0]) for key in clients}
    return {key: PayerName(name) for key, name in found.items() if name}


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
