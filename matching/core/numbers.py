"""Looks up invoices by a quoted number: whole, its running part, or one slip of the finger away."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matching.core.normalise import fold

_LONGEST = 1000


def digits_of(number: str) -> str:
    """The digits of an invoice number, joined."""
    return re.sub(r"[^0-9]", "", fold(number))


def running_part(number: str) -> str:
    """The part of an invoice number that counts up, without leading zeros; empty when the number is all of it."""
    groups: list[str] = re.findall(r"[0-9]+", fold(number))
    if len(groups) >= 2:
        return _counting(groups).lstrip("0")
    if groups and len(groups[0]) >= 7 and re.match(r"20[0-4]\d", groups[0]):
        return groups[0][4:].lstrip("0")
    return ""


def _counting(groups: list[str]) -> str:
    """The longest group that is no year and no month; of equally long ones the last."""
    years = {place for place, group in enumerate(groups) if re.fullmatch(r"20[0-4]\d(?:0[1-9]|1[0-2])?", group)}
    dated = set(years)
    for place in years:
        if len(groups[place]) == len("2026"):
            beside = [
                other for other in (place - 1, place + 1) if 0 <= other < len(groups) and _is_month(groups[other])
            ]
            dated.update(beside[:1])
    if not years and re.fullmatch(r"2\d", groups[0]):
        dated.add(0)
    left = [group for place, group in enumerate(groups) if place not in dated]
    return max(reversed(left), key=len) if left else groups[-1]


def _is_month(group: str) -> bool:
    return len(group) <= 2 and 1 <= int(group) <= 12


class NumberIndex:
    """Invoice ids by the digits of each of their numbers.

    Shape: `_whole` by the digits behind a one, read as a number, so that zeros in front count; `_open` the same of open
    debts alone, since nobody mistypes the number of a settled one, and `_keys` what each open debt stands under there.
    """

    def __init__(self) -> None:
        self._whole: dict[int, list[int]] = {}
        self._open: dict[int, list[int]] = {}
        self._keys: dict[int, list[int]] = {}
        self._running: dict[str, list[int]] = {}
        self.prefixes: set[str] = set()

    def add(self, invoice_id: int, numbers: Iterable[str], *, is_open: bool = True) -> None:
        """Index every number of one invoice."""
        keys: list[int] = []
        for number in dict.fromkeys(numbers):
            prefix = prefix_of(number)
            if prefix:
                self.prefixes.add(prefix)
            keys += map(_as_number, keys_of(number))
            running = running_part(number)
            if running:
                self._running.setdefault(running, []).append(invoice_id)
        for key in keys:
            known = self._whole.setdefault(key, [])
            if invoice_id not in known:
                known.append(invoice_id)
        if is_open:
            self._list(invoice_id, keys)

    def close(self, invoice_id: int) -> None:
        """Look for no slip of this invoice's numbers any more."""
        for key in self._keys.pop(invoice_id, ()):
            alike = self._open[key]
            alike.remove(invoice_id)
            if not alike:
                del self._open[key]

    def reopen(self, invoice_id: int, numbers: Iterable[str]) -> None:
        """Look for slips of this invoice's numbers again."""
        if invoice_id not in self._keys:
            self._list(invoice_id, [_as_number(key) for number in numbers for key in keys_of(number)])

    def _list(self, invoice_id: int, keys: list[int]) -> None:
        self._keys[invoice_id] = keys
        for key in keys:
            self._open.setdefault(key, []).append(invoice_id)

    def whole(self, digits: str) -> list[int]:
        """Invoices that carry exactly these digits."""
        return self._whole.get(_as_number(digits), [])

    def running(self, digits: str) -> list[int]:
        """Invoices whose running part these digits are, oldest first."""
        return self._running.get(digits.lstrip("0"), [])

    def one_slip_away(self, digits: str) -> list[int]:
        """Open invoices whose digits differ by a changed, missing, added or swapped one: in no order, perhaps twice."""
        known = self._open
        return [invoice_id for slip in _slips(_as_number(digits)) & known.keys() for invoice_id in known[slip]]


def _as_number(digits: str) -> int:
    return int("1" + digits[:_LONGEST])


def _short_year(number: str) -> str:
    groups: list[str] = re.findall(r"[0-9]+", fold(number))
    if len(groups) >= 2 and re.fullmatch(r"20\d\d", groups[0]):
        return groups[0][2:] + "".join(groups[1:])
    return ""


def keys_of(number: str) -> set[str]:
    """The digits under which a number is found whole."""
    digits = digits_of(number)
    # Payers leave out the zeros that pad a part: 8833/9/2026 for 8833/09/2026.
    bare = "".join(group.lstrip("0") for group in re.findall(r"[0-9]+", fold(number)))
    return {digits, digits.lstrip("0"), bare, _short_year(number)} - {""}


def prefix_of(number: str) -> str:
    """The letters that a number begins with; empty for none."""
    prefix = re.match(r"[A-Z]{1,14}(?=[0-9])", fold(number))
    return prefix.group() if prefix else ""


def slips_of(digits: str) -> set[str]:
    """Everything that one changed, missing, added or swapped digit makes of these digits."""
    return {str(variant)[1:] for variant in _slips(_as_number(digits))}


def _slips(known: int) -> set[int]:
    """The same for digits behind a one, from the last digit to the first."""
    variants: set[int] = set()
    unit, head = 1, known
    while head > 1:
        behind = known % unit
        added = head * unit * 10 + behind
        variants.update(range(added, added + 10 * unit, unit))
        before, digit = divmod(head, 10)
        changed = known - digit * unit
        variants.update(range(changed, changed + 10 * unit, unit))
        variants.add(before * unit + behind)
        if before > 1:
            variants.add(known + (before % 10 - digit) * (unit - 10 * unit))
        unit, head = unit * 10, before
    variants.update(range(unit * 10 + known % unit, unit * 20, unit))
    variants.discard(known)
    return variants
