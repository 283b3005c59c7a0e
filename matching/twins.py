"""A second process that runs the same replay, so that each judges half of a day's receipts.

Both read the same files, book the same decisions and so have the same state; what costs time, weighing, is shared. The
answer of either is passed to the other before anything is booked.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext
from zlib import crc32

import msgspec

from matching.core.judging import Judge, Judged, judge_each, pack, unpack
from matching.core.types import Receipt

_FEWEST = 2
_LONGEST_WAIT_SECONDS = 60
_LAST_WORDS_SECONDS = 10

ShareOut = Callable[[Sequence[Receipt], Judge], list[Judged]]
Message = list[tuple[str, tuple[object, ...]]]


class TwinLost(RuntimeError):
    """The other process ended, or does not do the same."""


class Claims:
    """Who judges what: one process takes from the front of a round, the other from its end, until they meet."""

    def __init__(self, fork: ForkContext) -> None:
        self._lock = fork.Lock()
        # Two rounds: the next one is made ready while the other process may still be in this one.
        self._taken = fork.RawArray("l", 4)

    def take(self, number: int, total: int, *, front: bool) -> int | None:
        """The next place of a round that nobody has taken; None when there is none.

        Raises: TwinLost when the other process ended while it was taking one.
        """
        first = 2 * (number % 2)
        if not self._lock.acquire(timeout=_LONGEST_WAIT_SECONDS):
            raise TwinLost("the second process does not answer")
        try:
            before, behind = self._taken[first], self._taken[first + 1]
            if before + behind >= total:
                return None
            self._taken[first + (0 if front else 1)] += 1
            return before if front else total - 1 - behind
        finally:
            self._lock.release()

    def clear(self, number: int) -> None:
        """Make a round ready that nobody is in."""
        first = 2 * (number % 2)
        self._taken[first] = self._taken[first + 1] = 0


class Twin:
    """One side of the pair."""

    def __init__(self, line: Connection, claims: Claims, *, leads: bool) -> None:
        self._line = line
        self._claims = claims
        self._leads = leads
        self._round = 0

    def share_out(self, receipts: Sequence[Receipt], ask: Judge) -> list[Judged]:
        """Judge as many as the other side leaves, and get the rest from there.

        Raises: TwinLost.
        """
        if len(receipts) < _FEWEST:
            return judge_each(receipts, ask)
        ordered = sorted(receipts, key=_payer)
        own: list[Judged] = []
        while (place := self._claims.take(self._round, len(ordered), front=self._leads)) is not None:
            own.append(ask(ordered[place]))
        said = self._swap([(one.suggestion.receipt_id, pack(one)) for one in own])
        judged = {one.suggestion.receipt_id: one for one in own}
        judged.update((receipt_id, unpack(packed, receipt_id=receipt_id)) for receipt_id, packed in said)
        if len(own) + len(said) != len(receipts) or any(receipt.id not in judged for receipt in receipts):
            raise TwinLost("the two processes went apart")
        return [judged[receipt.id] for receipt in receipts]

    def _swap(self, said: Message) -> Message:
        message = msgspec.msgpack.encode(said)
        self._round += 1
        try:
            # In turn: two that send at once could wait for each other for ever.
            if self._leads:
                self._claims.clear(self._round)
                self._line.send_bytes(message)
                answer = self._line.recv_bytes()
            else:
                answer = self._line.recv_bytes()
                self._line.send_bytes(message)
        except (EOFError, OSError) as lost:
            raise TwinLost("the second process ended early") from lost
        return msgspec.msgpack.decode(answer, type=Message)


def _payer(receipt: Receipt) -> int:
    """One payer's receipts at the same place of each round: what a process found out about a name serves it again."""
    payer = receipt.counterparty_name or receipt.remittance_information or receipt.email or receipt.id
    return crc32(payer.encode())


def can_be_two() -> bool:
    """Whether a process can be doubled here, and has two processors to itself."""
    return "fork" in multiprocessing.get_all_start_methods() and len(os.sched_getaffinity(0)) > 1


@contextmanager
def doubled(follow: Callable[[ShareOut], None]) -> Iterator[ShareOut]:
    """Double this process: the other one calls `follow`, this one goes on. Both share out what they judge.

    The other process ends when this one leaves the block, for whatever reason.
    """
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    claims = Claims(fork)

    def go() -> None:
        here.close()
        try:
            follow(Twin(there, claims, leads=False).share_out)
        except TwinLost:
            os._exit(1)  # the first process says why

    other = fork.Process(target=go, daemon=True)
    other.start()
    there.close()
    try:
        yield Twin(here, claims, leads=True).share_out
    finally:
        here.close()
        other.join(_LAST_WORDS_SECONDS)
        if other.is_alive():
            other.kill()
            other.join()
