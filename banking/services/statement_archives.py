"""Archives of statement files: each file becomes an upload of its own, what cannot be one says why, and all that
can be imported without a question are, together.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from banking.models import BankAccount, StatementImport
from banking.parsers import archives
from banking.parsers.errors import UnreadableStatement
from banking.services.statement_commit import commit_import
from banking.services.statement_files import StatementRefused
from banking.services.statement_import import upload_statement
from payymo.shared.errors import DomainError


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """What became of a file of an archive: its upload, or the sentence that refused it."""

    name: str
    upload: StatementImport | None
    refusal: str = ""


MOST_ROWS_TOGETHER = 50_000
"""As many as one file may hold: what a person waits for in one go."""


@dataclass(frozen=True, slots=True)
class ImportedTogether:
    """What importing the files of an archive came to.

    Shape: `imported` files added `new` rows; `repeated` were imported before. `asking` must be looked at one by one:
    each name with the reason. `waiting` are as good as these, and left for the next time.
    """

    imported: int = 0
    repeated: int = 0
    new: int = 0
    known: int = 0
    asking: tuple[tuple[str, str], ...] = ()
    waiting: int = 0


def is_archive(content: bytes) -> bool:
    """Say whether the upload is an archive of files.

    Raises: StatementRefused when it is a damaged one.
    """
    try:
        return archives.is_archive(content)
    except UnreadableStatement as error:
        raise StatementRefused.because(error) from error


def files_of(content: bytes) -> list[tuple[str, bytes]]:
    """Return name and content of each file in the archive.

    Raises: StatementRefused.
    """
    try:
        return archives.files(content)
    except UnreadableStatement as error:
        raise StatementRefused.because(error) from error


def upload_archive(
    *, account: BankAccount | None, archive_name: str, content: bytes, user_id: int | None
) -> tuple[ArchivedFile, ...]:
    """Keep each statement of the archive as an upload with what it would add; nothing is imported.

    Shape: in the order of the archive; at least one has an upload, and the uploads share their `archive`.
    Raises: StatementRefused when the archive cannot be read or none of its files can; nothing is kept then.
    """
    held = archive_name.replace("\\", "/").rpartition("/")[2]
    outcomes, archive = [], uuid.uuid4()
    for name, file in files_of(content):
        try:
            row = upload_statement(
                account=account, file_name=f"{name} ({held})", content=file, user_id=user_id, archive=archive
            )
        except DomainError as refused:
            outcomes.append(ArchivedFile(name, None, str(refused)))
        else:
            outcomes.append(ArchivedFile(name, row))
    if not any(outcome.upload for outcome in outcomes):
        first = outcomes[0]
        raise StatementRefused(
            gettext("No file of the archive can be read. %(name)s: %(refusal)s")
            % {"name": first.name, "refusal": first.refusal}
        )
    return tuple(outcomes)


def can_be_imported(row: StatementImport) -> bool:
    """Say whether a file asks nothing of a person: its columns are clear and no balance contradicts it."""
    return row.state == StatementImport.State.READY and row.proved is not False


def import_together(
    *, uploads: Iterable[StatementImport], now: datetime, most_rows: int = MOST_ROWS_TOGETHER
) -> ImportedTogether:
    """Import every file that asks nothing of a person, each in a transaction of its own, in the order of the archive.

    Shape: ends before the file with which more than `most_rows` rows would have been looked at; the first is always
    taken. A file that is refused meanwhile is left as it is and named.
    """
    imported = repeated = new = known = waiting = 0
    asking = []
    for row in sorted(uploads, key=lambda each: each.pk):
        if row.state == StatementImport.State.NEEDS_MAPPING:
            asking.append((row.file_name, gettext("Its columns are still to be chosen.")))
        elif row.state == StatementImport.State.READY and row.proved is False:
            asking.append((row.file_name, gettext("Its balances do not prove it.")))
        if not can_be_imported(row):
            continue
        if waiting or (new + known and new + known + row.new_count + row.known_count > most_rows):
            waiting += 1
            continue
        try:
            committed, result = commit_import(statement_import=row, now=now)
        except DomainError as refused:
            asking.append((row.file_name, str(refused)))
            continue
        new, known = new + result.new, known + result.known
        imported += committed.state == StatementImport.State.COMMITTED
        repeated += committed.state == StatementImport.State.DISCARDED
    return ImportedTogether(imported, repeated, new, known, tuple(asking), waiting)
