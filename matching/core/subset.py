"""Sets of debts that add up to an amount, found in bounded time, with how many such sets there are."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_ITEMS = 60
_LARGEST_TARGET = 2_000_000
_MOST_SOLUTIONS = 12


def exact_subsets(amounts: Sequence[int], target: int, *, most: int = _MOST_SOLUTIONS) -> list[tuple[int, ...]]:
    """Index sets whose amounts add up to `target`, earliest items first; equal amounts count once.

    Shape: at most `most` sets; empty when there is none, or when the problem is too large to answer in bounded time.
    Units: minor units; only positive amounts take part.
    """
    items = [(place, amount) for place, amount in enumerate(amounts) if 0 < amount <= target][:_MOST_ITEMS]
    if not 0 < target <= _LARGEST_TARGET or sum(amount for _, amount in items) < target:
        return []
    mask = (1 << (target + 1)) - 1
    sums, total = 1, 0
    reachable = [sums]
    for _, amount in reversed(items):
        total += amount
        sums |= sums << amount
        if total > target:
            sums &= mask
        reachable.append(sums)
    reachable.reverse()
    if not reachable[0] >> target & 1:
        return []
    return _walk(items, reachable, target, most)


def _walk(items: list[tuple[int, int]], reachable: list[int], target: int, most: int) -> list[tuple[int, ...]]:
    """Depth-first over branches that are known to end in a solution, so that each step is paid for by one."""
    solutions: list[tuple[int, ...]] = []
    steps = 0
    # Testing one bit of a long integer copies it; of bytes it does not.
    bits: list[bytes] = [b""] * len(reachable)
    stack: list[tuple[int, int, tuple[int, ...], frozenset[int]]] = [(0, target, (), frozenset())]
    while stack and len(solutions) < most and steps < 4000:
        steps += 1
        place, rest, chosen, skipped = stack.pop()
        if rest == 0:
            solutions.append(chosen)
            continue
        if place == len(items):
            continue
        position, amount = items[place]
        following = bits[place + 1]
        if not following:
            whole = reachable[place + 1]
            following = bits[place + 1] = whole.to_bytes(target // 8 + 1, "little")
        if following[rest >> 3] >> (rest & 7) & 1:
            stack.append((place + 1, rest, chosen, skipped | {amount}))
        # Of equal debts the oldest is taken first, or the same split would be counted once for each of them.
        left = rest - amount
        if left >= 0 and amount not in skipped and following[left >> 3] >> (left & 7) & 1:
            stack.append((place + 1, left, (*chosen, position), skipped))
    return solutions


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
