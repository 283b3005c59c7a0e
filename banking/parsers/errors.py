"""Why a statement file cannot be read at all; what is wrong with one entry becomes a `Refusal` and stops only it."""

from collections.abc import Iterable

from banking.parsers.problems import EntryProblem, FileProblem
from payymo.shared.sentences import Sentence, Value


class _Unreadable(ValueError):
    """Shape: `why` is the sentence for the person who sent it, `reason` its words in the active language."""

    def __init__(self, problem: EntryProblem | FileProblem, **values: Value) -> None:
        super().__init__(problem, values)
        self.why = Sentence(problem, values)

    def __str__(self) -> str:
        return str(self.why)

    @property
    def reason(self) -> str:
        return str(self.why)


class UnreadableStatement(_Unreadable):
    """The file, or the answer, as a whole cannot be taken."""

    def __init__(self, problem: FileProblem, **values: Value) -> None:
        super().__init__(problem, **values)


def currencies_at(met: Iterable[tuple[str, int]]) -> tuple[Sentence, ...]:
    """Name the currencies that were met, up to four, each with the line where it was met first."""
    return tuple(
        Sentence(FileProblem.CURRENCY_AT, {"currency": currency, "line": str(line)}) for currency, line in list(met)[:4]
    )


class UnknownFormat(UnreadableStatement):
    """The content is none of the formats that can be read."""


class FileTooLarge(UnreadableStatement):
    """The file has more bytes or more rows than an import may have."""


class AmbiguousMapping(UnreadableStatement):
    """A CSV file leaves something open that only a person can tell, such as whether the day or the month is first."""


class UnreadableEntry(_Unreadable):
    """One entry cannot be taken; a parser turns it into a `Refusal` with the line of the entry."""

    def __init__(self, problem: EntryProblem, **values: Value) -> None:
        super().__init__(problem, **values)
