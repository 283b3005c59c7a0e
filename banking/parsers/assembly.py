"""From the entries of a parser to a finished file: limits, proof by the balances, which references identify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem
from banking.parsers.types import Balance, ParsedEntry, ParsedFile, ParsedStatement

MAX_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 50_000
# Ten lines for each entry, line breaks inside of cells and blank lines included.
MAX_LINES = 10 * MAX_ENTRIES
_LONGEST_LINE = 1_000_000
_BREAKS = ("\n", "\r")


def check_entry_count(count: int) -> None:
    """Stop a file with too many entries.

    Raises: FileTooLarge.
    """
    if count > MAX_ENTRIES:
        raise FileTooLarge(FileProblem.ENTRIES, most=MAX_ENTRIES)


def check_lines(text: str) -> None:
    """Stop a text that is not worth taking apart: what it would take to hold grows with its lines.

    Raises: FileTooLarge.
    """
    if max(text.count("\n"), text.count("\r")) > MAX_LINES:
        raise FileTooLarge(FileProblem.LINES, most=MAX_LINES)
    if (begins := _too_long_from(text)) is not None:
        line = max(text.count(sign, 0, begins) for sign in _BREAKS) + 1
        raise FileTooLarge(FileProblem.LINE_LENGTH, line=str(line), most=_LONGEST_LINE)


def _too_long_from(text: str) -> int | None:
    """Return where a line begins that is too long. Each look goes on behind the last line break that it saw.

    A pattern would look from every character of a line to its end: hours for ten megabytes in a few lines.
    """
    begins = 0
    while len(text) - begins > _LONGEST_LINE:
        last = max(text.rfind(sign, begins, begins + _LONGEST_LINE + 1) for sign in _BREAKS)
        if last < 0:
            return begins
        begins = last + 1
    return None


def prove(opening: Balance | None, closing: Balance | None, entries: Sequence[ParsedEntry]) -> bool | None:
    """Say whether opening balance + booked entries = closing balance; None when either balance is missing."""
    if opening is None or closing is None:
        return None
    booked = sum((entry.amount for entry in entries if entry.status == "booked"), Decimal(0))
    return opening.currency == closing.currency and opening.amount + booked == closing.amount


def assemble(file_format: str, statements: Sequence[ParsedStatement]) -> ParsedFile:
    """Finish a file: references that repeat in one account identify nothing.

    Shape: a statement without movement is taken when its balances prove that there was none.
    Raises: UnreadableStatement when nothing in the file can be used; FileTooLarge.
    """
    check_entry_count(sum(len(statement.entries) + len(statement.refused) for statement in statements))
    if not any(statement.entries for statement in statements):
        refused = [refusal for statement in statements for refusal in statement.refused]
        if refused:
            first = refused[0]
            raise UnreadableStatement(
                FileProblem.NOTHING_READABLE, count=len(refused), line=str(first.line), why=first.why
            )
        if not statements or not all(statement.proved for statement in statements):
            raise UnreadableStatement(FileProblem.NO_ENTRIES)
    return ParsedFile(file_format, tuple(_with_reliable_references(_with_repeats_marked(statements))))


def _with_repeats_marked(statements: Sequence[ParsedStatement]) -> list[ParsedStatement]:
    """Mark statements that stand twice in a file, as when an export was appended to itself.

    Balances that move on cannot come back with the same number, so the second is the first again. Without both
    balances, or where nothing moved, two may be meant.
    """
    seen: dict[object, list[ParsedStatement]] = {}
    marked = []
    for statement in statements:
        opening, closing = statement.opening, statement.closing
        if not statement.number or not opening or not closing or opening.amount == closing.amount:
            marked.append(statement)
            continue
        same = seen.setdefault((statement.account, statement.number, opening, closing), [])
        is_repeat = any(_says_the_same(statement, other) for other in same)
        same.append(statement)
        marked.append(replace(statement, is_repeat=True) if is_repeat else statement)
    return marked


def _says_the_same(one: ParsedStatement, other: ParsedStatement) -> bool:
    return len(one.entries) == len(other.entries) and all(
        (first.status, str(first.amount), first.raw) == (second.status, str(second.amount), second.raw)
        for first, second in zip(one.entries, other.entries, strict=True)
    )


def _with_reliable_references(statements: Sequence[ParsedStatement]) -> list[ParsedStatement]:
    uses = Counter(
        (_number(statement), entry.bank_reference)
        for statement in statements
        if not statement.is_repeat
        for entry in statement.entries
        if entry.bank_reference
    )
    repeated = {use for use, count in uses.items() if count > 1}
    if not repeated:
        return list(statements)
    return [replace(statement, entries=_trusted(statement, repeated)) for statement in statements]


def _trusted(statement: ParsedStatement, repeated: set[tuple[str, str]]) -> tuple[ParsedEntry, ...]:
    number = _number(statement)
    return tuple(
        replace(entry, reference_is_unique=False)
        if entry.reference_is_unique and (number, entry.bank_reference) in repeated
        else entry
        for entry in statement.entries
    )


def _number(statement: ParsedStatement) -> str:
    return statement.account.iban or statement.account.other
