"""Reads CSV statements, and other tables, by a mapping of their columns (`csv_mapping`).

`csv_detection` proposes the mapping. A running balance, or rows that name the opening and closing balance, prove the
sum. Rows of several accounts become one statement each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice, pairwise

from banking.parsers.amounts import currency_code, shown, signed, written_amount
from banking.parsers.assembly import assemble, check_entry_count, prove
from banking.parsers.csv_columns import (
    BOOKED_WORDS,
    CLOSING_ROWS,
    CREDIT_WORDS,
    DEAD_WORDS,
    DEBIT_WORDS,
    OPENING_ROWS,
    PENDING_WORDS,
    TOTAL_ROWS,
    normalised,
)
from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.csv_rows import Row
from banking.parsers.dates import written_date
from banking.parsers.errors import AmbiguousMapping, UnreadableEntry, UnreadableStatement, currencies_at
from banking.parsers.problems import EntryProblem, FileProblem
from banking.parsers.tables import table_of
from banking.parsers.texts import (
    clean,
    clean_account,
    clean_name,
    clean_reference,
    is_iban,
    structured_reference_in,
)
from banking.parsers.types import (
    Balance,
    EntryStatus,
    ParsedAccount,
    ParsedEntry,
    ParsedFile,
    ParsedStatement,
    Refusal,
)

_has_digit = re.compile(r"[0-9]").search


@dataclass(slots=True)
class _Account:
    """What the rows of one account have told so far."""

    name: str
    currency: str = ""
    currency_line: int = 0
    entries: list[ParsedEntry] = field(default_factory=list)
    running: list[Decimal | None] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    opening: Balance | None = None
    closing: Balance | None = None


def parse(
    source: bytes, mapping: CsvMapping, file_format: str = "csv", *, ready: Sequence[Row] | None = None
) -> ParsedFile:
    """Read a CSV statement, or a table of another format.

    Shape: `ready` are its rows where they were read already.
    Raises: AmbiguousMapping when the mapping leaves something open or is for other columns; UnreadableStatement when
    the rows of an account are in two currencies, or none of them can be read.
    """
    mapping.check()
    mapping = mapping.settled()
    found: Iterable[Row] | None = ready
    if found is None:
        found = table_of(source, file_format=file_format, encoding=mapping.encoding, delimiter=mapping.delimiter)
    table = iter(found)
    _check_header(list(islice(table, mapping.header_row)), mapping)
    reader = _RowReader(mapping)
    accounts: dict[str, _Account] = {}
    for count, row in enumerate(table, start=1):
        check_entry_count(count)
        # One filled cell is a footer, a note or a section title, not an entry.
        if row.filled < 2 or reader.is_empty(row):
            continue
        name = clean_account(row.cell(mapping.own_account)) or clean_account(mapping.fixed_account)
        account = accounts.setdefault(name, _Account(name))
        try:
            reader.read(row, account)
        except UnreadableEntry as error:
            account.refused.append(Refusal(row.line, error.why))
    return assemble(file_format, [_statement(account, mapping, file_format) for account in accounts.values()])


def _check_header(table: Sequence[Row], mapping: CsvMapping) -> None:
    if not mapping.header_row or not mapping.header:
        return
    found = table[mapping.header_row - 1].cells if len(table) >= mapping.header_row else ()
    if tuple(normalised(name) for name in found) != tuple(normalised(name) for name in mapping.header):
        raise AmbiguousMapping(FileProblem.MAPPING_OTHER_FILE)


@dataclass(frozen=True, slots=True)
class _RowReader:
    mapping: CsvMapping

    def is_empty(self, row: Row) -> bool:
        """Say whether neither date nor amount stands in the row, so that it moves nothing."""
        told = (self.mapping.booking_date, self.mapping.amount, self.mapping.debit, self.mapping.credit)
        return not any(row.cell(column) for column in told)

    def read(self, row: Row, account: _Account) -> None:
        """Add what the row tells to its account.

        Raises: UnreadableEntry; UnreadableStatement when the currency changes.
        """
        mapping = self.mapping
        if row.swallows_rows(mapping.delimiter):
            raise UnreadableEntry(EntryProblem.ROWS_IN_A_CELL)
        if mapping.header and any(cell.strip() for cell in row.cells[len(mapping.header) :]):
            raise UnreadableEntry(EntryProblem.ROW_LENGTH, cells=len(row.cells), columns=len(mapping.header))
        currency = self._currency(row, account)
        kind = {normalised(word) for word in self._words(row)}
        if kind & (OPENING_ROWS | CLOSING_ROWS | TOTAL_ROWS):
            self._note_balance(row, account, kind, currency)
            return
        entry = self._entry(row, currency)
        balance = row.cell(mapping.balance)
        account.running.append(written_amount(balance, mapping.decimal_sign, currency) if balance else None)
        account.entries.append(entry)

    def _words(self, row: Row) -> list[str]:
        """Return the cells that may say what the row is: a balance or a total is named without digits."""
        columns = (*self.mapping.remittance_information, self.mapping.counterparty_name)
        return [cell for column in columns if (cell := row.cell(column)) and not _has_digit(cell)]

    def _entry(self, row: Row, currency: str) -> ParsedEntry:
        mapping = self.mapping
        value = row.cell(mapping.value_date)
        text = clean(" ".join(row.cell(column) for column in mapping.remittance_information))
        reference = clean_reference(row.cell(mapping.bank_reference))
        structured = clean_reference(row.cell(mapping.structured_reference))
        return ParsedEntry(
            status=self._status(row),
            booking_date=written_date(row.cell(mapping.booking_date), mapping.date_order),
            value_date=written_date(value, mapping.date_order) if value else None,
            amount=self._amount(row, currency),
            currency=currency,
            counterparty_name=clean_name(row.cell(mapping.counterparty_name)),
            counterparty_iban=clean_account(row.cell(mapping.counterparty_iban)),
            remittance_information=text or clean(row.cell(mapping.kind)),
            structured_reference=structured or structured_reference_in(text),
            end_to_end_id=clean_reference(row.cell(mapping.end_to_end_id)),
            bank_reference=reference,
            reference_is_unique=mapping.bank_reference_is_unique and bool(reference),
            bank_transaction_code=clean(row.cell(mapping.kind))[:80],
            mandate_id=clean_reference(row.cell(mapping.mandate_id)),
            line=row.line,
            raw=row.raw,
        )

    def _currency(self, row: Row, account: _Account) -> str:
        written = row.cell(self.mapping.currency)
        fixed = self.mapping.fixed_currency
        if not written and not fixed:
            raise UnreadableEntry(EntryProblem.ROW_HAS_NO_CURRENCY)
        currency = currency_code(written or fixed)
        if fixed and currency != currency_code(fixed):
            raise UnreadableEntry(EntryProblem.ROW_CURRENCY, currency=currency, account=currency_code(fixed))
        if account.currency and currency != account.currency:
            met = [(account.currency, account.currency_line), (currency, row.line)]
            raise UnreadableStatement(FileProblem.CURRENCIES_OF_ROWS, found=currencies_at(met))
        if not account.currency:
            account.currency, account.currency_line = currency, row.line
        return currency

    def _status(self, row: Row) -> EntryStatus:
        word = normalised(row.cell(self.mapping.status))
        if not word or word in BOOKED_WORDS:
            return "booked"
        if word in PENDING_WORDS:
            return "pending"
        if word in DEAD_WORDS:
            raise UnreadableEntry(EntryProblem.NO_MONEY_MOVED, written=shown(row.cell(self.mapping.status)))
        raise UnreadableEntry(EntryProblem.STATUS, written=shown(row.cell(self.mapping.status)))

    def _amount(self, row: Row, currency: str) -> Decimal:
        if self.mapping.amount is None:
            amount = self._from_two_columns(row, currency)
        else:
            amount = written_amount(row.cell(self.mapping.amount), self.mapping.decimal_sign, currency)
            if self.mapping.direction is not None:
                amount = self._directed(row, amount)
        return signed(-1, amount) if self.mapping.flip_sign else amount

    def _from_two_columns(self, row: Row, currency: str) -> Decimal:
        told = []
        for column, sign in ((self.mapping.debit, -1), (self.mapping.credit, 1)):
            written = row.cell(column)
            amount = written_amount(written, self.mapping.decimal_sign, currency) if written else Decimal(0)
            if sign > 0 and amount < 0:
                raise UnreadableEntry(EntryProblem.CREDIT_NEGATIVE, written=shown(written))
            if written:
                told.append(signed(sign, abs(amount)))
        if not told:
            raise UnreadableEntry(EntryProblem.NEITHER_SIDE)
        moving = [amount for amount in told if amount]
        if len(moving) > 1:
            raise UnreadableEntry(EntryProblem.BOTH_SIDES)
        return moving[0] if moving else told[0]

    def _directed(self, row: Row, amount: Decimal) -> Decimal:
        written = row.cell(self.mapping.direction)
        word = normalised(written) or written
        sign = 1 if word in CREDIT_WORDS or word == "+" else -1 if word in DEBIT_WORDS or word in {"-", "−"} else 0
        if not sign:
            raise UnreadableEntry(EntryProblem.DIRECTION, written=shown(written))
        if amount < 0 < sign:
            raise UnreadableEntry(EntryProblem.CREDIT_NEGATIVE_AMOUNT, written=shown(written))
        return signed(sign, abs(amount))

    def _note_balance(self, row: Row, account: _Account, kind: set[str], currency: str) -> None:
        if kind & TOTAL_ROWS:
            raise UnreadableEntry(EntryProblem.TOTAL)
        running = row.cell(self.mapping.balance)
        told = written_amount(running, self.mapping.decimal_sign, currency) if running else self._amount(row, currency)
        balance = Balance(told, currency)
        if kind & OPENING_ROWS:
            account.opening = balance
        else:
            account.closing = balance


def _statement(account: _Account, mapping: CsvMapping, file_format: str) -> ParsedStatement:
    opening, closing = account.opening, account.closing
    proved = prove(opening, closing, account.entries)
    if proved is None and mapping.balance is not None:
        opening, closing, proved = _running_proof(account)
    is_own_iban = is_iban(account.name)
    return ParsedStatement(
        format=file_format,
        account=ParsedAccount(
            iban=account.name if is_own_iban else "",
            other="" if is_own_iban else account.name,
            currency=account.currency,
        ),
        opening=opening,
        closing=closing,
        entries=tuple(account.entries),
        refused=tuple(account.refused),
        proved=proved,
    )


def _running_proof(account: _Account) -> tuple[Balance | None, Balance | None, bool | None]:
    """Take opening and closing balance from the running one, in whichever order of the file it runs.

    Shape: a single row tells only the closing balance, so it proves nothing. With a refused row the sum has a hole.
    """
    booked = [
        (entry, balance)
        for entry, balance in zip(account.entries, account.running, strict=True)
        if entry.status == "booked" and balance is not None
    ]
    if not booked or len(booked) != sum(1 for entry in account.entries if entry.status == "booked"):
        return None, None, None
    rising = _breaks(booked)
    falling = _breaks(booked[::-1])
    if falling < rising or (falling == rising and booked[0][0].booking_date > booked[-1][0].booking_date):
        booked = booked[::-1]
    (first, first_balance), (last, last_balance) = booked[0], booked[-1]
    opening = Balance(first_balance - first.amount, account.currency, first.booking_date)
    closing = Balance(last_balance, account.currency, last.booking_date)
    if len(booked) == 1:
        return None, closing, None
    return opening, closing, not account.refused and not min(rising, falling)


def _breaks(booked: Sequence[tuple[ParsedEntry, Decimal]]) -> int:
    """Count the rows whose balance is not the balance before plus their amount."""
    return sum(1 for (_, before), (entry, after) in pairwise(booked) if before + entry.amount != after)
