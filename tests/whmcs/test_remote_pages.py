"""The pace of reading lists, and readings beside each other: quick where WHMCS is, gentle where it is not."""

import threading

import pytest

from payymo.shared.errors import Refused, Retryable
from payymo.shared.http import BreakerOpen
from whmcs.clients.at_once import AT_ONCE, read_each
from whmcs.clients.base import Page
from whmcs.services.remote_pages import Pace, pages

ROWS = 2_000


class Slow:
    """A list whose answer takes so many seconds a row, and which does not answer more than it can."""

    def __init__(self, seconds_a_row: float, *, can: int = ROWS) -> None:
        self.now, self.asked, self._a_row, self._can = 0.0, [], seconds_a_row, can

    def fetch(self, start: int, count: int) -> Page[int]:
        self.asked.append(count)
        if count > self._can:
            self.now += 20
            raise Retryable("too much", reason="no_answer")
        rows = tuple(range(start, min(start + count, ROWS)))
        self.now += len(rows) * self._a_row
        return Page(rows=rows, received=len(rows), total=ROWS)

    def walk(self) -> set[int]:
        walked = pages(self.fetch, seconds=lambda: self.now)
        return {row for _, page in walked for row in page.rows}


def test_pages_grow_while_the_server_is_quick():
    server = Slow(0.0001)

    assert server.walk() == set(range(ROWS))
    assert server.asked[:4] == [100, 200, 400, 500]


def test_pages_shrink_while_the_server_is_slow():
    server = Slow(0.06)

    assert server.walk() == set(range(ROWS))
    assert server.asked[:3] == [100, 50, 50]


def test_a_size_that_was_not_answered_is_not_asked_for_again():
    server = Slow(0.0001, can=250)

    assert server.walk() == set(range(ROWS))
    assert server.asked[:5] == [100, 200, 400, 100, 200]
    assert [size for size in server.asked[3:] if size > 200] == []


def test_a_list_of_which_not_even_the_smallest_page_comes_is_given_up():
    server = Slow(0.0001, can=9)

    with pytest.raises(Retryable):
        server.walk()

    assert server.asked == [100, 25, 10]


def test_the_pace_stays_within_its_bounds():
    pace = Pace(size=8, least=4, most=16)

    for _ in range(5):
        pace.took(0.1)
    assert pace.size == 16
    for _ in range(5):
        pace.took(9)
    assert (pace.size, pace.failed()) == (4, False)


class Told:
    """A breaker that remembers what it was told, and by which thread."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.said, self.threads, self._is_open = [], set(), is_open

    def _note(self, what: str) -> None:
        self.said.append(what)
        self.threads.add(threading.get_ident())

    def enter(self) -> None:
        self._note("enter")
        if self._is_open:
            raise BreakerOpen(60)

    def passed(self) -> None:
        self._note("passed")

    def failed(self) -> None:
        self._note("failed")


def test_readings_beside_each_other_come_in_order_and_never_more_than_a_few_at_once():
    running, most, lock, all_in = 0, 0, threading.Lock(), threading.Barrier(AT_ONCE)

    def read(number: int, breaker) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_in.wait(60)
        with lock:
            running -= 1
        breaker.passed()
        return number * 10

    told = Told()

    assert read_each(read, range(3 * AT_ONCE), told) == [number * 10 for number in range(3 * AT_ONCE)]
    assert most == AT_ONCE
    assert (told.said, told.threads) == (["enter", "passed"], {threading.get_ident()})


def test_an_error_of_one_reading_is_its_answer_and_the_others_keep_theirs():
    gone = Refused("gone", reason="invoice_not_found")

    def read(number: int, breaker) -> int:
        if number == 1:
            raise gone
        breaker.passed()
        return number

    assert read_each(read, [0, 1, 2], Told()) == [0, gone, 2]


def test_a_server_that_answers_none_of_them_is_counted_for_each():
    def read(number: int, breaker) -> int:
        breaker.failed()
        raise Retryable("down", reason="unreachable")

    told = Told()

    assert [one.reason for one in read_each(read, [1, 2, 3], told)] == ["unreachable"] * 3
    assert told.said == ["enter", "failed", "failed", "failed"]


def test_a_server_that_is_left_alone_is_not_asked():
    asked = []

    with pytest.raises(Retryable):
        read_each(lambda number, breaker: asked.append(number), [1], Told(is_open=True))

    assert asked == []
