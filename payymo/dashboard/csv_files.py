"""Tables as CSV files, for spreadsheets: amounts as plain decimals, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TextIO

from django.http import HttpResponse
from django.utils.translation import gettext

from payymo.shared.money import quantized

MOST_ROWS = 50_000
# A spreadsheet takes a cell that begins like this for a formula, the wide signs of East Asia included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain(amount: Decimal | None, currency: str) -> str:
    """Write an amount with its currency's digits and no marks; nothing when it is not known."""
    return "" if amount is None else str(quantized(amount, currency))


def harmless(value: object) -> str:
    """Write a cell so that no spreadsheet runs it: a text that looks like a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    if text.startswith(_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal() and text.isascii()


def write(out: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write the table: at most `MOST_ROWS` rows, and a last line that says so when there are more.

    Shape: UTF-8 with a byte order mark, without which spreadsheets read it as Latin 1.
    """
    out.write("\ufeff")
    table = csv.writer(out)
    table.writerow(header)
    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            table.writerow([gettext("Only the first %d rows are here: filter to fewer.") % MOST_ROWS])
            break
        table.writerow([harmless(value) for value in row])


def answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return the table as a download."""
    out = io.StringIO()
    write(out, header, rows)
    made = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    made["Content-Disposition"] = f'attachment; filename="{name}"'
    return made
