"""Two persons for large payments: above the tenant's amount the first approval only waits for a second person.

The first person cannot give the second one, and the second must mean the same invoices and amounts; otherwise theirs
becomes the first.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from accounts import permissions
from matching.locks import Receipt
from matching.models import Decision, TwoPersonLimit
from matching.services.decisions import Actor, about, record
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.money import UnknownCurrency, UnreadableAmount, check_currency, to_minor
from tenants import context

MOST_CURRENCIES = 20
Limits = Mapping[str, Decimal]


class SecondPersonNeeded(Conflict):
    """Whoever gave the first approval cannot give the second."""

    code = "second_person_needed"


class UnusableLimit(BadInput):
    """The amounts make no sense, or nobody could be the second person."""

    code = "unusable_limit"


@dataclass(frozen=True, slots=True)
class Look:
    """What an approval of a payment amounts to.

    Shape: `waiting` is the first approval that was written instead of a match; `fields` is what the decision that
    matches keeps of the first one.
    """

    waiting: Decision | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def limits() -> dict[str, Decimal]:
    """Return the amount above which two persons approve, by currency; empty: one person always may."""
    return dict(TwoPersonLimit.objects.order_by("currency").values_list("currency", "amount"))


def is_above(known: Limits, receipt: Receipt) -> bool:
    """Return whether a payment needs two persons; in a currency that no amount is named for it always does."""
    return bool(known) and receipt.amount > known.get(receipt.currency, Decimal(0))


def is_large(receipt: Receipt) -> bool:
    """Return whether a payment needs two persons by the limits of now."""
    return is_above(limits(), receipt)


def replace_limits(amounts: Limits) -> bool:
    """Make these the tenant's limits; return whether anything changed. The caller's transaction holds it.

    Raises: UnusableLimit; nothing is written.
    """
    wanted = _checked(amounts)
    if wanted == limits():
        return False
    if wanted and len(permissions.members_who_may(context.current(), "review.decide")) < 2:
        raise UnusableLimit(
            gettext("Invite somebody else who may approve payments first: nobody could be the second person now.")
        )
    TwoPersonLimit.objects.exclude(currency__in=wanted).delete()
    for currency, amount in wanted.items():
        TwoPersonLimit.objects.update_or_create(currency=currency, defaults={"amount": amount})
    return True


def _checked(amounts: Limits) -> dict[str, Decimal]:
    if len(amounts) > MOST_CURRENCIES:
        raise UnusableLimit(gettext("At most %(most)s currencies can have a limit.") % {"most": MOST_CURRENCIES})
    try:
        wanted = {check_currency(currency): amount for currency, amount in amounts.items()}
        whole = [to_minor(amount, currency) for currency, amount in wanted.items()]
    except (UnknownCurrency, UnreadableAmount) as error:
        raise UnusableLimit(str(error)) from error
    if any(amount <= 0 for amount in whole):
        raise UnusableLimit(gettext("The amount above which two persons decide must be above zero."))
    return wanted


def first_of(receipt: Receipt) -> Decision | None:
    """Return the first approval that waits for a second person, or None."""
    latest = Decision.objects.filter(**about(receipt)).exclude(kind=Decision.Kind.UNDO).exclude(
        undone_by__isnull=False
    ).order_by("-pk").first()  # fmt: skip
    return latest if latest is not None and latest.kind == Decision.Kind.FIRST else None


def look(receipt: Receipt, lines: Iterable[tuple[int, Decimal]], *, actor: Actor, now: datetime) -> Look:
    """Say what an approval of the locked payment amounts to, and write it where it is only the first of two.

    Raises: SecondPersonNeeded when the same person approves the same again, and for a program with a key and Payymo's
    staff, who may be the first and never the second: nothing is written.
    """
    if not is_large(receipt):
        return Look()
    agreed = _hash_of(lines)
    first = first_of(receipt)
    if first is not None and first.agreed == agreed and first.decided_by_id is not None:
        if actor.user is None or first.decided_by_id == actor.user.pk:
            raise SecondPersonNeeded(gettext("You approved it first. Somebody else gives the second approval."))
        if actor.by_key or actor.source != Decision.Source.PERSON:
            raise SecondPersonNeeded(gettext("A member who signed in gives the second approval, no key and no staff."))
        return Look(fields={"seconds": first, "first_person_id": first.decided_by_id})
    return Look(waiting=record(receipt, Decision.Kind.FIRST, actor=actor, now=now, agreed=agreed))


def _hash_of(lines: Iterable[tuple[int, Decimal]]) -> str:
    written = sorted(f"{invoice_id}:{amount.normalize():f}" for invoice_id, amount in lines)
    return hashlib.sha256("|".join(written).encode()).hexdigest()
