"""Statement files: uploaded, shown with what they would add, and put away; `statement_commit` imports them."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from banking import adapters
from banking.models import BankAccount, StatementImport
from banking.parsers.csv_detection import CsvDetection
from banking.parsers.registry import is_table
from banking.services import statement_files
from banking.services.statement_contents import content_of, seal_content
from banking.services.statement_files import AccountNotNamed, StatementRefused
from banking.services.statement_preview import note_counts, preview_of
from payymo.shared.errors import Conflict
from tenants import sealing

State = StatementImport.State
_KEPT_MAPPINGS = 20
BESIDE_THE_FILE = [
    field.name
    for field in StatementImport._meta.concrete_fields
    if not field.primary_key and field.name not in {"file_sealed", "created_at"}
]


class WrongState(Conflict):
    """The import is not in a state in which this can be done; nothing changed."""

    code = "wrong_state"


def upload_statement(
    *,
    account: BankAccount | None,
    file_name: str,
    content: bytes,
    user_id: int | None,
    file_format: str = "",
    currency: str = "",
    is_kept: bool = True,
    archive: uuid.UUID | None = None,
) -> StatementImport:
    """Keep an uploaded file, sealed, with what it would add; a table with open points waits for a person.

    Shape: not `is_kept`, the row is only returned: a dry run. `archive` names the upload that the file was part of.
    Open are columns that are not clear, and an account that the table does not name and nobody chose.
    Raises: StatementRefused, statement_files.WrongAccount, CurrencyDiffers, AccountNotNamed; nothing is stored.
    """
    found = file_format or statement_files.format_of(content)
    row = StatementImport(
        account=account,
        archive=archive,
        file_name=adapters.clean(file_name.replace("\\", "/").rpartition("/")[2], 200) or "statement",
        file_sha256=hashlib.sha256(content).hexdigest(),
        format=found,
        uploaded_by_id=user_id,
        currency=account.currency if account else currency.strip().upper()[:3],
        state=State.READY,
    )
    if is_table(found):
        detection = _detected(content, row)
        row.mapping = detection.mapping.as_dict()
        row.state = State.NEEDS_MAPPING if detection.open_points else State.READY
    if row.state == State.READY:
        try:
            _fill_in(row, content)
        except AccountNotNamed:
            if not is_table(found):
                raise
            # Asked for with the columns: a company's first file may be one of an account that is not here yet.
            row.state = State.NEEDS_MAPPING
    if not is_kept:
        return row
    seal_content(row, content)
    row.save()
    # Whoever wants the bytes again reads them again.
    del row.file_sealed
    return row


def set_mapping(*, statement_import: StatementImport, mapping: Mapping[str, Any]) -> StatementImport:
    """Read a table by these columns from now on.

    Raises: WrongState; StatementRefused and what `upload_statement` raises when the file cannot be read that way.
    """
    with transaction.atomic():
        row = lock_import(statement_import)
        if not is_table(row.format) or row.state not in {State.NEEDS_MAPPING, State.READY}:
            raise WrongState(gettext("The columns of this import cannot be chosen any more."))
        chosen = statement_files.mapping_from(mapping)
        open_points = chosen.open_points()
        if open_points:
            raise StatementRefused(open_points[0].question)
        row.mapping, row.state = chosen.as_dict(), State.READY
        _fill_in(row, content_of(row))
        row.save(update_fields=BESIDE_THE_FILE)
    return row


def detect_columns(statement_import: StatementImport, *, encoding: str = "", delimiter: str = "") -> CsvDetection:
    """Return the first rows of a table and how it would be read, for the page that maps the columns.

    Shape: `encoding` and `delimiter` are a person's choice instead of what the bytes suggest.
    Raises: StatementRefused when it is no table that way.
    """
    return _detected(content_of(statement_import), statement_import, encoding, delimiter)


def discard(*, statement_import: StatementImport) -> StatementImport:
    """Put an upload away; what was imported stays.

    Raises: WrongState when it is committed.
    """
    with transaction.atomic():
        row = lock_import(statement_import)
        if row.state == State.COMMITTED:
            raise WrongState(gettext("This file is imported already."))
        row.state = State.DISCARDED
        row.save(update_fields=["state"])
    return row


def lock_import(statement_import: StatementImport) -> StatementImport:
    """Return the row as it is now, without its file, held until the end of the transaction."""
    rows = StatementImport.objects.select_for_update(of=("self",)).select_related("account").defer("file_sealed")
    return rows.get(pk=statement_import.pk)


def _detected(content: bytes, row: StatementImport, encoding: str = "", delimiter: str = "") -> CsvDetection:
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
        delimiter=delimiter,
    )


def _fill_in(row: StatementImport, content: bytes) -> None:
    found = preview_of(row, content)
    row.account = row.account or found.account
    row.currency = found.file.currency
    note_counts(row, found.file, found.gaps, found.result)
