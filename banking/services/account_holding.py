"""A new account that may be a known one under another name: it is held until a person says which it is.

Only an IBAN names an account for certain. A provider that gives another id than the IBAN, or a new id with a new
consent, would list every payment a second time. While an account is held its answers are fetched and kept, unread, and
nothing of them is imported, so that neither answer loses or doubles anything.
Source: docs/adr/0058-a-new-account-without-an-iban-is-asked-about.md
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from banking import locks
from banking.models import BankAccount, BankTransaction, RawFetch
from banking.parsers.types import ParsedEntry
from banking.services.entry_values import Facts
from banking.services.identity import SHIFT_DAYS
from banking.services.ingestion import facts_of
from banking.services.sameness import Agreement, Likelihood, agreement
from payymo.audit.services import recording as audit
from tenants import sealing

MOST_CANDIDATES = 20
_MOST_ENTRIES = 2000
_FACTS = (
    "booking_date", "amount", "counterparty_name", "counterparty_hash", "remittance_information",
    "structured_reference", "end_to_end_id",
)  # fmt: skip


def candidates(account: BankAccount) -> QuerySet[BankAccount]:
    """Return the accounts with entries that this one may be, newest first.

    Shape: two IBANs that differ are two accounts, and so are two accounts that one consent opens.
    """
    has_entries = Exists(BankTransaction.objects.filter(account=OuterRef("pk")))
    rows = BankAccount.objects.filter(has_entries, currency=account.currency, same_as=None).exclude(pk=account.pk)
    if account.connection_id is not None:
        rows = rows.exclude(connection=account.connection_id)
    if account.iban_hash:
        rows = rows.filter(iban_hash="")
    return rows.select_related("connection").order_by("-pk")


def compare(account: BankAccount, entries: Sequence[ParsedEntry]) -> list[tuple[BankAccount, Agreement]]:
    """Return the known accounts that may be this one, the likeliest first; without those that clearly are another."""
    known_ones = list(candidates(account)[:MOST_CANDIDATES])
    usable = [entry for entry in entries if entry.currency == account.currency]
    if not known_ones or not usable:
        return []
    key = sealing.data_key()
    newest = sorted(usable, key=lambda entry: entry.booking_date)[-_MOST_ENTRIES:]
    told = [facts_of(entry, key) for entry in newest]
    found = [(known, agreement(told, _facts(known, told))) for known in known_ones]
    open_ = [one for one in found if one[1].likelihood is not Likelihood.OTHER]
    return sorted(open_, key=lambda one: (one[1].likelihood is not Likelihood.SAME, -one[1].shared))


def _facts(known: BankAccount, told: Sequence[Facts]) -> list[Facts]:
    first, last = told[0].booking_date, told[-1].booking_date
    rows = known.transactions.filter(booking_date__range=(first - timedelta(SHIFT_DAYS), last + timedelta(SHIFT_DAYS)))
    newest = rows.order_by("-booking_date", "-pk").values_list(*_FACTS)[:_MOST_ENTRIES]
    return [Facts(**dict(zip(_FACTS, values, strict=True))) for values in newest]


def is_held(*, raw: RawFetch, entries: Sequence[ParsedEntry], is_whole: bool, now: datetime) -> bool:
    """Return whether the account of a kept answer is held; asks the question when its first entries raise it.

    Shape: part of the caller's transaction, which imports the entries when this is False. While the account is held
    the cursor moves with the kept answers (those that are whole), so that none is fetched again and again.
    Raises: locks.AccountBusy.
    """
    account = locks.lock_account(raw.account_id)
    if account.same_as_id is not None:
        return True
    if account.held_at is None:
        if account.told_apart_at or not entries or account.transactions.exists():
            return False
        # Of two accounts that come in at once, the second is compared with what the first stored.
        locks.one_first_import()
        found = compare(account, entries)
        if not found:
            return False
        account.held_at = now
        account.resembles = [_as_row(known, agreed) for known, agreed in found]
        account.save(update_fields=["held_at", "resembles"])
        audit.record(action="account.held", about=account)
    if is_whole and raw.complete_until and (account.cursor_date is None or account.cursor_date < raw.complete_until):
        BankAccount.objects.filter(pk=account.pk).update(cursor_date=raw.complete_until)
    return True


def _as_row(known: BankAccount, agreed: Agreement) -> dict[str, object]:
    likely = agreed.likelihood is Likelihood.SAME
    return {"account": str(known.public_id), "shared": agreed.shared, "compared": agreed.compared, "likely": likely}
