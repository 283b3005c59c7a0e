"""Reports as files: CSV of one, workbook and PDF of one or several."""

import io
from collections.abc import Sequence
from datetime import date
from itertools import islice
from typing import IO

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from payymo.dashboard import csv_files
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports.cells import plain
from payymo.dashboard.reports.shape import MOST_ROWS, Cell, Chart, Column, Kind, Report, Row
from payymo.shared.money import exponent

_FORMATS = {
    Kind.DAY: "yyyy-mm-dd", Kind.MONTH: "mmm yyyy", Kind.COUNT: "#,##0", Kind.SHARE: "0.00%", Kind.SCORE: "0.000",
    Kind.SECONDS: "0.0", Kind.HOURS: "0.0",
}  # fmt: skip
# What a workbook can hold.
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
_TABLE, _CHART_ROWS = 5, 16


def write_csv(out: IO[bytes], report: Report) -> None:
    """Write the whole table, without totals: a table is for adding up."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    rows = (list(map(_as_text, row, report.columns)) for row in report.rows())
    csv_files.write(text, [column.key for column in report.columns], rows)
    text.detach()


def _as_text(cell: Cell, column: Column) -> object:
    value = plain(cell, column.kind)
    return f"{value:%Y-%m}" if column.kind is Kind.MONTH and value else value


def write_workbook(out: IO[bytes], reports: Sequence[Report], *, tenant: str) -> None:
    """Write a sheet for each report, row by row, and its pictures beside the table.

    Texts are written as texts and can never run, whatever they begin with.
    """
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        book.set_properties({"title": reports[0].title, "author": tenant, "company": tenant})
        for number, report in enumerate(reports, start=1):
            sheet = book.add_worksheet(_sheet_name(report.title, number if len(reports) > 1 else 0))
            _Sheet(book, sheet, report, tenant).write()


class _Sheet:
    """One report in a workbook."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet, report: Report, tenant: str) -> None:
        self._book, self._sheet, self._report, self._tenant = book, sheet, report, tenant
        self._formats: dict[tuple[str, bool], Format] = {}

    def _format(self, pattern: str = "", *, bold: bool = False) -> Format:
        key = (pattern, bold)
        if key not in self._formats:
            # An apostrophe that is not shown keeps a text a text, even when somebody edits it.
            about = {"num_format": pattern, "top": int(bold)} if pattern else {"quote_prefix": True}
            self._formats[key] = self._book.add_format({**about, "bold": bold})
        return self._formats[key]

    def write(self) -> None:
        """Write what it is, the table, the notes, and the figures of the pictures."""
        sheet, report = self._sheet, self._report
        for place, column in enumerate(report.columns):
            sheet.set_column(place, place, 16 if place or column.kind is not Kind.TEXT else 32)
        head = self._format(bold=True)
        for line, text in enumerate((self._tenant, report.title, report.period, report.sentence)):
            sheet.write_string(line, 0, text, head if line < 2 else self._format())
        for place, column in enumerate(report.columns):
            sheet.write_string(_TABLE, place, column.title, head)
        sheet.freeze_panes(_TABLE + 1, 0)
        sheet.set_landscape()
        sheet.repeat_rows(_TABLE)
        sheet.set_footer("&L&A&R&P / &N")
        at = self._write_rows(_TABLE + 1)
        for note in report.notes:
            at += 1
            sheet.write_string(at, 0, note, self._format())
        for number, chart in enumerate(report.charts):
            at = self._write_chart(chart, at + 2, _TABLE + number * _CHART_ROWS)

    def _write_rows(self, at: int) -> int:
        for number, row in enumerate(islice(self._report.rows(), MOST_ROWS + 1)):
            if number == MOST_ROWS:
                self._sheet.write_string(at, 0, _("Only the first %s rows are here.") % MOST_ROWS, self._format())
                return at + 1
            self._write_row(at, row)
            at += 1
        for row in self._report.totals:
            self._write_row(at, row, bold=True)
            at += 1
        return at

    def _write_row(self, at: int, row: Row, *, bold: bool = False) -> None:
        for place, (cell, column) in enumerate(zip(row, self._report.columns, strict=True)):
            self._write_cell(at, place, cell, column, bold=bold)

    def _write_cell(self, at: int, place: int, cell: Cell, column: Column, *, bold: bool) -> None:
        value = plain(cell, column.kind)
        if value is None or value == "":
            return
        if isinstance(value, str):
            self._sheet.write_string(at, place, value[:_LONGEST_TEXT], self._format(bold=bold))
        elif isinstance(value, date):
            self._sheet.write_datetime(at, place, value, self._format(_FORMATS[column.kind], bold=bold))
        else:
            self._sheet.write_number(at, place, value, self._format(_pattern(cell, column), bold=bold))

    def _write_chart(self, chart: Chart, at: int, top: int) -> int:
        """Write the figures of a picture from row `at` on and the picture beside the table; return the last row."""
        sheet, head = self._sheet, self._format(bold=True)
        sheet.write_string(at, 0, chart.title, head)
        for place, name in enumerate(chart.series, start=1):
            sheet.write_string(at, place, name, head)
        number = self._format(_pattern_of(chart.unit))
        first, last = at + 1, at + max(len(chart.groups), 1)
        for line, group in enumerate(chart.groups, start=first):
            sheet.write_string(line, 0, group.label, self._format())
            for place, value in enumerate(group.values, start=1):
                sheet.write_number(line, place, value, number)
        picture = self._book.add_chart(
            {"type": "column", "subtype": "stacked"} if chart.is_stacked else {"type": "column"}
        )
        for place, _name in enumerate(chart.series, start=1):
            picture.add_series(
                {
                    "name": [sheet.get_name(), at, place],
                    "categories": [sheet.get_name(), first, 0, last, 0],
                    "values": [sheet.get_name(), first, place, last, place],
                }
            )
        picture.set_title({"name": chart.title, "name_font": {"size": 11}})
        picture.set_legend({"position": "bottom"} if chart.series[1:] else {"none": True})
        sheet.insert_chart(top, len(self._report.columns) + 1, picture)
        return last


def _pattern(cell: Cell, column: Column) -> str:
    if isinstance(cell, Amount):
        return _pattern_of(cell.currency)
    return _FORMATS.get(column.kind, "General")


def _pattern_of(unit: str) -> str:
    """Return how figures of a unit are written: a currency's own digits, whole counts, one decimal of time."""
    if unit == "%":
        return "0%"
    digits = exponent(unit) if len(unit) == 3 else len(unit)
    return "#,##0." + "0" * digits if digits else "#,##0"


def _sheet_name(title: str, number: int) -> str:
    """Return a title without what the name of a sheet may not hold; several are numbered, which keeps them apart."""
    name = "".join(sign for sign in title if sign not in "[]:*?/\\'")
    return (f"{number} {name}" if number else name)[:_LONGEST_NAME].strip()
