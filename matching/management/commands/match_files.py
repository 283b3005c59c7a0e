"""`match_files DIR --out FILE`: replay the engine over exported records, with no database and no tenant."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from matching.core.book import Book
from matching.core.feed import FeedRow, by_day
from matching.core.replay import Decision, Replay
from matching.core.types import Source
from matching.parsers.export import Export, LineError, UnreadableExport
from matching.twins import ShareOut, TwinLost, can_be_two, doubled
from payymo.shared.money import from_minor, to_minor

_MOST_REPORTED = 200
_Value = TypeVar("_Value")


class Command(BaseCommand):
    """Score a host's past before it is connected to anything."""

    help = "Replay the matching engine over a folder of exported records and write what it would have decided."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder with header.json and the *.jsonl files")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write one line a row")
        parser.add_argument("--progress", action="store_true", help="show a progress bar on stderr")
        parser.add_argument("--processes", type=int, choices=(1, 2), help="two where there are two processors")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0

        def report(error: LineError) -> None:
            nonlocal broken
            broken += 1
            if broken <= _MOST_REPORTED:
                self.stderr.write(f"{error.file}, line {error.line}: {error.reason}")

        try:
            export = Export(options["folder"], report)
            run = FileRun(export)
            part = options["out"].with_name(options["out"].name + ".part")
            with part.open("w", encoding="utf-8") as out:
                processes = options["processes"] or (2 if can_be_two() else 1)
                with _without_collecting():
                    written = run.write(out, progress=options["progress"], processes=processes)
            part.replace(options["out"])
        except UnreadableExport as error:
            raise CommandError(str(error), returncode=2) from error
        except TwinLost as error:
            raise CommandError(f"{error}; --processes 1 needs none", returncode=3) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}", returncode=2) from error
        self.stderr.write(f"{written} rows judged, {broken} broken lines left out")
        if broken:
            sys.exit(1)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no cycles meanwhile: a replay makes none, and looking through all debts takes a fifteenth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Ahead(Generic[_Value]):
    """An iterator that shows what comes next; None at its end."""

    def __init__(self, values: Iterator[_Value]) -> None:
        self._values = values
        self.next = next(values, None)

    def take(self) -> _Value:
        """Take what `next` shows."""
        value, self.next = self.next, next(self._values, None)
        assert value is not None  # noqa: S101 - callers look at `next` first
        return value


class FileRun:
    """One replay of one folder."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._invoices = Ahead(export.invoices())
        self._charges = Ahead(export.charges())
        self._rates = {charge: (target, rate) for charge, target, rate in export.rates() if target}
        self.replay = Replay(
            Book(clients=export.clients()),
            to_minor=to_minor,
            verdicts={verdict.id: verdict for verdict in export.verdicts()},
            payouts=tuple(export.payouts()),
        )

    def write(self, out: TextIO, *, progress: bool, processes: int = 1) -> int:
        """Write one line a row and return how many there were.

        Raises: TwinLost when the second of two processes ends early.
        """
        if processes == 1:
            return self._write(out, progress=progress)
        with doubled(self._follow) as share_out:
            self.replay.share_out = share_out
            return self._write(out, progress=progress)

    def _follow(self, share_out: ShareOut) -> None:
        """Run all days for what they leave in the state; the other process reports and writes."""
        self.replay.share_out = share_out
        self._export.report = _say_nothing
        for day, rows in self.days():
            self.run_day(day, rows)

    def _write(self, out: TextIO, *, progress: bool) -> int:
        written = 0
        with tqdm(total=self._export.rows(), unit="row", disable=not progress, file=sys.stderr) as bar:
            for day, rows in self.days():
                for decision in self.run_day(day, rows):
                    out.write(msgspec.json.encode(self._line(decision)).decode() + "\n")
                    written += 1
                bar.update(len(rows))
        while self._invoices.next is not None:
            self._invoices.take()  # issued after the last row: read for what is broken
        return written

    def days(self) -> Iterator[tuple[date, list[FeedRow]]]:
        """Charges and bank rows together, day by day; a charge comes before the bank rows of its day."""
        for day, rows in by_day(self._export.bank_rows()):
            yield from self._charge_days(day)
            yield day, rows
        yield from self._charge_days(date.max)

    def _charge_days(self, until: date) -> Iterator[tuple[date, list[FeedRow]]]:
        due: list[FeedRow] = []
        while self._charges.next is not None and (self._charges.next.on or date.min) <= until:
            due.append(self._charges.take())
        for day, rows in by_day(due):
            yield day, list(rows)

    def run_day(self, day: date, rows: list[FeedRow]) -> list[Decision]:
        """Take up what was issued by that day, then judge its rows."""
        book = self.replay.book
        while self._invoices.next is not None and self._invoices.next.issue_date <= day:
            book.add_invoice(self._invoices.take())
        for row in rows:
            if row.id in self._rates and row.receipt is not None and row.receipt.source is Source.STRIPE_CHARGE:
                target, rate = self._rates[row.id]
                book.observe_rate(row.receipt.currency, target, rate, day)
        return self.replay.run_day(rows)

    def _line(self, decision: Decision) -> dict[str, Any]:
        suggestion, debts = decision.suggestion, self.replay.book.debts
        reasons = [suggestion.none_reason.value] if suggestion.none_reason and not decision.allocations else []
        if decision.allocations:
            reasons = [reason.code.value for reason in suggestion.candidates[0].reasons]
        return {
            "id": decision.row_id,
            "allocations": [
                [one.invoice_id, f"{from_minor(one.amount_minor, debts[one.invoice_id].currency):f}"]
                for one in decision.allocations
            ],
            "confidence": round(decision.confidence, 6),
            "auto": suggestion.auto,
            "payout": suggestion.payout_id,
            "reasons": reasons,
        }


def _say_nothing(_: LineError) -> None:
    pass
