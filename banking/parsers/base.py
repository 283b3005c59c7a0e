"""What reads a format of statement files, whichever it is: one `Protocol`, and what a file may leave open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from banking.parsers.csv_mapping import CsvMapping
from banking.parsers.types import ParsedFile


@dataclass(frozen=True, slots=True)
class Hints:
    """What settles a point that a file leaves open; rows that say otherwise are refused.

    Shape: `mapping` says how a table is read; without one it is detected. `date_order` is `dmy`, `mdy` or `ymd`.
    """

    currency: str = ""
    date_order: str = ""
    mapping: CsvMapping | None = None


class StatementParser(Protocol):
    """Reads one format of statement files. A `BankProvider` fetches; a parser is handed bytes and knows no network.

    Shape: `name` is what rows keep, `label` what people call the format. A table (`is_table`) is read by a mapping of
    its columns; where it `has_text`, code page and delimiter are to be found out too.
    Units: `largest` in bytes.
    """

    @property
    def name(self) -> str:
        """The name that rows keep."""

    @property
    def label(self) -> str:
        """What people call the format."""

    @property
    def largest(self) -> int:
        """The most bytes that are read."""

    @property
    def is_table(self) -> bool:
        """Whether its columns need a mapping."""

    @property
    def has_text(self) -> bool:
        """Whether code page and delimiter are to be found out."""

    def knows(self, source: bytes, head: bytes, /) -> bool:
        """Say whether the content is of this format; `head` is its start without byte order mark and blanks."""

    def parse(self, source: bytes, hints: Hints, /) -> ParsedFile:
        """Read the file.

        Raises: UnreadableStatement, with one sentence for the person who sent the file.
        """
