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
from banking.parsers.as_json import as_json
from banking.parsers.assembly import MAX_BYTES
from banking.parsers.csv_mapping import DATE_ORDERS
from banking.parsers.errors import AmbiguousMapping, UnreadableStatement
from banking.parsers.recognise import FORMATS, read
from banking.parsers.types import Balance, ParsedFile, ParsedStatement
from banking.services import statement_files, statement_import
from banking.services.ingestion import IngestResult
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant

_SHOWN_REFUSALS = 20


class Command(BaseCommand):
    """Read a bank statement, recognised by its content."""

    help = (
        "Read a bank statement file (CAMT.052/053/054, MT940/MT942, OFX/QFX, QIF, BAI2, CSV or XLSX) and show what is "
        "in it, or import it."
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
        parsed = self._parsed(options)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(parsed), ensure_ascii=False, indent=2))
        else:
            for statement in parsed.statements:
                self.stdout.write(_summary(statement))

    def _import(self, options: dict[str, Any]) -> None:
        """Store the file's entries; whatever is wrong with it ends the command with one line and status 2."""
        if not options["tenant"]:
            raise CommandError("Give --tenant SLUG to import, or --dry-run to look only.", returncode=2)
        path: Path = options["file"]
        try:
            with context.inside(find_tenant(slug=options["tenant"])):
                row, result = self._stored(path, options)
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(f"{path}: {error}", returncode=2) from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.", returncode=2) from error
        told = {
            "import": str(row.public_id), "state": row.state, "format": row.format, "new": result.new,
            "known": result.known, "proved": row.proved, "refused": row.refused, "noted": row.noted,
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(f"{result.new} new, {result.known} known, {len(result.refused)} refused.")
        for refusal in result.refused[:_SHOWN_REFUSALS]:
            self.stdout.write(f"  line {refusal.line}: {refusal.reason}")

    def _stored(self, path: Path, options: dict[str, Any]) -> tuple[StatementImport, IngestResult]:
        row = statement_import.upload_statement(
            account=_account(options["account"]),
            file_name=path.name,
            content=_content(path),
            user_id=None,
            file_format=options["format"],
            currency=options["currency"],
        )
        if row.state == StatementImport.State.NEEDS_MAPPING and options["date_order"]:
            mapping = {**(row.mapping or {}), "date_order": options["date_order"]}
            row = statement_import.set_mapping(statement_import=row, mapping=mapping)
        if row.state == StatementImport.State.NEEDS_MAPPING:
            question = statement_import.detect_columns(row).open_points[0].question
            statement_import.discard(statement_import=row)
            raise statement_files.StatementRefused(f"{question} Use --date-order or --currency, or the Imports page.")
        try:
            return statement_import.commit_import(
                statement_import=row, now=timezone.now(), accept_unproved=options["accept_unproved"]
            )
        except DomainError:
            statement_import.discard(statement_import=row)
            raise

    def _parsed(self, options: dict[str, Any]) -> ParsedFile:
        """Read the file; whatever is wrong with it ends the command with one line and status 2."""
        path: Path = options["file"]
        try:
            return read(
                _content(path),
                file_format=options["format"],
                currency=options["currency"],
                date_order=options["date_order"],
            )
        except AmbiguousMapping as error:
            hints = " Settle it with --currency or --date-order, or map the columns on the Imports page."
            raise CommandError(f"{path}: {error.reason}{hints}", returncode=2) from error
        except UnreadableStatement as error:
            raise CommandError(f"{path}: {error.reason}", returncode=2) from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.", returncode=2) from error


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
