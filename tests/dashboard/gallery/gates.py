"""What the gallery's server holds back until a test lets it go: a browser's own interception may miss a request."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_WAIT = 60
_gates: dict[tuple[str, str], "Gate"] = {}


class Gate:
    """Holds one kind of request about one payment. Shape: `fails` once it is to be answered with an error."""

    def __init__(self) -> None:
        self._asked, self._open = threading.Event(), threading.Event()
        self.fails = False

    def wait_until_asked(self) -> None:
        """Wait for the request."""
        assert self._asked.wait(_LONGEST_WAIT), "nothing was asked"

    def let_go(self, *, fails: bool = False) -> None:
        """Answer the request, and those to come."""
        self.fails = fails
        self._open.set()

    def pass_through(self) -> None:
        """Hold the server's thread until the test lets it go."""
        self._asked.set()
        assert self._open.wait(_LONGEST_WAIT), "nobody let it go"


@contextmanager
def held(what: str, receipt: str) -> Iterator[Gate]:
    """Hold what is asked about a payment; it is let go in the end."""
    gate = _gates[what, receipt] = Gate()
    try:
        yield gate
    finally:
        del _gates[what, receipt]
        gate.let_go(fails=gate.fails)


def answers(what: str, receipt: str) -> bool:
    """Wait where a test holds this; return whether it is to be answered."""
    gate = _gates.get((what, receipt))
    if gate is None:
        return True
    gate.pass_through()
    return not gate.fails
