"""How one bank's CSV file is to be read: what a person decides once, saved as a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from banking.parsers.errors import AmbiguousMapping
from banking.parsers.problems import FileProblem
from payymo.shared.sentences import Sentence

ENCODINGS = (
    "utf-8", "utf-16", "cp1252", "iso8859-15", "cp1250", "iso8859-2", "cp1251", "cp1253", "cp1254", "cp1257", "latin-1"
)  # fmt: skip
DELIMITERS = (";", ",", "\t", "|")
DATE_ORDERS = ("ymd", "dmy", "mdy")
DECIMAL_SIGNS = (",", ".")
MAX_COLUMNS = 200

COLUMNS = (
    "booking_date", "value_date", "amount", "debit", "credit", "direction", "currency", "counterparty_name",
    "counterparty_iban", "end_to_end_id", "mandate_id", "structured_reference", "bank_reference", "balance", "status",
    "own_account", "kind",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something that only a person can tell: the setting of the mapping that is open, and the question."""

    setting: str
    problem: FileProblem

    @property
    def question(self) -> str:
        """The question in the active language."""
        return str(self.problem.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMapping:
    """Which column means what, and how dates and amounts are written.

    Shape: columns count from 0; `header_row` is the row (not line) of the column names from 1, and 0 when there is
    none; `header` holds those names, so that a file with other columns is refused. The amount stands in one of four
    styles: `amount` signed (a trailing minus counts), `amount` with `direction` (S/H, C/D, +/-), or `debit` and
    `credit`. `remittance_information` is joined from its columns in the given order.
    `fixed_currency` holds for every row; with a `currency` column besides, rows of other currencies are refused.
    """

    encoding: str = "utf-8"
    delimiter: str = ";"
    header_row: int = 1
    header: tuple[str, ...] = ()
    booking_date: int | None = None
    value_date: int | None = None
    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    direction: int | None = None
    currency: int | None = None
    fixed_currency: str = ""
    counterparty_name: int | None = None
    counterparty_iban: int | None = None
    remittance_information: tuple[int, ...] = ()
    end_to_end_id: int | None = None
    mandate_id: int | None = None
    structured_reference: int | None = None
    bank_reference: int | None = None
    bank_reference_is_unique: bool = False
    balance: int | None = None
    status: int | None = None
    own_account: int | None = None
    fixed_account: str = ""
    kind: int | None = None
    date_order: str = ""
    decimal_sign: str = ""
    flip_sign: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the mapping as plain values that JSON can hold."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CsvMapping:
        """Read back what `as_dict` gave, or what a form sent.

        Raises: AmbiguousMapping for unknown settings and values that cannot be.
        """
        known = {setting.name for setting in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise AmbiguousMapping(FileProblem.MAPPING_SETTING, setting=repr(unknown[0]))
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        mapping = cls(**made)
        mapping.check()
        return mapping

    def check(self) -> None:
        """Make sure that every setting is of its kind.

        Raises: AmbiguousMapping.
        """
        for setting, allowed in (
            ("encoding", ENCODINGS),
            ("delimiter", DELIMITERS),
            ("date_order", ("", *DATE_ORDERS)),
            ("decimal_sign", ("", *DECIMAL_SIGNS)),
        ):
            if getattr(self, setting) not in allowed:
                raise AmbiguousMapping(FileProblem.MAPPING_VALUE, setting=setting, value=repr(getattr(self, setting)))
        columns = [getattr(self, name) for name in COLUMNS]
        for column in (*columns, *_sequence(self.remittance_information)):
            is_column = isinstance(column, int) and not isinstance(column, bool) and 0 <= column < MAX_COLUMNS
            if column is not None and not is_column:
                raise AmbiguousMapping(FileProblem.MAPPING_COLUMN, value=repr(column))
        for setting in ("fixed_currency", "fixed_account"):
            if not isinstance(getattr(self, setting), str):
                raise AmbiguousMapping(FileProblem.MAPPING_TEXT, setting=setting)
        for setting in ("bank_reference_is_unique", "flip_sign"):
            if not isinstance(getattr(self, setting), bool):
                raise AmbiguousMapping(FileProblem.MAPPING_BOOLEAN, setting=setting)
        if isinstance(self.header_row, bool) or not isinstance(self.header_row, int) or self.header_row < 0:
            raise AmbiguousMapping(FileProblem.MAPPING_HEADER_ROW)
        if not all(isinstance(name, str) for name in _sequence(self.header)):
            raise AmbiguousMapping(FileProblem.MAPPING_HEADER)

    def settled(self) -> CsvMapping:
        """Return the mapping, ready to read with.

        Raises: AmbiguousMapping when a point is open, with its question and, for a column, the columns to choose from.
        """
        for point in self.open_points():
            # A name may be broken into lines, as cells of a workbook are.
            named = ", ".join(" ".join(name.split()) for name in self.header)
            if point.setting in COLUMNS and named:
                raise AmbiguousMapping(FileProblem.COLUMN_OPEN, question=Sentence(point.problem), names=named[:300])
            raise AmbiguousMapping(point.problem)
        return self

    def open_points(self) -> tuple[OpenPoint, ...]:
        """Name what is still undecided; with nothing open the file can be read."""
        points = []
        if self.booking_date is None:
            points.append(OpenPoint("booking_date", FileProblem.OPEN_BOOKING_DATE))
        elif not self.date_order:
            points.append(OpenPoint("date_order", FileProblem.OPEN_DATE_ORDER))
        if self.amount is None and self.debit is None and self.credit is None:
            points.append(OpenPoint("amount", FileProblem.OPEN_AMOUNT))
        elif not self.decimal_sign:
            points.append(OpenPoint("decimal_sign", FileProblem.OPEN_DECIMAL_SIGN))
        if self.currency is None and not self.fixed_currency:
            points.append(OpenPoint("fixed_currency", FileProblem.OPEN_CURRENCY))
        return tuple(points)


def _sequence(value: object) -> tuple[object, ...]:
    if not isinstance(value, tuple):
        raise AmbiguousMapping(FileProblem.MAPPING_LIST, value=repr(value))
    return value
