"""What was still unmatched at the end of a day, by how long it had been waiting.

Counted back from what is unmatched now: what was matched, settled or set aside since is added, what was taken back
since is taken off. All of that carries its moment, so the answer for a day never changes again, whenever it is asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from banking.models import BankAccount
from matching.ledger import account_name
from payments.models import StripeConnection
from tenants import context, days

# Days since it came in: from, to.
BUCKETS: tuple[tuple[str, int, int | None], ...] = (
    ("to_7", 0, 7),
    ("to_30", 8, 30),
    ("to_60", 31, 60),
    ("to_90", 61, 90),
    ("over_90", 91, None),
)

# Of a receipt: by how much less was matched at the end of the day, whether it was set aside only afterwards, and
# whether it was set aside then and is not, or not for that reason, now.
_SET_ASIDE_SINCE = """
    SELECT aside.{receipt}, 0, true, false FROM matching_decision aside
        WHERE aside.decided_at >= %(end)s AND aside.kind IN ('IGNORE', 'PAIR')
          AND NOT EXISTS (
              SELECT FROM matching_decision undo
              WHERE undo.undoes_id = aside.id AND undo.kind = 'UNDO' AND undo.decided_at >= %(end)s
          )
    UNION ALL SELECT aside.{receipt}, 0, false, true FROM matching_decision undo
        JOIN matching_decision aside ON aside.id = undo.undoes_id
        WHERE undo.decided_at >= %(end)s AND undo.kind = 'UNDO'
          AND aside.decided_at < %(end)s AND aside.kind IN ('IGNORE', 'PAIR')
"""
_BANK = """
    SELECT bank_transaction_id AS receipt, amount AS back, false AS set_aside, false AS taken_up
        FROM matching_invoicematch WHERE allocated_at >= %(end)s
    UNION ALL SELECT bank_transaction_id, bank_amount, false, false
        FROM matching_settlement WHERE settled_at >= %(end)s AND undone_by_id IS NULL
    UNION ALL SELECT settled.bank_transaction_id, -settled.bank_amount, false, false FROM matching_settlement settled
        JOIN matching_decision undo ON undo.id = settled.undone_by_id
        WHERE settled.settled_at < %(end)s AND undo.decided_at >= %(end)s
"""
_BANK_ROWS = """
    SELECT receipt.account_id AS source, receipt.currency, receipt.booking_date AS day, receipt.state,
           receipt.amount AS whole, receipt.allocated AS used_now, receipt.allocated - coalesce(back, 0) AS used_then,
           set_aside, taken_up
    FROM banking_banktransaction receipt LEFT JOIN since ON since.receipt = receipt.id
    WHERE receipt.amount > 0 AND receipt.booking_date <= %(day)s
      AND (receipt.state IN ('UNRECONCILED', 'PARTLY_ALLOCATED') OR since.receipt IS NOT NULL)
"""
_CHARGES = """
    SELECT stripe_payment_id AS receipt, amount AS back, false AS set_aside, false AS taken_up
        FROM matching_stripeinvoicematch WHERE allocated_at >= %(end)s
"""
# In another currency the ledger cannot say which part of a charge is matched: it counts once all of it is.
_CHARGE_ROWS = """
    SELECT moved.connection_id AS source, moved.currency, (moved.stripe_created_at AT TIME ZONE %(zone)s)::date AS day,
           charge.state, moved.amount AS whole,
           CASE WHEN charge.currency = moved.currency THEN least(charge.allocated, moved.amount)
                WHEN charge.allocated = charge.amount THEN moved.amount ELSE 0 END AS used_now,
           CASE WHEN charge.currency = moved.currency THEN least(charge.allocated - coalesce(back, 0), moved.amount)
                WHEN charge.allocated - coalesce(back, 0) = charge.amount THEN moved.amount ELSE 0 END AS used_then,
           set_aside, taken_up
    FROM payments_balancetransaction moved JOIN payments_stripepayment charge ON charge.charge_id = moved.source_id
    LEFT JOIN since ON since.receipt = charge.id
    WHERE moved.amount > 0 AND moved.stripe_created_at < %(end)s
      AND (charge.state IN ('UNRECONCILED', 'PARTLY_ALLOCATED') OR since.receipt IS NOT NULL)
"""
_BY_SOURCE = """
    WITH since AS MATERIALIZED (
        SELECT receipt, sum(back) AS back, bool_or(set_aside) AS set_aside, bool_or(taken_up) AS taken_up
        FROM ({matched} UNION ALL {set_aside}) AS changes WHERE receipt IS NOT NULL GROUP BY receipt
    ), receipts AS ({rows}), held AS MATERIALIZED (
        SELECT source, currency, day,
               CASE WHEN state = 'IGNORED' THEN 0 ELSE whole - used_now END AS still,
               CASE WHEN taken_up OR (state = 'IGNORED' AND set_aside IS NOT TRUE) THEN 0 ELSE whole - used_then END
                   AS rest
        FROM receipts
    ), by_day AS (
        SELECT source, currency, day, %(day)s - day AS waited, sum(rest) AS rest, sum(still) AS still,
               count(*) FILTER (WHERE rest > 0) AS count
        FROM held GROUP BY source, currency, day
    )
    SELECT source, currency, {buckets}, sum(rest), sum(count)::bigint, sum(still), min(day) FILTER (WHERE rest > 0)
    FROM by_day GROUP BY source, currency HAVING sum(count) > 0 OR sum(still) > 0
"""

_SUMS = ", ".join(
    f"coalesce(sum(rest) FILTER (WHERE waited >= {first}{'' if last is None else f' AND waited <= {last}'}), 0)"
    for _name, first, last in BUCKETS
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of one account, in one currency, was unmatched at the end of a day.

    Shape: `kind` is `bank` or a gateway's; `buckets` in the order of `BUCKETS`, adding up to `total`; `still` of what
    had come in by then is unmatched now, which is the `unmatched` of a statement from the first entry to that day.
    """

    kind: str
    source: int
    name: str
    currency: str
    buckets: tuple[Decimal, ...]
    total: Decimal
    count: int
    still: Decimal
    oldest: date | None


def unmatched(*, on: date) -> list[Waiting]:
    """Return a row for each account and currency with something unmatched then or now; four queries at most."""
    found = [
        *_waiting("bank", "bank_transaction_id", _BANK, _BANK_ROWS, on),
        *_waiting("gateway", "stripe_payment_id", _CHARGES, _CHARGE_ROWS, on),
    ]
    said = {("bank", one.pk): ("bank", account_name(one)) for one in _of(BankAccount, found, "bank")}
    for one in _of(StripeConnection, found, "gateway"):
        said["gateway", one.pk] = (one.gateway, one.account_name or one.account_id)
    named = [replace(row, kind=kind, name=name) for row in found for kind, name in [said[row.kind, row.source]]]
    return sorted(named, key=lambda row: (row.currency, row.kind, row.name, row.source))


def _of(model: type[Any], found: Sequence[Waiting], kind: str) -> Iterable[Any]:
    return model.objects.filter(pk__in={row.source for row in found if row.kind == kind})


def _waiting(kind: str, receipt: str, matched: str, rows: str, on: date) -> Iterator[Waiting]:
    _begin, end = days.moments(on, on)
    set_aside = _SET_ASIDE_SINCE.format(receipt=receipt)
    statement = _BY_SOURCE.format(matched=matched, set_aside=set_aside, rows=rows, buckets=_SUMS)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"day": on, "end": end, "zone": context.current().time_zone})
        for source, currency, *sums, total, count, still, oldest in cursor.fetchall():
            yield Waiting(kind, source, "", currency, tuple(sums), total, count, still, oldest)
