"""Telling the owners by mail that a consent ends: 30, 14, 7 and 1 days before, each once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import Membership, OutgoingMail
from accounts.services import outbox
from banking.models import BankConnection
from tenants import context

WARNED_BEFORE = (1, 7, 14, 30)
_MOST = 200


def warn_of_ends(*, now: datetime) -> int:
    """Leave a mail for each owner for every living consent that has come nearer to its end; return how many consents.

    Shape: what was missed while no worker ran is said once, by the nearest of the days. A renewed consent is another
    row and is warned of anew.
    """
    soon = BankConnection.objects.filter(
        state=BankConnection.State.LINKED, consent_ends_at__gt=now,
        consent_ends_at__lte=now + timedelta(days=WARNED_BEFORE[-1]),
    ).exclude(warned_days=WARNED_BEFORE[0])  # fmt: skip
    ends = soon.order_by("pk").values_list("pk", "consent_ends_at")[:_MOST]
    return sum(_warn(key, _step(end, now), now=now) for key, end in ends if end is not None)


def _step(end: datetime, now: datetime) -> int:
    return next(days for days in WARNED_BEFORE if end <= now + timedelta(days=days))


@transaction.atomic
def _warn(key: int, days: int, *, now: datetime) -> bool:
    unsaid = BankConnection.objects.filter(Q(warned_days=None) | Q(warned_days__gt=days), pk=key)
    if not unsaid.update(warned_days=days):
        return False
    tenant = context.current()
    owners = Membership.objects.filter(
        tenant=tenant, is_active=True, user__is_active=True, role__code="owner", role__tenant=None
    )
    for about in owners.order_by("pk").values_list("user__public_id", flat=True):
        outbox.post(kind=OutgoingMail.Kind.CONSENT_ENDS, about=about, tenant=tenant, now=now)
    return True
