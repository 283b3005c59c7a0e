"""`import_statement FILE`: import a statement file into a tenant's account, or only show what it says.

`--dry-run` needs no database and no tenant.
"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from banking import selectors
from banking.models import BankAccount, StatementImport
from banking.parsers import archives
from banking.parsers.as_json import as_json
from banking.parsers.assembly import MAX_BYTES
from banking.parsers.csv_mapping import DATE_ORDERS
from banking.parsers.errors import AmbiguousMapping, UnreadableStatement
from banking.parsers.recognise import read
from banking.parsers.registry import FORMATS
from banking.parsers.types import Balance, ParsedFile, ParsedStatement
from banking.services import statement_commit, statement_files, statement_import
from banking.services.ingestion import IngestResult
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant

_SHOWN_REFUSALS = 20


class Command(BaseCommand):
    """Read a bank statement, recognised by its content."""

    help = (
        "Read a bank statement file and show what is in it, or import it: CAMT.052/053/054, MT940/MT942, OFX/QFX, QIF, "
        "BAI2, CSV, Excel (XLSX), or a ZIP archive of them."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the statement file")
        parser.add_argument("--dry-run", action="store_true", help="read and show only; nothing is stored")
        parser.add_argument("--tenant", help="the slug of the tenant to import for")
        parser.add_argument(
            "--account", default="", help="its IBAN, last four signs or id; found by the file if left out"
        )
        parser.add_argument("--accept-unproved", action="store_true", help="import although the balances do not add up")
        parser.add_argument(
            "--accept-new-account", action="store_true", help="the account is none of those that it looks like"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--format", choices=FORMATS, default="", help="instead of recognising it by its content")
        parser.add_argument("--currency", default="", help="of a file that names none, such as EUR")
        parser.add_argument(
            "--date-order", choices=DATE_ORDERS, default="", help="of a CSV, XLSX or QIF file whose dates do not tell"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["dry_run"]:
            self._import(options)
            return
        parsed = [self._parsed(name, content, options) for name, content in _files(options["file"])]
        if options["json"]:
            told = [statement for one in parsed for statement in as_json(one)]
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            for statement in (statement for one in parsed for statement in one.statements):
                self.stdout.write(_summary(statement))

    def _import(self, options: dict[str, Any]) -> None:
        """Store the files' entries; whatever is wrong with one ends the command with a line for it and status 2."""
        if not options["tenant"]:
            raise CommandError("Give --tenant SLUG to import, or --dry-run to look only.", returncode=2)
        wrong = []
        files = _files(options["file"])
        try:
            with context.inside(find_tenant(slug=options["tenant"])):
                for name, content in files:
                    try:
                        self._tell(name, *self._stored(name, content, options), options=options, several=len(files) > 1)
                    except DomainError as error:
                        wrong.append(f"{_place(options['file'], name)}: {error}")
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(f"{options['file']}: {error}", returncode=2) from error
        if wrong:
            raise CommandError("\n".join(wrong), returncode=2)

    def _tell(
        self, name: str, row: StatementImport, result: IngestResult, *, options: dict[str, Any], several: bool
    ) -> None:
        told = {
            "import": str(row.public_id), "state": row.state, "format": row.format, "new": result.new,
            "known": result.known, "proved": row.proved, "refused": row.refused, "noted": row.noted,
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps({"file": name, **told} if several else told, ensure_ascii=False))
            return
        named = f"{name}: " if several else ""
        self.stdout.write(f"{named}{result.new} new, {result.known} known, {len(result.refused)} refused.")
        for refusal in result.refused[:_SHOWN_REFUSALS]:
            self.stdout.write(f"  line {refusal.line}: {refusal.reason}")

    def _stored(self, name: str, content: bytes, options: dict[str, Any]) -> tuple[StatementImport, IngestResult]:
        row = statement_import.upload_statement(
            account=_account(options["account"]),
            file_name=name,
            content=content,
            user_id=None,
            file_format=options["format"],
            currency=options["currency"],
        )
        if row.state == StatementImport.State.NEEDS_MAPPING and options["date_order"]:
            mapping = {**(row.mapping or {}), "date_order": options["date_order"]}
            row = statement_import.set_mapping(statement_import=row, mapping=mapping)
        if row.state == StatementImport.State.NEEDS_MAPPING:
            points = statement_import.detect_columns(row).open_points
            statement_import.discard(statement_import=row)
            if not points:
                raise statement_files.AccountNotNamed("The file names no account. Use --account, or the Imports page.")
            question = points[0].question
            raise statement_files.StatementRefused(f"{question} Use --date-order or --currency, or the Imports page.")
        try:
            return statement_commit.commit_import(
                statement_import=row,
                now=timezone.now(),
                accept_unproved=options["accept_unproved"],
                accept_new_account=options["accept_new_account"],
            )
        except DomainError:
            statement_import.discard(statement_import=row)
            raise

    def _parsed(self, name: str, content: bytes, options: dict[str, Any]) -> ParsedFile:
        """Read the file; whatever is wrong with it ends the command with one line and status 2."""
        place = _place(options["file"], name)
        try:
            return read(
                content,
                file_format=options["format"],
                currency=options["currency"],
                date_order=options["date_order"],
            )
        except AmbiguousMapping as error:
            hints = " Settle it with --currency or --date-order, or map the columns on the Imports page."
            raise CommandError(f"{place}: {error.reason}{hints}", returncode=2) from error
        except UnreadableStatement as error:
            raise CommandError(f"{place}: {error.reason}", returncode=2) from error


def _files(path: Path) -> list[tuple[str, bytes]]:
    """Return name and content of the file, or of each file in the archive that it is.

    Raises: CommandError.
    """
    try:
        content = _content(path)
        return archives.files(content) if archives.is_archive(content) else [(path.name, content)]
    except UnreadableStatement as error:
        raise CommandError(f"{path}: {error.reason}", returncode=2) from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", returncode=2) from error


def _place(path: Path, name: str) -> str:
    return str(path) if name == path.name else f"{path}: {name}"


def _account(text: str) -> BankAccount | None:
    if not text:
        return None
    found = selectors.find_accounts(text=text)
    if len(found) != 1:
        said = "is not an account of this tenant" if not found else "fits several accounts; give the IBAN or the id"
        raise statement_files.WrongAccount(f"{text} {said}.")
    return found[0]


def _content(path: Path) -> bytes:
    # One byte more than may be is enough to know that it is too much.
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _summary(statement: ParsedStatement) -> str:
    account = statement.account.iban or statement.account.other or "an account that is not named"
    proof = {True: "proved by its balances", False: "NOT proved by its balances", None: "without balances to prove it"}
    lines = [
        f"{statement.format} {statement.number} of {account}, {statement.account.currency}: "
        f"{len(statement.entries)} entries, {len(statement.refused)} refused, "
        f"opening {_shown(statement.opening)}, closing {_shown(statement.closing)}, {proof[statement.proved]}"
    ]
    lines += [f"  line {refusal.line}: {refusal.reason}" for refusal in statement.refused[:_SHOWN_REFUSALS]]
    if statement.is_repeat:
        lines.append("  the same statement stands earlier in the file")
    return "\n".join(lines)


def _shown(balance: Balance | None) -> str:
    return "unknown" if balance is None else f"{balance.amount:f}"
