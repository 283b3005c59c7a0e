"""Row locks and named locks of banking. Order: bank account, then its transactions by primary key."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg2 import errors

from banking.models import BankAccount
from payymo.shared.errors import Conflict


class AccountBusy(Conflict):
    """Another import or fetch is writing to this account right now; nothing was written."""

    code = "account_busy"


class Busy(Conflict):
    """Another process holds the named lock."""

    code = "busy"


def lock_account(pk: int) -> BankAccount:
    """Lock the account's row until the end of the transaction and return it as it is now.

    Raises: AccountBusy when another transaction holds it longer than the lock time-out.
    """
    try:
        return BankAccount.objects.select_for_update(of=("self",)).get(pk=pk)
    except OperationalError as error:
        if isinstance(error.__cause__, errors.LockNotAvailable):
            raise AccountBusy("Another import or fetch is writing to this account. Try again in a minute.") from error
        raise


def _number(name: str) -> int:
    schema_and_name = f"{connection.schema_name}:{name}".encode()
    return int.from_bytes(hashlib.sha256(schema_and_name).digest()[:8], "big", signed=True)


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Hold the tenant's named lock, and say whether it was free. It belongs to the connection, not to a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_number(name)])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            _release(name)


@contextmanager
def one_after_another(name: str) -> Iterator[None]:
    """Hold the tenant's named lock, waiting for it as long as the lock time-out allows.

    Raises: Busy when it does not become free in time.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_number(name)])
        except OperationalError as error:
            if isinstance(error.__cause__, errors.LockNotAvailable):
                raise Busy("Another process is doing the same. Try again in a minute.") from error
            raise
    try:
        yield
    finally:
        _release(name)


def _release(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])
