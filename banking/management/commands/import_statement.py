"""`import_statement FILE --dry-run`: show what a statement file says, with no database and no tenant."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banking.parsers.as_json import as_json
from banking.parsers.assembly import MAX_BYTES
from banking.parsers.csv_mapping import DATE_ORDERS
from banking.parsers.errors import AmbiguousMapping, UnreadableStatement
from banking.parsers.recognise import FORMATS, read
from banking.parsers.types import Balance, ParsedFile, ParsedStatement

_SHOWN_REFUSALS = 20


class Command(BaseCommand):
    """Read a CAMT, MT940 or CSV statement, recognised by its content."""

    help = "Read a bank statement file (CAMT.052/053/054, MT940/MT942 or CSV) and show what is in it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the statement file")
        parser.add_argument("--dry-run", action="store_true", help="read and show only; nothing is stored")
        parser.add_argument("--json", action="store_true", help="print one object a statement, in a list")
        parser.add_argument("--format", choices=FORMATS, default="", help="instead of recognising it by its content")
        parser.add_argument("--currency", default="", help="of a file that names none, such as EUR")
        parser.add_argument(
            "--date-order", choices=DATE_ORDERS, default="", help="of a CSV file whose dates do not tell"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["dry_run"]:
            raise CommandError("Give --dry-run: files are stored on the Imports page of a tenant.", returncode=2)
        parsed = self._parsed(options)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(parsed), ensure_ascii=False, indent=2))
        else:
            for statement in parsed.statements:
                self.stdout.write(_summary(statement))

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
