"""What a newcomer is shown until they switch it off: hints on the review screen, steps of setting up."""

from datetime import datetime

from accounts.models import Membership


def end_tour(*, membership: Membership, now: datetime) -> None:
    """Remember that this member needs no hints any more; the first end counts."""
    Membership.objects.filter(pk=membership.pk, ended_tour_at=None).update(ended_tour_at=now)


def hide_setup(*, membership: Membership, now: datetime) -> None:
    """Leave the steps of setting up out of this member's overview; the first time counts."""
    Membership.objects.filter(pk=membership.pk, hid_setup_at=None).update(hid_setup_at=now)
