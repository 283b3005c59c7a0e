"""What the launcher tells the person at the keyboard."""

import sys
import time

_STARTED = time.monotonic()


def say(text: str) -> None:
    """Print one line of progress, with the seconds since the command began."""
    print(f"[{time.monotonic() - _STARTED:6.1f}s] {text}", flush=True)


def show(text: str) -> None:
    """Print a result as it is."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(f"payymo: {text}", file=sys.stderr, flush=True)
