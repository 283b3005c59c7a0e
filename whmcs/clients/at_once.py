"""Several readings of one WHMCS beside each other, a few at a time: each is a whole PHP request on the owner's server.

The threads only talk HTTP. What touches the database, the breaker, is asked and told by the thread that called.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.utils.translation import gettext_noop as _

from payymo.shared.errors import Refused, Retryable
from payymo.shared.http import Breaker, BreakerOpen
from payymo.shared.sentences import Sentence

AT_ONCE = 4
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Notes:
    """Implements `Breaker` without a database: how the calls of one batch went."""

    def __init__(self) -> None:
        self.answered: list[bool] = []

    def enter(self) -> None:
        """Let every call pass: the batch was let through."""

    def passed(self) -> None:
        """Note an answer."""
        self.answered.append(True)

    def failed(self) -> None:
        """Note that none came."""
        self.answered.append(False)


def read_each(
    read: Callable[[Asked, Breaker], Answer], asked: Sequence[Asked], breaker: Breaker | None
) -> list[Answer | Refused | Retryable]:
    """Return what each reading gave, or the error it met, in the order asked.

    Raises: Retryable when the server is left alone just now; nothing was sent.
    """
    if breaker is not None:
        try:
            breaker.enter()
        except BreakerOpen as error:
            raise Retryable(
                _("WHMCS could not be reached: %(why)s."), why=Sentence(str(error)), reason="unreachable"
            ) from error
    notes = _Notes()

    def one(each: Asked) -> Answer | Refused | Retryable:
        try:
            return read(each, notes)
        except (Refused, Retryable) as error:
            return error

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="whmcs") as pool:
        found = list(pool.map(one, asked))
    if breaker is not None:
        _tell(breaker, notes.answered)
    return found


def _tell(breaker: Breaker, answered: Sequence[bool]) -> None:
    if any(answered):
        breaker.passed()
        return
    for _each in answered:
        breaker.failed()
