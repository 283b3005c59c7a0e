"""Archives of statement files: each file becomes an upload of its own, and what cannot be one says why."""

from dataclasses import dataclass

from django.utils.translation import gettext

from banking.models import BankAccount, StatementImport
from banking.parsers import archives
from banking.parsers.errors import UnreadableStatement
from banking.services.statement_files import StatementRefused
from banking.services.statement_import import upload_statement
from payymo.shared.errors import DomainError


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """What became of a file of an archive: its upload, or the sentence that refused it."""

    name: str
    upload: StatementImport | None
    refusal: str = ""


def is_archive(content: bytes) -> bool:
    """Say whether the upload is an archive of files.

    Raises: StatementRefused when it is a damaged one.
    """
    try:
        return archives.is_archive(content)
    except UnreadableStatement as error:
        raise StatementRefused(error.reason) from error


def files_of(content: bytes) -> list[tuple[str, bytes]]:
    """Return name and content of each file in the archive.

    Raises: StatementRefused.
    """
    try:
        return archives.files(content)
    except UnreadableStatement as error:
        raise StatementRefused(error.reason) from error


def upload_archive(
    *, account: BankAccount | None, archive_name: str, content: bytes, user_id: int | None
) -> tuple[ArchivedFile, ...]:
    """Keep each statement of the archive as an upload with what it would add; nothing is imported.

    Shape: in the order of the archive; at least one has an upload.
    Raises: StatementRefused when the archive cannot be read or none of its files can; nothing is kept then.
    """
    held = archive_name.replace("\\", "/").rpartition("/")[2]
    outcomes = []
    for name, file in files_of(content):
        try:
            row = upload_statement(account=account, file_name=f"{name} ({held})", content=file, user_id=user_id)
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
