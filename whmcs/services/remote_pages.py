"""Walking through WHMCS's lists, whose rows shift while they are read, at the pace that the server bears."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from payymo.shared.errors import Retryable
from whmcs.clients.base import Page

Row = TypeVar("Row")
_MOST_PAGES = 100_000
_QUICK_SECONDS, _SLOW_SECONDS = 1.0, 5.0


class Pace:
    """How much is asked for at once: more while answers come quickly, less once they do not.

    Shape: `size` stays between `least` and `most`; after a failure it never again reaches what failed.
    """

    def __init__(self, *, size: int, least: int, most: int) -> None:
        self.size, self._least, self._most = size, least, most

    def took(self, seconds: float) -> None:
        """Take note how long an answer of the present size took."""
        if seconds < _QUICK_SECONDS:
            self.size = min(self.size * 2, self._most)
        elif seconds > _SLOW_SECONDS:
            self.size = max(self._least, self.size // 2)

    def failed(self) -> bool:
        """Ask for a quarter from now on; False if it was the least already."""
        if self.size <= self._least:
            return False
        self._most = max(self._least, self.size // 2)
        self.size = max(self._least, self.size // 4)
        return True


def page_pace() -> Pace:
    """Return the pace of a list: WHMCS documents no largest page."""
    return Pace(size=100, least=10, most=500)


def pages(
    fetch: Callable[[int, int], Page[Row]],
    *,
    start: int = 0,
    pace: Pace | None = None,
    seconds: Callable[[], float] = time.monotonic,
) -> Iterator[tuple[int, Page[Row]]]:
    """Yield the pages that `fetch(start, count)` returns, each with the position after it, until the list ends.

    Shape: the next page begins after the rows really received, less a few: a row removed meanwhile moves the others up,
    and so a row may come twice. A page that is not answered is asked for again smaller.
    Raises: what `fetch` raises, once even the smallest page fails.
    """
    pace = pace or page_pace()
    for _ in range(_MOST_PAGES):
        began = seconds()
        try:
            page = fetch(start, pace.size)
        except Retryable as error:
            if error.reason not in ("no_answer", "unreadable_answer") or not pace.failed():
                raise
            continue
        if not page.received:
            return
        pace.took(seconds() - began)
        yield start + page.received, page
        if start + page.received >= page.total:
            return
        start += max(1, page.received - _overlap(page.received))


def _overlap(received: int) -> int:
    return min(5, received // 10)
