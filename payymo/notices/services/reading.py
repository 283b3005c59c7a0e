"""A member's own notices: which they may see now, reading them, and how they want to hear."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts import reach
from payymo.notices.kinds import AUDIENCES, LISTED, MAILED, Kind, Way, usual_way
from payymo.notices.models import Notice, Preference
from payymo.shared.errors import BadInput


class UnusablePreference(BadInput):
    """There is no such kind or way."""

    code = "unusable_preference"


def visible(*, user_id: int, permissions: frozenset[str]) -> QuerySet[Notice]:
    """Return a member's notices that they may see as they are now, within reach of the caller."""
    kinds = [kind for kind in LISTED if AUDIENCES[kind].sees in permissions]
    rows = Notice.objects.filter(user_id=user_id, event__kind__in=kinds).exclude(way=Way.OFF)
    return rows.filter(reach.by_account("event__account_id")).select_related("event")


def unread(*, user_id: int, permissions: frozenset[str]) -> QuerySet[Notice]:
    """Return those of them that were not read."""
    return visible(user_id=user_id, permissions=permissions).filter(read_at=None)


def mark_read(*, user_id: int, ids: list[str] | None, now: datetime) -> int:
    """Mark notices of a member as read, all of them with None; return how many were not before."""
    rows = Notice.objects.filter(user_id=user_id, read_at=None)
    return rows.filter(Q() if ids is None else Q(public_id__in=ids)).update(read_at=now)


def ways_of(*, user_id: int, permissions: frozenset[str]) -> dict[Kind, Way]:
    """Return how a member hears of each kind that they may know, in the order of the catalogue."""
    chosen = dict(Preference.objects.filter(user_id=user_id).values_list("kind", "way"))
    usual = {kind: usual_way(kind, permissions) for kind in LISTED}
    return {kind: Way(chosen.get(kind.value, way)) for kind, way in usual.items() if way is not None}


@transaction.atomic
def choose(*, user_id: int, ways: Mapping[str, str]) -> None:
    """Keep how a member wants to hear of these kinds.

    Raises: UnusablePreference: nothing is written.
    """
    for kind, way in ways.items():
        if kind not in {each.value for each in LISTED} or way not in Way.values:
            raise UnusablePreference(gettext("Choose one of the offered ways."))
        Preference.objects.update_or_create(user_id=user_id, kind=kind, defaults={"way": way})


def stop_mails(*, user_id: int, permissions: frozenset[str]) -> int:
    """List everything in Payymo only, and mail nothing any more; return how many kinds that changes."""
    mailed = [
        kind for kind, way in ways_of(user_id=user_id, permissions=permissions).items()
        if way in MAILED
    ]  # fmt: skip
    choose(user_id=user_id, ways=dict.fromkeys((kind.value for kind in mailed), Way.APP.value))
    Notice.objects.filter(user_id=user_id, bundle=None, way__in=MAILED).update(way=Way.APP)
    return len(mailed)
