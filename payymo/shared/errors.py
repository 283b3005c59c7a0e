"""The error classes that cross layers. Each service defines its own beside itself, derived from one of these."""

from collections.abc import Mapping
from types import MappingProxyType

from payymo.shared.sentences import Sentence, Value


class DomainError(Exception):
    """Something the caller asked for cannot be done; the message says what happened and what to do.

    Shape: `code` is stable and safe to show; `status` is the HTTP status of the answer; `members` are what else the
    answer tells a program.
    """

    code = "refused"
    status = 422
    members: Mapping[str, str] = MappingProxyType({})


class Conflict(DomainError):
    """Someone or something else was faster, or the state has moved on; nothing was written."""

    code = "conflict"
    status = 409


class NotAllowed(DomainError):
    """The person may see this, but may not do it."""

    code = "not_allowed"
    status = 403


class BadInput(DomainError):
    """What was sent cannot be used; nothing was written."""

    code = "bad_input"
    status = 400


class ProviderError(Exception):
    """A provider did not do what was asked.

    Shape: `reason` is a stable code for rows and logs; the message is for people and holds no secret: a marked English
    text with its `values`, or a sentence. `str` of the error is English; `sentence` is worded for whoever reads it.
    """

    def __init__(
        self, message: str | Sentence, *, reason: str = "", retry_after: float | None = None, **values: Value
    ) -> None:
        self.sentence = message if isinstance(message, Sentence) else Sentence(message, values)
        super().__init__(self.sentence.in_english())
        self.reason = reason
        self.retry_after = retry_after


class Refused(ProviderError):
    """The provider said no; asking again changes nothing."""


class Retryable(ProviderError):
    """Nothing was done; asking later may work. `retry_after` is in seconds when the provider gave one."""


class Unknown(ProviderError):
    """A write may have happened; it must be looked up before anything else is sent."""
