"""Sets of debts that add up to an amount, found in bounded time, with how many such sets there are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_MOST_ITEMS = 60
_LARGEST_TARGET = 2_000_000
# How many more there are changes nothing: four sets that add up say as little as forty.
_MOST_SOLUTIONS = 5
_MOST_STEPS = 4000
_MOST_REMEMBERED = 4096


def exact_subsets(amounts: Sequence[int], target: int, *, most: int = _MOST_SOLUTIONS) -> list[tuple[int, ...]]:
    """Index sets whose amounts add up to `target`, earliest items first; equal amounts count once.

    Shape: at most `most` sets; empty when there is none, or when the problem is too large to answer in bounded time.
    Units: minor units; only positive amounts take part.
    """
    if not 0 < target <= _LARGEST_TARGET:
        return []
    places = [place for place, amount in enumerate(amounts) if 0 < amount <= target][:_MOST_ITEMS]
    found = _subsets(tuple([amounts[place] for place in places]), target, most)
    return [tuple([places[item] for item in items]) for items in found]


@lru_cache(maxsize=_MOST_REMEMBERED)
def _subsets(items: tuple[int, ...], target: int, most: int) -> tuple[tuple[int, ...], ...]:
    """The same for amounts that may all take part; whoever pays the same price for many asks this again and again."""
    if sum(items) < target:
        return ()
    mask = (1 << (target + 1)) - 1
    sums, total = 1, 0
    reachable = [sums]
    for amount in reversed(items):
        total += amount
        sums |= sums << amount
        if total > target:
            sums &= mask
        reachable.append(sums)
    reachable.reverse()
    if not reachable[0] >> target & 1:
        return ()
    return tuple(_walk(items, reachable, target, most))


def _walk(items: tuple[int, ...], reachable: list[int], target: int, most: int) -> list[tuple[int, ...]]:
    """Depth-first over branches that are known to end in a solution, so that each step is paid for by one.

    Shape: `taken` holds one bit for each item on the way.
    """
    solutions: list[tuple[int, ...]] = []
    steps = _steps(items)
    # Testing one bit of a long integer copies it; of bytes it does not.
    bits: list[bytes] = [b""] * len(reachable)
    size = target // 8 + 1
    waiting: list[tuple[int, int, int]] = []
    place, rest, taken = 0, target, 0
    for _ in range(_MOST_STEPS):
        if rest:
            amount, bit, equal = steps[place]
            place += 1
            left = rest - amount
            # What cannot be taken must be skipped: `rest` is known to be reachable from here on.
            if left < 0:
                continue
            following = bits[place]
            if not following:
                following = bits[place] = reachable[place].to_bytes(size, "little")
            if not following[left >> 3] >> (left & 7) & 1:
                continue
            may_skip = following[rest >> 3] >> (rest & 7) & 1
            # Of equal debts the oldest is taken first, or the same split would be counted once for each of them.
            if taken & equal == equal:
                if may_skip:
                    waiting.append((place, rest, taken))
                rest, taken = left, taken | bit
                continue
            if may_skip:
                continue
        else:
            solutions.append(tuple([at for at in range(place) if taken >> at & 1]))
            if len(solutions) == most:
                break
        if not waiting:
            break
        place, rest, taken = waiting.pop()
    return solutions


def _steps(items: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """The amount of each item with its bit and the bit of the last one before it that is of the same amount, or 0."""
    last: dict[int, int] = {}
    found = []
    bit = 1
    for amount in items:
        found.append((amount, bit, last.get(amount, 0)))
        last[amount] = bit
        bit <<= 1
    return found


def runs(amounts: Sequence[int], target: int, *, most: int = 3) -> list[tuple[int, int]]:
    """Stretches `[start, end)` of at least two neighbours that add up to `target`, earliest first."""
    found: list[tuple[int, int]] = []
    start = total = 0
    for end, amount in enumerate(amounts, 1):
        total += amount
        while total > target and start < end:
            total -= amounts[start]
            start += 1
        if total == target and end - start >= 2:
            found.append((start, end))
            if len(found) == most:
                break
    return found
