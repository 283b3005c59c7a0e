"""What a statement file says and what importing it would do, worked out from its bytes whenever it is asked for."""

from dataclasses import dataclass

from banking import selectors
from banking.core.continuity import as_row, gaps
from banking.models import BankAccount, StatementImport
from banking.parsers.types import Refusal
from banking.services import statement_files
from banking.services.ingestion import IngestResult, preview_entries
from banking.services.notes import about_gap
from banking.services.statement_contents import content_of
from banking.services.statement_files import StatementFile
from payymo.shared.sentences import Sentence

_MOST_NOTES = 500


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file says and what importing it would do.

    Shape: `account` is None while it would be created. `gaps` say what is missing between the statements of the
    account once this file is imported.
    """

    file: StatementFile
    account: BankAccount | None
    result: IngestResult
    gaps: tuple[Sentence, ...] = ()


def preview(statement_import: StatementImport) -> Preview:
    """Read the file again and compare it with what is stored now.

    Raises: FileErased; StatementRefused, WrongAccount, CurrencyDiffers, AccountNotNamed.
    """
    return preview_of(statement_import, content_of(statement_import))


def read_import(row: StatementImport, content: bytes) -> tuple[StatementFile, BankAccount | None]:
    """Read the file, and find its account, which is None while it would be created.

    Raises: StatementRefused, WrongAccount, CurrencyDiffers, AccountNotNamed.
    """
    file = statement_files.read_file(content, file_format=row.format, mapping=row.mapping, currency=row.currency)
    account = row.account or statement_files.find_account(file)
    if account is not None:
        statement_files.check_account(file, account)
    return file, account


def preview_of(row: StatementImport, content: bytes) -> Preview:
    """Compare a file, whose bytes are at hand, with what is stored now.

    Raises: what `read_import` raises.
    """
    file, account = read_import(row, content)
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
    return Preview(file, account, result, gaps_around(file, account))


def gaps_around(file: StatementFile, account: BankAccount | None) -> tuple[Sentence, ...]:
    """Say what is missing beside the statements of this file; older gaps are told elsewhere."""
    found = selectors.statement_gaps(accounts=[account.pk], more=file.spans) if account else {}
    missing = next(iter(found.values()), ()) if account else gaps(file.spans, {})
    edges = {day for span in file.spans for day in (span.first, span.last)}
    return tuple(about_gap(gap, file.currency) for gap in missing if edges & {gap.after, gap.before})


def note_counts(
    row: StatementImport, file: StatementFile, gaps_told: tuple[Sentence, ...], result: IngestResult
) -> None:
    """Write on the row, unsaved, what the file says and what importing it does or did."""
    row.spans = [as_row(span) for span in file.spans]
    row.opening = file.opening.amount if file.opening else None
    row.closing = file.closing.amount if file.closing else None
    row.proved = file.proved
    row.new_count, row.known_count = result.new, result.known
    row.refused = [one.as_dict() for one in result.refused[:_MOST_NOTES]]
    missing = [Refusal(0, told) for told in gaps_told]
    row.noted = [one.as_dict() for one in (*missing, *result.noted)[:_MOST_NOTES]]
