"""Putting notices into mails: what just happened in one mail, the rest of the day or week in one digest a day at most.

A notice is in one mail at most, and one that was read in Payymo before its mail is in none.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import OutgoingMail
from accounts.services import outbox
from payymo.notices.kinds import Way
from payymo.notices.models import Bundle, Notice
from tenants import context
from tenants.models import Tenant

DIGEST_AT = time(8)
# Whoever got a mail a moment ago gets the next ones together.
APART = timedelta(minutes=10)
MOST_MEMBERS = 500


def mail_at_once(*, now: datetime) -> int:
    """Leave a mail for each member with something to hear at once; return how many mails."""
    lately = Bundle.objects.filter(day=None, made_at__gt=now - APART).values("user_id")
    wanted = Q(way=Way.AT_ONCE)
    waiting = _waiting(wanted).exclude(user_id__in=lately)
    return sum(_bundle(user_id, wanted, None, now) for user_id in _members(waiting))


def mail_digests(*, now: datetime) -> int:
    """Leave the day's digest for each member with something in it, from eight in the morning of the tenant on.

    Shape: once a day and member, however often this runs; a day without news has no digest. What somebody wants weekly
    is in the first digest since Monday at eight.
    """
    tenant = Tenant.objects.get(pk=context.current().pk)
    local = now.astimezone(ZoneInfo(tenant.time_zone))
    if local.time() < DIGEST_AT:
        return 0
    today = local.date()
    had = Bundle.objects.filter(day=today).values("user_id")
    wanted = Q(way=Way.DAILY) | Q(way=Way.WEEKLY, event__happened_at__lt=_week_began(local))
    waiting = _waiting(wanted).exclude(user_id__in=had)
    return sum(_bundle(user_id, wanted, today, now) for user_id in _members(waiting))


def _week_began(local: datetime) -> datetime:
    """Return Monday at eight, of this week."""
    return datetime.combine(local.date() - timedelta(days=local.weekday()), DIGEST_AT, tzinfo=local.tzinfo)


def _waiting(wanted: Q) -> QuerySet[Notice]:
    return Notice.objects.filter(wanted, bundle=None, read_at=None)


def _members(waiting: QuerySet[Notice]) -> list[int]:
    return list(waiting.order_by("user_id").values_list("user_id", flat=True).distinct()[:MOST_MEMBERS])


def _bundle(user_id: int, wanted: Q, day: date | None, now: datetime) -> bool:
    """Put what waits for a member into one mail; False when another worker was faster."""
    try:
        with transaction.atomic():
            bundle = Bundle.objects.create(user_id=user_id, day=day, made_at=now)
            # Of two workers the second waits here for the first, and then finds nothing.
            taken = (
                _waiting(wanted).filter(user_id=user_id).order_by("pk").select_for_update().values_list("pk", flat=True)
            )
            if not Notice.objects.filter(pk__in=list(taken), bundle=None).update(bundle=bundle):
                transaction.set_rollback(True)
                return False
            outbox.post(kind=OutgoingMail.Kind.NOTICES, about=bundle.public_id, tenant=context.current(), now=now)
    except IntegrityError:
        return False
    return True
