"""Why a statement file cannot be read at all; what is wrong with one entry becomes a `Refusal` and stops only it."""


class UnreadableStatement(ValueError):
    """The file, or the answer, as a whole cannot be taken; `reason` is one sentence for the person who sent it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownFormat(UnreadableStatement):
    """The content is none of the formats that can be read."""


class FileTooLarge(UnreadableStatement):
    """The file has more bytes or more rows than an import may have."""


class AmbiguousMapping(UnreadableStatement):
    """A CSV file leaves something open that only a person can tell, such as whether the day or the month is first."""


class UnreadableEntry(ValueError):
    """One entry cannot be taken; a parser turns it into a `Refusal` with the line of the entry."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
