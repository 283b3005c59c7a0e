"""Walking through WHMCS's lists, whose rows shift while they are read."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from payymo.shared.errors import Retryable
from whmcs.clients.base import Page

Row = TypeVar("Row")
PAGE_SIZE = 100
_SMALLEST_PAGE = 10
_MOST_PAGES = 100_000


def pages(
    fetch: Callable[[int, int], Page[Row]], *, start: int = 0, size: int = PAGE_SIZE
) -> Iterator[tuple[int, Page[Row]]]:
    """Yield the pages that `fetch(start, count)` returns, each with the position after it, until the list ends.

    Shape: the next page begins after the rows really received, less a few: a row removed meanwhile moves the others up,
    and so a row may come twice. A page that is not answered is asked for again smaller.
    Raises: what `fetch` raises, once even the smallest page fails.
    """
    for _ in range(_MOST_PAGES):
        try:
            page = fetch(start, size)
        except Retryable as error:
            if size <= _SMALLEST_PAGE or error.reason not in ("no_answer", "unreadable_answer"):
                raise
            size = max(_SMALLEST_PAGE, size // 4)
            continue
        if not page.received:
            return
        yield start + page.received, page
        if start + page.received >= page.total:
            return
        start += max(1, page.received - _overlap(page.received))


def _overlap(received: int) -> int:
    return min(5, received // 10)
