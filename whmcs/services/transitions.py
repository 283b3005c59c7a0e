"""The moves of a posting: one compare-and-swap each, with its append-only row, in one transaction."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Sum
from django.db.models.functions import Greatest
from django.utils.translation import gettext

from payymo.audit.services import recording as audit
from whmcs.models import Invoice, Posting, PostingTransition

logger = logging.getLogger(__name__)
State = Posting.State

# WHMCS may be booking it now, or may have booked it.
IN_FLIGHT = (State.SENDING, State.UNKNOWN)
# Until one of these ends, the invoice's money is spoken for. A conflict and a failure hold it until a person decides.
OPEN = (State.QUEUED, State.RETRYABLE, *IN_FLIGHT, State.CONFLICT, State.FAILED)

_ALLOWED = {
    State.QUEUED: {State.SENDING, State.WITHDRAWN},
    State.RETRYABLE: {State.SENDING, State.QUEUED, State.WITHDRAWN},
    State.SENDING: {State.POSTED, State.UNKNOWN, State.RETRYABLE, State.CONFLICT, State.FAILED},
    State.UNKNOWN: {State.POSTED, State.QUEUED, State.CONFLICT, State.FAILED},
    State.CONFLICT: {State.QUEUED, State.WITHDRAWN},
    State.FAILED: {State.QUEUED, State.WITHDRAWN},
    State.POSTED: {State.WITHDRAWN},
    State.WITHDRAWN: set(),
}


class IllegalMove(AssertionError):
    """A move that the state machine does not know: a mistake in the code, never in the data."""


def begin(posting: Posting, *, now: datetime, reason: str) -> None:
    """Save a new posting with the first row of its history. Runs inside the caller's transaction."""
    with transaction.atomic():
        posting.save(force_insert=True)
        PostingTransition.objects.create(
            posting=posting, sequence=1, from_state="", to_state=posting.state, reason=reason, moved_at=now
        )
        _note(posting, "", posting.state)


def _note(posting: Posting, before: str, to: str) -> None:
    details = {"from": before, "to": to, "amount": str(posting.amount), "currency": posting.currency}
    audit.record(action="posting.moved", about=posting, details=details)


def move(posting: Posting, to: str, *, now: datetime, reason: str = "", **values: Any) -> bool:
    """Move `posting` on, if nobody moved or claimed it since it was read; say whether it was moved.

    Shape: the state and the lease are compared as read, so a worker that lost its lease changes nothing. The lease ends
    unless `values` holds a new one.
    """
    before = posting.state
    if to not in _ALLOWED[State(before)]:
        raise IllegalMove(gettext("%(before)s to %(to)s") % {"before": before, "to": to})
    values = {"lease_until": None, **values, "state": to}
    with transaction.atomic():
        unchanged = Posting.objects.filter(pk=posting.pk, state=before, lease_until=posting.lease_until)
        if not unchanged.update(**values):
            return False
        last = PostingTransition.objects.filter(posting=posting).aggregate(last=Max("sequence"))["last"] or 0
        PostingTransition.objects.create(
            posting=posting, sequence=last + 1, from_state=before, to_state=to, reason=reason[:500], moved_at=now
        )
        _note(posting, before, to)
    for name, value in values.items():
        setattr(posting, name, value)
    logger.info(
        "posting moved",
        extra={"event": "posting_moved", "posting": posting.public_id, "status": to, "attempt": posting.attempts},
    )
    return True


def keep(posting: Posting, **values: Any) -> bool:
    """Change `posting` without moving it, under the same condition as `move`; say whether it was changed."""
    unchanged = Posting.objects.filter(pk=posting.pk, state=posting.state, lease_until=posting.lease_until)
    if not unchanged.update(**values):
        return False
    for name, value in values.items():
        setattr(posting, name, value)
    return True


def count_reserved(invoice: Invoice) -> None:
    """Set `reserved` of a locked invoice to the sum of its open postings."""
    held = Posting.objects.filter(invoice=invoice, kind=Posting.Kind.POST, state__in=OPEN)
    invoice.reserved = held.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    invoice.save(update_fields=["reserved"])


def expect_less(invoice: Invoice, posted: Posting) -> None:
    """Let the other postings of a locked invoice expect the balance that `posted` has left."""
    Posting.objects.filter(invoice=invoice, state__in=OPEN, expected_balance__isnull=False).exclude(
        pk=posted.pk
    ).update(expected_balance=Greatest(F("expected_balance") - posted.amount, Decimal(0)))


def was_ever_sent(posting: Posting) -> bool:
    """Say whether a worker ever began to send it."""
    return PostingTransition.objects.filter(posting=posting, to_state=State.SENDING).exists()
