"""A QIF file as a table: one row for each transaction, so that it is mapped and read like any other table.

QIF has no currency, rarely an account, and dates such as `3/ 4'26`: whatever it leaves open is asked, as for CSV.
Source: the Quicken Interchange Format as Intuit published it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from banking.parsers.assembly import MAX_ENTRIES, check_lines
from banking.parsers.csv_rows import Row
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.mt940_fields import decode
from banking.parsers.problems import FileProblem

HEADER = ("Record", "Date", "Amount", "Payee", "Memo", "Check number")
_OWN_ACCOUNT = "Own account"
_REGISTERS = {"bank", "ccard", "cash", "oth a", "oth l"}
_INVESTMENTS = {"invst", "security", "prices"}


@dataclass(slots=True)
class _Record:
    """The lines of one record by their first letter, the first of each; splits repeat theirs."""

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)

    def row(self, number: int, account: str) -> Row:
        """Return it as a row; the amount stands in T, which programs write a second time as U."""
        told = self.fields
        cells = (
            str(number),
            re.sub(r"\s", "", told.get("D", "")).replace("'", "/"),
            told.get("T") or told.get("U", ""),
            told.get("P", ""),
            told.get("M", ""),
            told.get("N", ""),
            account,
        )
        return Row(cells, self.line, "\n".join(self.raw))


def table(source: bytes) -> list[Row]:
    """Read the transactions as rows below a row of column names.

    Shape: the accounts' names are a column only where there are several; one name alone is no number.
    Raises: UnreadableStatement for investments, and when there is no register of transactions; FileTooLarge.
    """
    rows, names = _rows(decode(source))
    columns: tuple[str, ...] = HEADER
    if len(names) > 1:
        columns = (*HEADER, _OWN_ACCOUNT)
    else:
        rows = [Row(row.cells[: len(HEADER)], row.line, row.raw) for row in rows]
    return [Row(columns, 1, "\t".join(columns)), *rows]


def _rows(text: str) -> tuple[list[Row], set[str]]:
    check_lines(text)
    rows: list[Row] = []
    names: set[str] = set()
    section, account, record = "", "", _Record(1)
    has_register = False
    lines: Sequence[str] = re.split(r"\r\n|\n|\r", text)
    for number, line in enumerate(lines, start=1):
        written = line.strip()
        if written.startswith("!"):
            section = _section(written, number, section)
            has_register = has_register or section in _REGISTERS
            record = _Record(number + 1)
        elif written == "^" or not written:
            if section == "account" and record.fields.get("N"):
                account = record.fields["N"][:40]
            elif section in _REGISTERS and record.fields and written:
                names.add(account)
                rows.append(record.row(len(rows) + 1, account))
                _check_count(rows)
            if written:
                record = _Record(number + 1)
        else:
            if not record.raw:
                record.line = number
            record.fields.setdefault(written[0].upper(), written[1:].strip())
            record.raw.append(written)
    if section in _REGISTERS and record.fields:
        names.add(account)
        rows.append(record.row(len(rows) + 1, account))
        _check_count(rows)
    if not has_register:
        raise UnreadableStatement(FileProblem.QIF_EMPTY)
    return rows, names


def _section(written: str, line: int, before: str) -> str:
    """Return what stands below a line with `!`: a register, the accounts, or a list that holds no transactions."""
    kind, _, name = written[1:].partition(":")
    kind, name = kind.strip().lower(), name.strip().lower()
    if kind == "type":
        if name in _INVESTMENTS:
            raise UnreadableStatement(FileProblem.INVESTMENTS_QIF, line=str(line))
        return name
    if kind == "account":
        return "account"
    # Options say how lists are to be taken; what stands below stays what it was.
    return before


def _check_count(rows: list[Row]) -> None:
    if len(rows) > MAX_ENTRIES:
        raise FileTooLarge(FileProblem.ENTRIES, most=MAX_ENTRIES)
