"""Row locks and named locks of banking. Order: bank account, then its transactions by primary key."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg2 import errors

from banking.models import BankAccount
from payymo.shared.errors import Conflict
from tenants.jobs import lock_key


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


def one_first_import() -> None:
    """Hold, until the end of the transaction, what only one first import of the tenant's accounts holds at a time.

    Raises: AccountBusy when another holds it longer than the lock time-out.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key("first-import")])
        except OperationalError as error:
            if isinstance(error.__cause__, errors.LockNotAvailable):
                raise AccountBusy("Another account is read for the first time. Try again in a minute.") from error
            raise


@contextmanager
def one_after_another(name: str) -> Iterator[None]:
    """Hold the tenant's named lock, waiting for it as long as the lock time-out allows.

    Raises: Busy when it does not become free in time.
    """
    key = lock_key(name)
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        except OperationalError as error:
            if isinstance(error.__cause__, errors.LockNotAvailable):
                raise Busy("Another process is doing the same. Try again in a minute.") from error
            raise
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
