"""Marking that a consent ends: 30, 14, 7 and 1 days before. Notices tell it from there, each step once."""

from datetime import datetime, timedelta

from django.db.models import Q

from banking.models import BankConnection

WARNED_BEFORE = (1, 7, 14, 30)
_MOST = 200


def warn_of_ends(*, now: datetime) -> int:
    """Mark every living consent that has come nearer to its end; return how many.

    Shape: what was missed while no worker ran is marked once, by the nearest of the days. A renewed consent is another
    row and is warned of anew.
    """
    soon = BankConnection.objects.filter(
        state=BankConnection.State.LINKED, consent_ends_at__gt=now,
        consent_ends_at__lte=now + timedelta(days=WARNED_BEFORE[-1]),
    ).exclude(warned_days=WARNED_BEFORE[0])  # fmt: skip
    ends = soon.order_by("pk").values_list("pk", "consent_ends_at")[:_MOST]
    return sum(_warn(key, _step(end, now)) for key, end in ends if end is not None)


def _step(end: datetime, now: datetime) -> int:
    return next(days for days in WARNED_BEFORE if end <= now + timedelta(days=days))


def _warn(key: int, days: int) -> bool:
    unsaid = BankConnection.objects.filter(Q(warned_days=None) | Q(warned_days__gt=days), pk=key)
    return bool(unsaid.update(warned_days=days))
