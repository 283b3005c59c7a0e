"""What banks state as balances, and what that makes of the sum of an account's movements. Five queries in all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from banking.models import BankAccount, BankTransaction
from tenants import context

_DAY = timedelta(days=1)
_SPANS = """
    SELECT DISTINCT ON (account_id) account_id, span->>'{day}', span->>'{balance}'
    FROM banking_statementimport, jsonb_array_elements(spans) AS span
    WHERE state = 'COMMITTED' AND account_id IS NOT NULL AND span ? '{balance}'
          AND span->>'last' >= %s AND span->>'last' <= %s
    ORDER BY account_id, span->>'{day}' {order}, id {order}
"""


@dataclass(frozen=True, slots=True)
class Stated:
    """A balance as the bank states it for the end of a day. Units: decimals of the account's currency."""

    day: date
    balance: Decimal


def starts(accounts: "QuerySet[BankAccount]") -> dict[int, Decimal]:
    """Return what each account held before the first movement that is known.

    Shape: from the balance that the bank's feed shows, else from the opening balance of the first imported statement;
    an account without either is left out.
    """
    zone = ZoneInfo(context.current().time_zone)
    known = {
        account.pk: Stated(account.booked_balance_at.astimezone(zone).date(), account.booked_balance)
        for account in accounts
        if account.booked_balance is not None and account.booked_balance_at is not None
    }
    found = {**_first_openings(), **known}
    moved = moved_until({account: stated.day for account, stated in found.items()})
    return {account: stated.balance - moved.get(account, Decimal(0)) for account, stated in found.items()}


def last_closings(*, since: date, until: date) -> dict[int, Stated]:
    """Return the last closing balance in the period of each account that has one in an imported statement."""
    return _spans(day="last", balance="closing", newest=True, since=since, until=until)


def moved_until(days: Mapping[int, date]) -> dict[int, Decimal]:
    """Return the sum of the movements of each account up to the end of its day."""
    if not days:
        return {}
    wanted = reduce(or_, (Q(account=account, booking_date__lte=day) for account, day in days.items()))
    rows = BankTransaction.objects.filter(wanted)
    return dict(rows.values_list("account").annotate(Sum("amount")).order_by())


def _first_openings() -> dict[int, Stated]:
    """Return the opening balances of the first statements, as of the day before."""
    found = _spans(day="first", balance="opening", newest=False, since=date.min, until=date.max)
    return {account: Stated(one.day - _DAY, one.balance) for account, one in found.items() if one.day > date.min}


def _spans(*, day: str, balance: str, newest: bool, since: date, until: date) -> dict[int, Stated]:
    # The names are our own; ISO days sort like days.
    statement = _SPANS.format(day=day, balance=balance, order="DESC" if newest else "ASC")
    with connection.cursor() as cursor:
        cursor.execute(statement, [since.isoformat(), until.isoformat()])
        return {
            account: Stated(date.fromisoformat(written), Decimal(amount))
            for account, written, amount in cursor.fetchall()
        }
