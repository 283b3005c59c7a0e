"""Locks of the accounts app. Each lasts until the transaction ends."""

import hashlib

from django.db import connection


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def lock_signing_keys() -> None:
    """Wait until nobody else makes or retires a signing key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number("accounts.signing_keys")])


def try_lock(name: str) -> bool:
    """Take the lock of this name if nobody holds it; never waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number(name)])
        return bool(cursor.fetchone()[0])
