"""Row locks, always invoice before posting and in the order of primary keys, and the lock of a periodic job."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from whmcs.models import Invoice


def lock_invoices(ids: Iterable[int]) -> dict[int, Invoice]:
    """Lock these invoices until the end of the transaction and return them as they are now, by primary key."""
    rows = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=set(ids)).order_by("pk")
    return {invoice.pk: invoice for invoice in rows}


@contextmanager
def single_job(name: str) -> Iterator[bool]:
    """Say whether this is the only running job of that name in the current tenant; held until the block ends.

    Source: PostgreSQL's advisory locks of the session, so a killed process frees it with its connection.
    """
    key = f"{connection.schema_name}:{name}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        is_only_one = bool(cursor.fetchone()[0])
    try:
        yield is_only_one
    finally:
        if is_only_one:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
