"""How a file's own cells write dates and amounts, as far as they tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from banking.parsers.csv_mapping import DATE_ORDERS, DECIMAL_SIGNS
from banking.parsers.dates import date_in


def date_order(cells: Sequence[str]) -> str:
    """Return the one order that reads most dates; empty when two orders read equally many."""
    readable = {order: sum(1 for cell in cells if is_date(cell, order)) for order in DATE_ORDERS}
    best = max(readable.values())
    orders = [order for order, count in readable.items() if count == best]
    if not best:
        # Nothing to ask about: each row will be refused for its date.
        return "dmy"
    if len(orders) > 1 and all(_tells_its_order(cell) for cell in cells):
        # Whatever the order, each date is the same day: a year in front, a dotted date, a month by name.
        return "ymd" if re.match(r"[0-9]{4}", cells[0]) else "dmy"
    return orders[0] if len(orders) == 1 else ""


def _tells_its_order(cell: str) -> bool:
    return len({date_in(cell, order) for order in DATE_ORDERS} - {None}) <= 1


def decimal_sign(cells: Sequence[str]) -> str:
    """Return the sign that the amounts show; empty when they show none for certain, or both."""
    seen, doubtful = set(), False
    for cell in cells:
        digits = re.sub(r"[^0-9.,]", "", cell).strip(".,") if cell else ""
        comma, point = digits.rfind(","), digits.rfind(".")
        if comma < 0 and point < 0:
            continue
        if comma >= 0 and point >= 0:
            seen.add("," if comma > point else ".")
            continue
        sign, other = (",", ".") if comma >= 0 else (".", ",")
        if digits.count(sign) > 1:
            seen.add(other)
        elif len(digits) - 1 - max(comma, point) != 3:
            seen.add(sign)
        else:
            doubtful = True
    if len(seen) == 1:
        return seen.pop()
    return "" if seen or doubtful or not cells else DECIMAL_SIGNS[1]


def is_date(cell: str, order: str) -> bool:
    """Say whether the cell is a date in that order."""
    return date_in(cell, order) is not None
