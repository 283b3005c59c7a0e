"""Proposes how a CSV file is to be read: encoding, delimiter, header, columns by name and content, dates, decimals.

A proposal is shown to a person before anything is imported. What the file does not tell for certain stays open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from banking.parsers import csv_columns as names
from banking.parsers.csv_columns import KNOWN_CURRENCIES, bare, is_known, normalised
from banking.parsers.csv_mapping import DATE_ORDERS, DELIMITERS, CsvMapping, OpenPoint
from banking.parsers.csv_rows import Row, decoded, first_rows, guess_encoding
from banking.parsers.errors import UnreadableStatement
from banking.parsers.problems import FileProblem
from banking.parsers.tables import has_text, table_of
from banking.parsers.texts import clean_account, is_iban
from banking.parsers.written_forms import date_order, decimal_sign, is_date

SHOWN_ROWS = 20
_HEADER_ROWS = 40
_ENOUGH_NAMES = 2
_SAMPLE = 500

_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT_SHAPE = re.compile(
    r"(?i)[\s(]*[+-]?\s*(?:[a-z]{3}|[€£$])?\s*[+-]?[0-9][0-9.,'’\s\u00a0\u202f]*\s*(?:[a-z]{3}|[€£$])?[+-]?\)?"
)
_SIGNS = {"€": "EUR", "£": "GBP", "zł": "PLN", "kč": "CZK"}


@dataclass(frozen=True, slots=True)
class CsvDetection:
    """What was found out about a CSV file.

    Shape: `rows` are the first raw rows that hold anything, at most 20. `open_points` must be settled before the file
    can be read.
    """

    rows: tuple[tuple[str, ...], ...]
    mapping: CsvMapping
    open_points: tuple[OpenPoint, ...]


def detect(
    source: bytes,
    file_format: str = "csv",
    encoding: str = "",
    delimiter: str = "",
    *,
    ready: Sequence[Row] | None = None,
) -> CsvDetection:
    """Look at a CSV file, or a table of another format, and propose how to read it.

    Shape: `encoding` and `delimiter` override what is found. `ready` are its rows where they were read already.
    Raises: UnreadableStatement when it is no table.
    """
    mapping = CsvMapping()
    if has_text(file_format):
        encoding = encoding or guess_encoding(source)
        mapping = CsvMapping(encoding=encoding, delimiter=delimiter or _delimiter(decoded(source, encoding)))
    table = ready
    if table is None:
        table = list(table_of(source, file_format=file_format, encoding=mapping.encoding, delimiter=mapping.delimiter))
    header_row = _header_row(table)
    if not table or max(len(row.cells) for row in table[: header_row + SHOWN_ROWS]) < 2:
        raise UnreadableStatement(FileProblem.NO_STATEMENT)
    mapping = replace(mapping, header_row=header_row)
    if header_row:
        header = table[header_row - 1].cells
        mapping = replace(mapping, header=tuple(name.strip() for name in header))
        body = [row for row in table[header_row:] if row.filled > 1]
        mapping = _with_columns(mapping, header, body)
        mapping = _with_formats(mapping, table[: header_row - 1], header, body)
    shown = tuple(row.cells for row in table[:SHOWN_ROWS])
    return CsvDetection(shown, mapping, mapping.open_points())


def _delimiter(text: str) -> str:
    """Find the delimiter that gives the most known column names; without any, the one that cuts the rows most often."""
    best = (0, 0, "")
    for delimiter in DELIMITERS:
        known, columns, _ = _best_header(first_rows(text, delimiter, _HEADER_ROWS))
        if (known, columns) > best[:2]:
            best = (known, columns, delimiter)
    if best[0] >= _ENOUGH_NAMES:
        return best[2]
    return max(DELIMITERS, key=lambda sign: sum(line.count(sign) for line in text[:20_000].splitlines()))


def _header_row(table: Sequence[Row]) -> int:
    """Return the row, from 1, with the most known column names; 0 when no row has two of them."""
    known, _, number = _best_header(table[:_HEADER_ROWS])
    return number if known >= _ENOUGH_NAMES else 0


def _best_header(table: Sequence[Row]) -> tuple[int, int, int]:
    """Return known names, columns and number of the row that has most of them."""
    best = (0, 0, 0)
    for number, row in enumerate(table, start=1):
        known = sum(1 for cell in row.cells if is_known(cell))
        if (known, len(row.cells)) > best[:2]:
            best = (known, len(row.cells), number)
    return best


@dataclass(slots=True)
class _Columns:
    """Hands out each column once, to the first meaning whose names and values fit."""

    header: Sequence[str]
    samples: list[list[str]]
    taken: set[int]

    def take(self, wanted: Iterable[str], fits: Callable[[list[str]], bool]) -> int | None:
        """Return the free column with the earliest of the wanted names whose values fit."""
        for name in wanted:
            for column, cell in enumerate(self.header):
                if column in self.taken or name not in {normalised(cell), bare(cell)[0]}:
                    continue
                if fits(self.samples[column]):
                    self.taken.add(column)
                    return column
        return None


def _with_columns(mapping: CsvMapping, header: Sequence[str], body: Sequence[Row]) -> CsvMapping:
    samples = [[cell for row in body[:_SAMPLE] if (cell := row.cell(column))] for column in range(len(header))]
    columns = _Columns(header, samples, set())
    found: dict[str, int | None] = {}
    found["value_date"] = columns.take(names.DATE_NAMES["value_date"], _are_dates)
    found["booking_date"] = columns.take(names.DATE_NAMES["booking_date"], _are_dates)
    if found["booking_date"] is None:
        found["booking_date"], found["value_date"] = found["value_date"], None
    if found["booking_date"] is None:
        # The name alone must do; rows whose date cannot be read are refused one by one.
        found["booking_date"] = columns.take(names.DATE_NAMES["booking_date"], _any)
    found["balance"] = columns.take(names.AMOUNT_NAMES["balance"], _are_amounts)
    found["amount"] = columns.take(names.AMOUNT_NAMES["amount"], _are_amounts)
    if found["amount"] is None:
        found["debit"] = columns.take(names.AMOUNT_NAMES["debit"], _are_amounts_or_none)
        found["credit"] = columns.take(names.AMOUNT_NAMES["credit"], _are_amounts_or_none)
        if found["debit"] is None and found["credit"] is None:
            found["amount"] = columns.take(names.AMOUNT_NAMES["amount"], _any)
    else:
        found["direction"] = columns.take(names.DIRECTION_NAMES, _are_directions)
    found["currency"] = columns.take(names.CURRENCY_NAMES, _are_currencies)
    found["status"] = columns.take(names.STATUS_NAMES, _are_statuses)
    found["own_account"] = columns.take(names.OWN_ACCOUNT_NAMES, _any)
    if found["own_account"] is None:
        found["own_account"] = columns.take(names.EITHER_ACCOUNT_NAMES, _is_one_account)
    for field, wanted in names.TEXT_NAMES.items():
        found[field] = columns.take(wanted, _any)
    if found["counterparty_iban"] is None:
        found["counterparty_iban"] = columns.take(names.EITHER_ACCOUNT_NAMES, _are_accounts)
    remittance = tuple(
        column for column in range(len(header)) if column not in columns.taken and _is_text(header[column])
    )
    columns.taken.update(remittance)
    found["kind"] = columns.take(names.KIND_NAMES, _any)
    return replace(mapping, remittance_information=remittance, **found)  # type: ignore[arg-type]


def _with_formats(mapping: CsvMapping, above: Sequence[Row], header: Sequence[str], body: Sequence[Row]) -> CsvMapping:
    """Settle date order, decimal sign, currency and account as far as the file tells them."""
    dates = [
        cell for row in body for column in (mapping.booking_date, mapping.value_date) if (cell := row.cell(column))
    ]
    money = (mapping.amount, mapping.debit, mapping.credit, mapping.balance)
    amounts = [cell for row in body for column in money if (cell := row.cell(column))]
    currency = ""
    if mapping.currency is None:
        currency = _currency_of(mapping, above, header, amounts)
    account = ""
    if mapping.own_account is None:
        ibans = {clean_account(word) for row in above for cell in row.cells for word in _possible_ibans(cell)}
        account = ibans.pop() if len(ibans) == 1 else ""
    return replace(
        mapping,
        date_order=date_order(dates),
        decimal_sign=decimal_sign(amounts),
        fixed_currency=currency,
        fixed_account=account,
    )


def _currency_of(mapping: CsvMapping, above: Sequence[Row], header: Sequence[str], amounts: Sequence[str]) -> str:
    """Find the currency in the column names, beside the amounts, or in the rows above the header."""
    named = {
        bare(header[column])[1]
        for column in (mapping.amount, mapping.debit, mapping.credit)
        if column is not None and column < len(header)
    } - {""}
    beside = {_SIGNS.get(sign, "") for cell in amounts for sign in _SIGNS if sign in cell.casefold()}
    beside |= {word for cell in amounts for word in _CURRENCY.findall(cell.upper()) if word in KNOWN_CURRENCIES}
    on_top = {
        word for row in above for cell in row.cells for word in re.findall(r"\b[A-Z]{3}\b", cell)
    } & KNOWN_CURRENCIES
    for told in (named, beside, on_top):
        if told:
            return told.pop() if len(told) == 1 else ""
    return ""


def _possible_ibans(cell: str) -> list[str]:
    found = re.findall(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{1,4}){2,8}", cell[:200])
    return [word for word in found if is_iban(clean_account(word))]


def _most(cells: Sequence[str], holds: Callable[[str], bool]) -> bool:
    # One bad row in ten may be what is wrong with the file; it is refused by itself later.
    return bool(cells) and sum(1 for cell in cells if holds(cell)) >= 0.5 * len(cells)


def _are_dates(cells: list[str]) -> bool:
    return _most(cells, lambda cell: any(is_date(cell, order) for order in DATE_ORDERS))


def _are_amounts(cells: list[str]) -> bool:
    return _most(cells, lambda cell: bool(_AMOUNT_SHAPE.fullmatch(cell)))


def _are_amounts_or_none(cells: list[str]) -> bool:
    return not cells or _are_amounts(cells)


def _are_currencies(cells: list[str]) -> bool:
    return _most(cells, lambda cell: bool(_CURRENCY.fullmatch(cell.upper())))


def _are_directions(cells: list[str]) -> bool:
    words = names.CREDIT_WORDS | names.DEBIT_WORDS
    return bool(cells) and all(normalised(cell) in words or cell in {"+", "-", "−"} for cell in cells)


def _are_statuses(cells: list[str]) -> bool:
    words = names.BOOKED_WORDS | names.PENDING_WORDS | names.DEAD_WORDS
    return bool(cells) and all(normalised(cell) in words for cell in cells)


def _is_one_account(cells: list[str]) -> bool:
    return len(set(cells)) == 1 and _are_accounts(cells)


def _are_accounts(cells: list[str]) -> bool:
    return _most(cells, lambda cell: bool(re.search(r"[0-9]{4}", cell)))


def _any(cells: list[str]) -> bool:
    return True


def _is_text(header_cell: str) -> bool:
    name = normalised(header_cell)
    return name in names.REMITTANCE_NAMES or bool(names.NUMBERED_REMITTANCE.fullmatch(name))
