"""Importing a statement file: what is new in it is stored, once, and the account is made if there is none."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, ngettext

from banking import locks
from banking.models import BankAccount, StatementImport
from banking.services import account_holding
from banking.services.ingestion import IngestResult, ingest_entries
from banking.services.linking import new_account
from banking.services.sameness import Agreement
from banking.services.statement_contents import content_of
from banking.services.statement_files import StatementFile
from banking.services.statement_import import BESIDE_THE_FILE, WrongState, lock_import
from banking.services.statement_preview import gaps_around, note_counts, read_import
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict

State = StatementImport.State


class UnprovedStatement(Conflict):
    """The balances of the file do not add up, and nobody has accepted that; nothing was imported."""

    code = "unproved_statement"


class PerhapsKnownAccount(Conflict):
    """The file names an account that is not here, and may be one that is, by another number; nothing was imported."""

    code = "perhaps_known_account"


def _not_proved(file: StatementFile) -> str:
    """Say why the balances prove nothing; a refused row may well be one of nothing."""
    if file.adds_up:
        count = len(file.refused)
        return (
            ngettext(
                "The balances agree, but %d row of the file could not be read, so that it is not proved complete. "
                "Import the rest only if you know why.",
                "The balances agree, but %d of the file's rows could not be read, so that it is not proved complete. "
                "Import the rest only if you know why.",
                count,
            )
            % count
        )
    return gettext(
        "The balances of the file do not add up: opening plus entries is not closing. Import it only if you know why."
    )


def commit_import(
    *,
    statement_import: StatementImport,
    now: datetime,
    accept_unproved: bool = False,
    accept_new_account: bool = False,
) -> tuple[StatementImport, IngestResult]:
    """Store what is new in the file; the account is created if the tenant has none of that number.

    Shape: an import that is committed already, and a file that was imported before, add nothing.
    Raises: WrongState, UnprovedStatement, PerhapsKnownAccount, AccountBusy, what `preview` raises; nothing is stored.
    """
    with transaction.atomic():
        row = lock_import(statement_import)
        if row.state == State.COMMITTED:
            return row, IngestResult(0, row.new_count + row.known_count)
        if row.state != State.READY:
            raise WrongState(
                gettext("This import cannot be committed: %(state)s.") % {"state": row.get_state_display().lower()}
            )
        file, account = read_import(row, content_of(row))
        if file.proved is False and not accept_unproved:
            raise UnprovedStatement(_not_proved(file))
        gaps_told = gaps_around(file, account)
        account = account or _created(file, is_sure=accept_new_account)
        row.account = account
        days = file.days
        result = ingest_entries(
            account=account,
            entries=file.booked,
            source=row.format,
            complete_from=days[0] if days else None,
            complete_until=days[1] if days else None,
            refused=file.refused,
            statement_import=_saved(row),
        )
        note_counts(row, file, gaps_told, result)
        repeats = StatementImport.objects.filter(account=account, file_sha256=row.file_sha256, state=State.COMMITTED)
        # The same file again, uploaded anew: nothing in it is new, and one import of it is enough.
        row.state = State.DISCARDED if repeats.exists() else State.COMMITTED
        row.committed_at = now if row.state == State.COMMITTED else None
        row.save(update_fields=BESIDE_THE_FILE)
        _take_balance(account, file, now)
        audit.record(action="import.committed", about=row, details={"new": result.new, "known": result.known})
    return row, result


def _saved(row: StatementImport) -> StatementImport:
    row.save(update_fields=["account"])
    return row


def _created(file: StatementFile, *, is_sure: bool) -> BankAccount:
    account = new_account(number=file.number, currency=file.currency, is_iban=file.is_iban)
    locks.one_first_import()
    found = [] if is_sure else account_holding.compare(account, file.booked)
    if found:
        raise PerhapsKnownAccount(_perhaps(account, *found[0]))
    made, _ = BankAccount.objects.get_or_create(
        stable_key=account.stable_key,
        defaults={
            "public_id": account.public_id,
            "currency": account.currency,
            "iban_sealed": account.iban_sealed,
            "iban_hash": account.iban_hash,
            "iban_last4": account.iban_last4,
        },
    )
    return made


def _perhaps(account: BankAccount, known: BankAccount, agreed: Agreement) -> str:
    text = gettext(
        "The account ending in %(number)s is not here, but it may be %(known)s, which is (%(shared)d of %(compared)d "
        "entries agree). Upload the file again with that account chosen, or import it as a new account."
    )
    told = {"shared": agreed.shared, "compared": agreed.compared}
    return text % {"number": account.iban_last4, "known": known.name or f"•••• {known.iban_last4}", **told}


def _take_balance(account: BankAccount, file: StatementFile, now: datetime) -> None:
    """Show the file's closing balance for an account that no provider reads, unless a newer one is known."""
    closing = file.closing
    if closing is None or account.connection_id is not None:
        return
    day = closing.on or (file.days[1] if file.days else None)
    if day is None or day > now.date():
        return
    at = now.replace(year=day.year, month=day.month, day=day.day, hour=23, minute=59, second=59, microsecond=0)
    if account.booked_balance_at is None or account.booked_balance_at <= at:
        BankAccount.objects.filter(pk=account.pk).update(booked_balance=closing.amount, booked_balance_at=at)
