"""Taking postings out of the outbox, one at a time, so that no two workers hold the same one or the same invoice."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from whmcs import selectors
from whmcs.models import Posting, WhmcsInstance
from whmcs.services.timing import Timing
from whmcs.services.transitions import IN_FLIGHT, keep, move

State = Posting.State
_TRIES = 10


def claim_next(*, now: datetime, timing: Timing, skipping: Collection[int] = ()) -> Posting | None:
    """Claim the posting that has waited longest, or return None.

    Shape: a posting that waited comes SENDING with a lease; an unknown one stays UNKNOWN with a lease; one whose worker
    died in SENDING comes UNKNOWN without a lease, to be looked up later. `skipping` names instances.
    """
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                posting = _due(now, skipping).first()
                if posting is None:
                    return None
                if _take(posting, now, timing):
                    return posting
        except IntegrityError:
            # Another worker began with another posting of the same invoice in the same moment: the database let one.
            continue
    return None


def renew(posting: Posting, *, now: datetime, timing: Timing) -> bool:
    """Extend the lease for one send; False if it was lost, or its WHMCS is no longer to be posted to, or paused."""
    if not selectors.working_instances().filter(pk=posting.instance_id).exists():
        return False
    if posting.lease_until is None or posting.lease_until <= now:
        return False
    return keep(posting, lease_until=now + timing.lease)


def _due(now: datetime, skipping: Collection[int]) -> QuerySet[Posting]:
    others = Posting.objects.filter(invoice=OuterRef("invoice"), state__in=IN_FLIGHT).exclude(pk=OuterRef("pk"))
    # A paused WHMCS is sent nothing; what may have been booked there is looked up all the same (ADR 0061).
    waits = Q(state__in=[State.QUEUED, State.RETRYABLE], instance__is_paused=False) & ~Exists(others)
    to_look_up = Q(state=State.UNKNOWN) & (Q(lease_until=None) | Q(lease_until__lte=now))
    left_behind = Q(state=State.SENDING, lease_until__lte=now)
    return (
        Posting.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(waits | to_look_up | left_behind, not_before__lte=now, kind=Posting.Kind.POST)
        .filter(instance__state=WhmcsInstance.State.ACTIVE)
        .exclude(instance_id__in=skipping)
        .select_related("instance", "invoice__client")
        .order_by("not_before", "pk")
    )


def _take(posting: Posting, now: datetime, timing: Timing) -> bool:
    if posting.state == State.SENDING:
        return move(
            posting,
            State.UNKNOWN,
            now=now,
            reason="the worker stopped while it was sending",
            not_before=now + timing.unknown_wait,
            absent_look_ups=0,
        )
    lease_until = now + timing.lease
    if posting.state == State.UNKNOWN:
        return keep(posting, lease_until=lease_until)
    return move(
        posting,
        State.SENDING,
        now=now,
        reason="taken by a worker",
        lease_until=lease_until,
        attempts=posting.attempts + 1,
    )
