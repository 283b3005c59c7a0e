"""One run of a periodic job per tenant at a time."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tenants import context


def lock_key(name: str) -> int:
    """Return the number of the current tenant's advisory lock of this name."""
    digest = hashlib.sha256(f"{context.current().public_id}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def exclusive(job: str) -> Iterator[bool]:
    """Hold an advisory lock for this job and the current tenant; yields False when another run holds it.

    The lock belongs to the database session, so a killed worker leaves none behind.
    """
    key = lock_key(job)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (held,) = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
