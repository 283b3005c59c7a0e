"""Statement files: uploaded, shown with what they would add, and only then imported, once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from banking import adapters, selectors
from banking.core.continuity import as_row, gaps, sentence
from banking.models import BankAccount, StatementImport
from banking.parsers.csv_detection import CsvDetection
from banking.parsers.tables import TABLES
from banking.parsers.types import Refusal
from banking.services import statement_files
from banking.services.ingestion import IngestResult, ingest_entries, preview_entries
from banking.services.linking import new_account
from banking.services.statement_files import StatementFile, StatementRefused
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from tenants import sealing

State = StatementImport.State
_MOST_NOTES = 500
_KEPT_MAPPINGS = 20
_BESIDE_THE_FILE = [
    field.name
    for field in StatementImport._meta.concrete_fields
    if not field.primary_key and field.name not in {"file_sealed", "created_at"}
]


class FileErased(Conflict):
    """The uploaded file is not kept any more."""

    code = "file_erased"


class WrongState(Conflict):
    """The import is not in a state in which this can be done; nothing changed."""

    code = "wrong_state"


class UnprovedStatement(Conflict):
    """The balances of the file do not add up, and nobody has accepted that; nothing was imported."""

    code = "unproved_statement"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file says and what importing it would do.

    Shape: `account` is None while it would be created. `gaps` say what is missing between the statements of the
    account once this file is imported, as sentences.
    """

    file: StatementFile
    account: BankAccount | None
    result: IngestResult
    gaps: tuple[str, ...] = ()


def upload_statement(
    *,
    account: BankAccount | None,
    file_name: str,
    content: bytes,
    user_id: int | None,
    file_format: str = "",
    currency: str = "",
    is_kept: bool = True,
) -> StatementImport:
    """Keep an uploaded file, sealed, with what it would add; a table whose columns are not clear waits for them.

    Shape: not `is_kept`, the row is only returned: a dry run.
    Raises: StatementRefused, statement_files.WrongAccount, CurrencyDiffers, AccountNotNamed; nothing is stored.
    """
    found = file_format or statement_files.format_of(content)
    row = StatementImport(
        account=account,
        file_name=adapters.clean(file_name.replace("\\", "/").rpartition("/")[2], 200) or "statement",
        file_sha256=hashlib.sha256(content).hexdigest(),
        format=found,
        uploaded_by_id=user_id,
        currency=account.currency if account else currency.strip().upper()[:3],
        state=State.READY,
    )
    if found in TABLES:
        detection = _detected(content, row)
        row.mapping = detection.mapping.as_dict()
        row.state = State.NEEDS_MAPPING if detection.open_points else State.READY
    if row.state == State.READY:
        _fill_in(row, content)
    if not is_kept:
        return row
    # Latin-1 gives every byte a character of its own, and the same byte back.
    row.file_sealed = sealing.seal(row, "file_sealed", content.decode("latin-1"))
    row.save()
    return row


def set_mapping(*, statement_import: StatementImport, mapping: Mapping[str, Any]) -> StatementImport:
    """Read a table by these columns from now on.

    Raises: WrongState; StatementRefused and what `upload_statement` raises when the file cannot be read that way.
    """
    with transaction.atomic():
        row = _locked(statement_import)
        if row.format not in TABLES or row.state not in {State.NEEDS_MAPPING, State.READY}:
            raise WrongState(gettext("The columns of this import cannot be chosen any more."))
        chosen = statement_files.mapping_from(mapping)
        open_points = chosen.open_points()
        if open_points:
            raise StatementRefused(open_points[0].question)
        row.mapping, row.state = chosen.as_dict(), State.READY
        _fill_in(row, content_of(row))
        row.save(update_fields=_BESIDE_THE_FILE)
    return row


def detect_columns(statement_import: StatementImport, *, encoding: str = "") -> CsvDetection:
    """Return the first rows of a table and how it would be read, for the page that maps the columns.

    Shape: `encoding` is a person's choice instead of what the bytes suggest.
    Raises: StatementRefused when it is no table in that encoding.
    """
    return _detected(content_of(statement_import), statement_import, encoding)


def preview(statement_import: StatementImport) -> Preview:
    """Read the file again and compare it with what is stored now.

    Raises: StatementRefused, WrongAccount, CurrencyDiffers, AccountNotNamed.
    """
    return _preview(statement_import, content_of(statement_import))


def _not_proved(file: StatementFile) -> str:
    """Say why the balances prove nothing; a refused row may well be one of nothing."""
    if file.adds_up:
        return (
            f"The balances agree, but {len(file.refused)} of the file's rows could not be read, so that it is not "
            "proved complete. Import the rest only if you know why."
        )
    return (
        "The balances of the file do not add up: opening plus entries is not closing. Import it only if you know why."
    )


def commit_import(
    *, statement_import: StatementImport, now: datetime, accept_unproved: bool = False
) -> tuple[StatementImport, IngestResult]:
    """Store what is new in the file; the account is created if the tenant has none of that number.

    Shape: an import that is committed already, and a file that was imported before, add nothing.
    Raises: WrongState, UnprovedStatement, AccountBusy, and what `preview` raises; nothing is stored.
    """
    with transaction.atomic():
        row = _locked(statement_import)
        if row.state == State.COMMITTED:
            return row, IngestResult(0, row.new_count + row.known_count)
        if row.state != State.READY:
            raise WrongState(
                gettext("This import cannot be committed: %(state)s.") % {"state": row.get_state_display().lower()}
            )
        file, account = _read(row, content_of(row))
        if file.proved is False and not accept_unproved:
            raise UnprovedStatement(_not_proved(file))
        gaps_told = _gaps(file, account)
        account = account or _created(file)
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
        _count(row, file, gaps_told, result)
        repeats = StatementImport.objects.filter(account=account, file_sha256=row.file_sha256, state=State.COMMITTED)
        # The same file again, uploaded anew: nothing in it is new, and one import of it is enough.
        row.state = State.DISCARDED if repeats.exists() else State.COMMITTED
        row.committed_at = now if row.state == State.COMMITTED else None
        row.save(update_fields=_BESIDE_THE_FILE)
        _take_balance(account, file, now)
        audit.record(action="import.committed", about=row, details={"new": result.new, "known": result.known})
    return row, result


def discard(*, statement_import: StatementImport) -> StatementImport:
    """Put an upload away; what was imported stays.

    Raises: WrongState when it is committed.
    """
    with transaction.atomic():
        row = _locked(statement_import)
        if row.state == State.COMMITTED:
            raise WrongState(gettext("This file is imported already."))
        row.state = State.DISCARDED
        row.save(update_fields=["state"])
    return row


def content_of(statement_import: StatementImport) -> bytes:
    """Return the bytes of the uploaded file.

    Raises: FileErased.
    """
    if not statement_import.file_sealed:
        raise FileErased(gettext("The file itself was erased after 30 days; what was imported from it stays."))
    return sealing.unseal(statement_import, "file_sealed").encode("latin-1")


def _locked(statement_import: StatementImport) -> StatementImport:
    return StatementImport.objects.select_for_update(of=("self",)).select_related("account").get(pk=statement_import.pk)


def _saved(row: StatementImport) -> StatementImport:
    row.save(update_fields=["account"])
    return row


def _detected(content: bytes, row: StatementImport, encoding: str = "") -> CsvDetection:
    account = row.account
    earlier = StatementImport.objects.filter(format=row.format, state=State.COMMITTED).exclude(mapping=None)
    mappings: QuerySet[Any, Any] = earlier.order_by("-pk").values_list("mapping", flat=True)
    number = sealing.unseal(account, "iban_sealed") if account else ""
    return statement_files.columns_of(
        content,
        file_format=row.format,
        own=list(mappings.filter(account=account)[:_KEPT_MAPPINGS]) if account else [],
        others=list(mappings[:_KEPT_MAPPINGS]),
        currency=row.currency,
        number=number,
        encoding=encoding,
    )


def _read(row: StatementImport, content: bytes) -> tuple[StatementFile, BankAccount | None]:
    """Read the file, and find its account, which is None while it would be created."""
    file = statement_files.read_file(content, file_format=row.format, mapping=row.mapping, currency=row.currency)
    account = row.account or statement_files.find_account(file)
    if account is not None:
        statement_files.check_account(file, account)
    return file, account


def _preview(row: StatementImport, content: bytes) -> Preview:
    file, account = _read(row, content)
    days = file.days
    result = preview_entries(
        account=account,
        currency=file.currency,
        entries=file.booked,
        source=row.format,
        complete_from=days[0] if days else None,
        complete_until=days[1] if days else None,
        refused=file.refused,
    )
    return Preview(file, account, result, _gaps(file, account))


def _gaps(file: StatementFile, account: BankAccount | None) -> tuple[str, ...]:
    """Say what is missing beside the statements of this file; older gaps are told elsewhere."""
    found = selectors.statement_gaps(accounts=[account.pk], more=file.spans) if account else {}
    missing = next(iter(found.values()), ()) if account else gaps(file.spans, {})
    edges = {day for span in file.spans for day in (span.first, span.last)}
    return tuple(sentence(gap, file.currency) for gap in missing if edges & {gap.after, gap.before})


def _fill_in(row: StatementImport, content: bytes) -> None:
    found = _preview(row, content)
    row.account = row.account or found.account
    row.currency = found.file.currency
    _count(row, found.file, found.gaps, found.result)


def _count(row: StatementImport, file: StatementFile, gaps_told: tuple[str, ...], result: IngestResult) -> None:
    row.spans = [as_row(span) for span in file.spans]
    row.opening = file.opening.amount if file.opening else None
    row.closing = file.closing.amount if file.closing else None
    row.proved = file.proved
    row.new_count, row.known_count = result.new, result.known
    row.refused = [one.as_dict() for one in result.refused[:_MOST_NOTES]]
    missing = [Refusal(0, told) for told in gaps_told]
    row.noted = [one.as_dict() for one in (*missing, *result.noted)[:_MOST_NOTES]]


def _created(file: StatementFile) -> BankAccount:
    account = new_account(number=file.number, currency=file.currency, is_iban=file.is_iban)
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
