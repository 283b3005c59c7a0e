"""One run of a periodic job per tenant at a time."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tenants import context


def lock_key(name: str, *, for_all_tenants: bool = False) -> int:
    """Return the number of the advisory lock of this name: the current tenant's, or the one that all share."""
    whose = "all" if for_all_tenants else context.current().public_id
    digest = hashlib.sha256(f"{whose}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def exclusive(job: str, *, for_all_tenants: bool = False) -> Iterator[bool]:
    """Hold an advisory lock for this job and the current tenant, or all; yields False when another run holds it.

    The lock belongs to the database session, so a killed worker leaves none behind.
    """
    key = lock_key(job, for_all_tenants=for_all_tenants)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (held,) = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
