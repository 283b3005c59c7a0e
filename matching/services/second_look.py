"""Two persons for large payments: above the tenant's amount the first approval only waits for a second person.

The first person cannot give the second one, and the second must mean the same invoices and amounts; otherwise theirs
becomes the first.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext

from matching.locks import Receipt
from matching.models import AutoApprovalPolicy, Decision
from matching.services.decisions import Actor, about, record
from payymo.shared.errors import Conflict


class SecondPersonNeeded(Conflict):
    """Whoever gave the first approval cannot give the second."""

    code = "second_person_needed"


def limit() -> Decimal | None:
    """Return the amount above which two persons approve, in the payment's own currency; None for no limit."""
    return AutoApprovalPolicy.objects.order_by("pk").values_list("two_person_above", flat=True).first()


def is_large(receipt: Receipt) -> bool:
    """Return whether a payment needs two persons."""
    most = limit()
    return most is not None and receipt.amount > most


def first_of(receipt: Receipt) -> Decision | None:
    """Return the first approval that waits for a second person, or None."""
    latest = Decision.objects.filter(**about(receipt)).exclude(kind=Decision.Kind.UNDO).exclude(
        undone_by__isnull=False
    ).order_by("-pk").first()  # fmt: skip
    return latest if latest is not None and latest.kind == Decision.Kind.FIRST else None


def waits(receipt: Receipt, lines: Iterable[tuple[int, Decimal]], *, actor: Actor, now: datetime) -> Decision | None:
    """Write a first approval of the locked payment and return it, or None when the approval counts.

    Raises: SecondPersonNeeded when the same person approves the same again, and for a program with a key and Payymo's
    staff, who may be the first and never the second: nothing is written.
    """
    if not is_large(receipt):
        return None
    agreed = _hash_of(lines)
    first = first_of(receipt)
    if first is not None and first.agreed == agreed:
        if actor.user is None or first.decided_by_id == actor.user.pk:
            raise SecondPersonNeeded(gettext("You approved it first. Somebody else gives the second approval."))
        if actor.by_key or actor.source != Decision.Source.PERSON:
            raise SecondPersonNeeded(gettext("A member who signed in gives the second approval, no key and no staff."))
        return None
    return record(receipt, Decision.Kind.FIRST, actor=actor, now=now, agreed=agreed)


def _hash_of(lines: Iterable[tuple[int, Decimal]]) -> str:
    written = sorted(f"{invoice_id}:{amount.normalize():f}" for invoice_id, amount in lines)
    return hashlib.sha256("|".join(written).encode()).hexdigest()
