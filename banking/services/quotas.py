"""Calls that the bank allows for one account and scope a day: taken before the call, corrected by the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from banking.clients.base import Quota, Scope
from banking.models import AccountQuota, BankAccount

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NoCallsLeft:
    """The limit is used up; `until` is when the next call may be made."""

    until: datetime


def take_call(
    *, account: BankAccount, scope: Scope, keep_back: int, now: datetime, limit: int = 4
) -> NoCallsLeft | None:
    """Take one call off the account's limit, by one statement, so that no two workers take the last one.

    Shape: `keep_back` calls stay for a person who wants to fetch now. `limit` is for an account that has none yet.
    """
    with transaction.atomic():
        quota, _ = AccountQuota.objects.get_or_create(account=account, scope=scope.value, defaults={"limit": limit})
        row = AccountQuota.objects.filter(pk=quota.pk)
        row.filter(resets_at__lte=now).update(used=0, resets_at=None)
        taken = row.filter(Q(used=0) | Q(used__lt=F("limit") - keep_back), used__lt=F("limit")).update(
            used=F("used") + 1, resets_at=Coalesce("resets_at", now + _DAY)
        )
        if taken:
            return None
        until = row.values_list("resets_at", flat=True).get()
    return NoCallsLeft(until or now + _DAY)


def give_back(*, account: BankAccount, scope: Scope) -> None:
    """Return a call that the bank does not count, since it failed."""
    AccountQuota.objects.filter(account=account, scope=scope.value).update(used=Greatest(F("used") - 1, 0))


def correct(*, account: BankAccount, scope: Scope, quota: Quota | None, now: datetime) -> None:
    """Take over what the provider says is left."""
    if quota is None or not quota.limit:
        return
    AccountQuota.objects.update_or_create(
        account=account,
        scope=scope.value,
        defaults={
            "limit": quota.limit,
            "used": max(0, quota.limit - quota.remaining),
            "resets_at": now + timedelta(seconds=quota.resets_in),
        },
    )


def use_up(*, account: BankAccount, scope: Scope, until: datetime) -> None:
    """Note that the provider refuses further calls until then."""
    AccountQuota.objects.filter(account=account, scope=scope.value).update(used=F("limit"), resets_at=until)
