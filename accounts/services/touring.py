"""The short tour of the review screen, which each member is offered until they end it."""

from datetime import datetime

from accounts.models import Membership


def end_tour(*, membership: Membership, now: datetime) -> None:
    """Remember that this member needs it no more; the first end counts."""
    Membership.objects.filter(pk=membership.pk, ended_tour_at=None).update(ended_tour_at=now)
