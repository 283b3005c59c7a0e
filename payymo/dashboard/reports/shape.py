"""The one shape of every report: its page, CSV, workbook and PDF are all made from it.

A cell is a plain value (text, date, count, share, `Amount`) and never a written one: each file writes it in its own
way. Money carries its currency, so that nothing can add across currencies by accident.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto

from payymo.dashboard.pages import Amount

MOST_ROWS = 50_000
"""What a table holds at most, in any file."""
MOST_PDF_ROWS = 5_000
"""Some 150 pages: what is longer nobody reads on paper, and the table has it."""

Cell = str | int | float | date | Decimal | Amount | None
Row = tuple[Cell, ...]


class Kind(Enum):
    """How a cell is written."""

    TEXT = auto()
    DAY = auto()
    MONTH = auto()
    MONEY = auto()
    COUNT = auto()
    SHARE = auto()
    SCORE = auto()
    SECONDS = auto()
    HOURS = auto()

    @property
    def is_figure(self) -> bool:
        """Whether it stands at the right."""
        return self not in (Kind.TEXT, Kind.DAY, Kind.MONTH)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Shape: `key` heads it in CSV and never changes; `is_shown` is false where only a table wants it."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """What stands together in a picture: a value for each series."""

    label: str
    values: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, in one unit: a currency, or `%`, `s`, `h`, or nothing for counts.

    Shape: with `is_stacked` no value is negative, and those of a group add up to something.
    """

    title: str
    series: tuple[str, ...]
    groups: tuple[Group, ...]
    unit: str = ""
    is_stacked: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a reader gets to see.

    Shape: `rows` reads them anew at each call, in their order, so that a long table need not be held; each row, and
    each of `totals` (one a currency), has a cell for every column. `sentence` is empty where nothing is to be said.
    `whole` is a row of the page only: what stands beside its only picture, where no line of totals says it.
    """

    name: str
    title: str
    period: str
    sentence: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Row]]
    totals: tuple[Row, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    whole: Row = ()

    @property
    def key_row(self) -> Row:
        """The row that says most in few figures; empty where there is none, or one a currency."""
        return self.whole or (self.totals[0] if len(self.totals) == 1 else ())

    @property
    def shown(self) -> tuple[int, ...]:
        """The places of the columns of page and PDF."""
        return tuple(place for place, column in enumerate(self.columns) if column.is_shown)
