"""Erasing what names a person in bank data, while days, amounts and decisions stay as they were."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from banking.models import BankAccount, BankConnection, BankTransaction, PendingEntry, RawFetch, StatementImport
from payymo.shared.models import ReceiptState

_PERSONAL_TEXTS = (
    "counterparty_name", "counterparty_hash", "counterparty_last4", "remittance_information", "structured_reference",
    "end_to_end_id", "bank_reference",
)  # fmt: skip
NOT_BOOKKEEPING = Q(allocated=0, state__in=[ReceiptState.UNRECONCILED, ReceiptState.IGNORED])


@transaction.atomic
def erase_transactions(ids: Collection[int], *, now: datetime, waits: bool = False) -> list[int]:
    """Empty the personal fields of these entries and return which it was; without `waits`, what somebody holds is left.

    Shape: the identity stays, so that the same entry is known when it is fetched or imported again.
    """
    rows = BankTransaction.objects.select_for_update(skip_locked=not waits, of=("self",)).filter(
        pk__in=list(ids), erased_at=None
    )
    held = list(rows.order_by("pk").values_list("pk", flat=True))
    emptied = dict.fromkeys(_PERSONAL_TEXTS, "")
    BankTransaction.objects.filter(pk__in=held).update(
        erased_at=now, counterparty_iban_sealed=b"", raw_sealed=b"", **emptied
    )
    return held


def old_payloads(before: datetime) -> tuple[QuerySet[RawFetch], QuerySet[StatementImport]]:
    """Return whole answers that were worked on, and uploaded files, that are older."""
    fetches = RawFetch.objects.filter(fetched_at__lt=before).exclude(payload_sealed=b"").exclude(processed_at=None)
    return fetches, StatementImport.objects.filter(created_at__lt=before).exclude(file_sealed=b"")


def empty_payloads(*, before: datetime, limit: int) -> int:
    """Empty up to a number of old answers and files; their checksums and notes stay. Return how many.

    Shape: a file that nobody decided about is discarded.
    """
    fetches, files = old_payloads(before)
    emptied = RawFetch.objects.filter(pk__in=list(fetches.order_by("pk").values_list("pk", flat=True)[:limit])).update(
        payload_sealed=b""
    )
    ids = list(files.order_by("pk").values_list("pk", flat=True)[:limit])
    undecided = [StatementImport.State.READY, StatementImport.State.NEEDS_MAPPING]
    StatementImport.objects.filter(pk__in=ids, state__in=undecided).update(state=StatementImport.State.DISCARDED)
    return emptied + StatementImport.objects.filter(pk__in=ids).update(file_sealed=b"")


def withdrawn(before: datetime) -> QuerySet[BankConnection]:
    """Return connections whose consent was withdrawn before then, and whose data is still here.

    Shape: an account that another consent has taken over since is not among their accounts.
    """
    return BankConnection.objects.filter(withdrawn_at__lt=before, data_erased_at=None).order_by("pk")


def not_needed_of(connection: BankConnection) -> QuerySet[BankTransaction]:
    """Return the entries of the connection's accounts that no bookkeeping needs."""
    return BankTransaction.objects.filter(NOT_BOOKKEEPING, account__connection=connection, erased_at=None)


@transaction.atomic
def erase_accounts_of(connection: BankConnection, *, now: datetime) -> None:
    """Erase what is left of a withdrawn connection beside its entries: names, pending entries, whole answers."""
    accounts = BankAccount.objects.filter(connection=connection)
    PendingEntry.objects.filter(account__in=accounts).delete()
    RawFetch.objects.filter(account__in=accounts).update(payload_sealed=b"", refused=[], noted=[])
    accounts.update(owner_name="", booked_balance=None, booked_balance_at=None)
    BankConnection.objects.filter(pk=connection.pk).update(data_erased_at=now)
