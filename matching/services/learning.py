"""What a decision teaches about a payer, how an undo takes back exactly that, and how payers are forgotten.

Counts fade by half in 180 days. A count on its last day holds a sum of such decays, so what one decision added can be
taken out again later, whatever was added in between.
"""

from datetime import date, timedelta

from django.db import connection

from matching import adapters
from matching.core.memory import HALF_LIFE_DAYS, payer_name_key, repeated_text_key
from matching.locks import Receipt
from matching.models import PayerProfile

FORGOTTEN_AFTER = timedelta(days=4 * HALF_LIFE_DAYS)
"""What was not seen for two years weighs a sixteenth, and is deleted."""

_ADD = """
    INSERT INTO {table} AS known
        (public_id, kind, key, client_id, last_seen_date, is_blocked, label, hits, weight, rejections, rejected_weight,
         rejected_date)
    SELECT gen_random_uuid(), kind, key, client_id, %(on)s, false, '', %(hits)s, %(hits)s, %(rejections)s,
           %(rejections)s, CASE WHEN %(rejections)s > 0 THEN %(on)s END
    FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS payer(kind, key), unnest(%(clients)s::bigint[]) AS client_id
    ORDER BY client_id, kind, key
    ON CONFLICT (kind, key, client_id) DO UPDATE SET
        hits = known.hits + %(hits)s,
        weight = CASE WHEN %(hits)s = 0 THEN known.weight ELSE
            known.weight * 0.5 ^ (greatest(0, %(on)s - known.last_seen_date) / %(half)s)
            + 0.5 ^ (greatest(0, known.last_seen_date - %(on)s) / %(half)s) END,
        last_seen_date = CASE WHEN %(hits)s = 0 THEN known.last_seen_date
            ELSE greatest(known.last_seen_date, %(on)s) END,
        rejections = known.rejections + %(rejections)s,
        rejected_weight = CASE WHEN %(rejections)s = 0 THEN known.rejected_weight ELSE
            known.rejected_weight * 0.5 ^ (greatest(0, %(on)s - coalesce(known.rejected_date, %(on)s)) / %(half)s)
            + 0.5 ^ (greatest(0, coalesce(known.rejected_date, %(on)s) - %(on)s) / %(half)s) END,
        rejected_date = CASE WHEN %(rejections)s = 0 THEN known.rejected_date
            ELSE greatest(known.rejected_date, %(on)s) END
"""
_TAKE_BACK = """
    WITH locked AS (
        SELECT known.id FROM {table} AS known
        JOIN unnest(%(kinds)s::text[], %(keys)s::text[]) AS payer(kind, key) USING (kind, key)
        WHERE known.client_id = ANY(%(clients)s) AND known.{count} > 0
        ORDER BY known.client_id, known.kind, known.key
        FOR UPDATE OF known
    )
    UPDATE {table} AS known SET
        {count} = known.{count} - 1,
        {weight} = CASE WHEN known.{count} = 1 THEN 0
            ELSE greatest(0, known.{weight} - 0.5 ^ (greatest(0, known.{day} - %(on)s) / %(half)s)) END
    FROM locked WHERE known.id = locked.id
"""


def keys_of(receipt: Receipt) -> list[tuple[str, str]]:
    """Return the names under which the core remembers this payer."""
    value = adapters.to_receipt(receipt)
    keys = (
        (PayerProfile.Kind.ACCOUNT, value.counterparty_account),
        (PayerProfile.Kind.NAME, payer_name_key(value)),
        (PayerProfile.Kind.TEXT, repeated_text_key(value)),
    )
    return [(str(kind), key[:200]) for kind, key in keys if key]


def learn(receipt: Receipt, client_ids: set[int], *, on: date) -> None:
    """Remember that this payer paid for these clients."""
    _run(_ADD, receipt, client_ids, on=on, hits=1, rejections=0)


def unlearn(receipt: Receipt, client_ids: set[int], *, on: date) -> None:
    """Take back one `learn` of that day."""
    _run(_TAKE_BACK, receipt, client_ids, on=on, count="hits", weight="weight", day="last_seen_date")


def learn_rejection(receipt: Receipt, client_ids: set[int], *, on: date) -> None:
    """Remember that this payer did not pay for these clients."""
    _run(_ADD, receipt, client_ids, on=on, hits=0, rejections=1)


def unlearn_rejection(receipt: Receipt, client_ids: set[int], *, on: date) -> None:
    """Take back one `learn_rejection` of that day."""
    _run(_TAKE_BACK, receipt, client_ids, on=on, count="rejections", weight="rejected_weight", day="rejected_date")


def forget_payer(receipt: Receipt) -> int:
    """Forget everything that is known about the payer of a receipt; return how many entries that were."""
    forgotten = 0
    for kind, key in keys_of(receipt):
        forgotten += PayerProfile.objects.filter(kind=kind, key=key).delete()[0]
    return forgotten


def forget_faded(*, on: date) -> int:
    """Delete what has faded away: entries that nothing confirmed or rejected for two years. Return how many."""
    old = on - FORGOTTEN_AFTER
    rows = PayerProfile.objects.filter(last_seen_date__lt=old, is_blocked=False)
    return rows.exclude(rejected_date__gte=old).delete()[0]


def _run(statement: str, receipt: Receipt, client_ids: set[int], *, on: date, **values: int | str) -> None:
    """Change each entry of the payer and these clients in one statement and order, so that no two wait in a ring."""
    keys = keys_of(receipt)
    if not keys or not client_ids:
        return
    names = {name: values.pop(name) for name in ("count", "weight", "day") if name in values}
    # Only names of our own columns are put into the statement; every value is a parameter.
    text = statement.format(table=connection.ops.quote_name(PayerProfile._meta.db_table), **names)
    parameters = {
        "on": on, "half": float(HALF_LIFE_DAYS), "clients": sorted(client_ids), "kinds": [kind for kind, _ in keys],
        "keys": [key for _, key in keys], **values,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
