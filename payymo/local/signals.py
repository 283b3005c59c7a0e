"""Turning the signals that end a command into one exception, so that cleaning up is ordinary code."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AskedToStop(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM or SIGHUP; no ordinary `except` may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Raise AskedToStop inside the block on the first ending signal; the later ones cannot disturb the clean-up."""

    def ask(number: int, _frame: FrameType | None) -> None:
        for ending in _ENDING:
            signal.signal(ending, signal.SIG_IGN)
        raise AskedToStop(number)

    before = {ending: signal.signal(ending, ask) for ending in _ENDING}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
