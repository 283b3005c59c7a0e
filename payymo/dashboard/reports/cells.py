"""A cell in the reader's language, for page and PDF, and as a plain value, for tables."""

from datetime import date
from decimal import Decimal

from payymo.dashboard import formats
from payymo.dashboard.pages import Amount
from payymo.dashboard.reports.shape import Cell, Kind
from payymo.shared.money import quantized


def written(cell: Cell, kind: Kind) -> str:
    """Return the cell in the active language; nothing for what is not known."""
    match kind, cell:
        case _, None | "":
            return ""
        case Kind.MONEY, Amount():
            return formats.money(cell)
        case Kind.DAY, date():
            return formats.day(cell)
        case Kind.MONTH, date():
            return formats.month(cell)
        case Kind.COUNT, int():
            return formats.number(cell)
        case Kind.SHARE, float() | Decimal():
            return formats.percent(cell)
        case Kind.SCORE, float() | Decimal():
            return formats.decimal_text(Decimal(str(cell)), digits=3)
        case Kind.SECONDS | Kind.HOURS, Decimal():
            unit = "s" if kind is Kind.SECONDS else "h"
            return f"{formats.decimal_text(cell, digits=1)}{formats.NO_BREAK_SPACE}{unit}"
        case _:
            return formats.visible(str(cell))


def plain(cell: Cell, kind: Kind) -> str | int | Decimal | date | None:
    """Return the cell as a table holds it: amounts with their currency's digits, months as their first day."""
    if isinstance(cell, Amount):
        return quantized(cell.value, cell.currency)
    if isinstance(cell, float):
        # Six digits: what is behind them in a mean is noise, and would be written out.
        return Decimal(f"{cell:.6g}")
    if isinstance(cell, str) and kind is Kind.TEXT:
        return cell.replace("\x00", "")
    return cell
