"""One run of a periodic job per tenant at a time."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tenants import context


@contextmanager
def exclusive(job: str) -> Iterator[bool]:
    """Hold an advisory lock for this job and the current tenant; yields False when another run holds it.

    The lock belongs to the database session, so a killed worker leaves none behind.
    """
    digest = hashlib.sha256(f"{context.current().public_id}:{job}".encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (held,) = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
