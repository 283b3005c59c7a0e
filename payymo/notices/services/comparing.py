"""The daily comparison of 35 days: bank, Payymo, WHMCS and gateways. What differs is told, and again when it grows."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from banking.models import BankAccount
from matching import ledger
from matching.three_way_selectors import Check, Period, count, rows_of
from payymo.notices.kinds import Kind
from payymo.notices.models import Event
from payymo.notices.services.collecting import locked
from payymo.notices.services.telling import Happening, said, tell
from tenants import context, days
from whmcs import selectors

DAYS = 35
# What is younger is on its way: WHMCS is read, a charge is matched, a gateway pays out.
_YOUNG = {Check.IN_NO_PAYOUT: 10}
_USUALLY_YOUNG = 3


def compare(*, now: datetime) -> int:
    """Tell what bank, Payymo, WHMCS and the gateways say differently; return how many differences are news."""
    found = [*_three_way(now), *_accounts(now)]
    with locked():
        return tell([each for each in found if _is_news(each)], now=now)


def _three_way(now: datetime) -> Iterator[Happening]:
    today, tenant = days.today(now), context.current()
    # The book of a WHMCS that is paused stands: what it does not show may be there, or waits for the end of the pause.
    stands = selectors.paused_instances().exists()
    for check in [Check.IN_NO_PAYOUT] if stands else Check:
        until = today - timedelta(days=_YOUNG.get(check, _USUALLY_YOUNG))
        period = Period(today - timedelta(days=DAYS), until)
        if number := count(check, period):
            [newest] = rows_of(check, period, limit=1)
            details = {"what": check.value, "count": number}
            yield Happening(Kind.BOOKS_DIFFER, tenant.public_id, f"{check}:{number}:{newest.pk}", now, details)


def _accounts(now: datetime) -> Iterator[Happening]:
    until = days.today(now)
    lines = ledger.statement(since=until - timedelta(days=DAYS), until=until)
    keys = dict(BankAccount.objects.values_list("public_id", "pk"))
    for line in lines:
        told = partial(_difference, line, now, keys.get(line.account))
        if line.difference:
            yield told("parts", until, line.difference)
        if line.bank_difference and line.stated_on:
            yield told("balance", line.stated_on, line.bank_difference)


def _difference(line: ledger.StatementLine, now: datetime, key: int | None, what: str, day: date, by: Any) -> Happening:
    details = {"what": what, "day": day.isoformat(), **said(by, line.currency)}
    occasion = f"{what}:{day if what == 'balance' else ''}:{by}"
    return Happening(Kind.BOOKS_DIFFER, line.account, occasion, now, details, account=key)


def _is_news(happening: Happening) -> bool:
    """Return whether a list grew since it was last told; one that a person works off is no news."""
    number = happening.details.get("count")
    if number is None:
        return True
    earlier = Event.objects.filter(kind=happening.kind, about=happening.about, details__what=happening.details["what"])
    last = earlier.order_by("-pk").first()
    newest = happening.occasion.rpartition(":")[2]
    return last is None or last.occasion.rpartition(":")[2] != newest or last.details["count"] < number
