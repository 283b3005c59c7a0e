"""Reading WHMCS's values: numbers as text or number, zero dates, HTML entities, lists that become an empty text.

Source: developers.whmcs.com, API reference (the samples, which are looser than the documented types).
"""

import html
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from payymo.shared.money import UnreadableAmount, parse_decimal

_FLAT_KEY = re.compile(r"(\w+)\[(\w+)\]\[(\d+)\]\[(\w+)\]")
_LARGEST_ID = 2**63 - 1


class UnreadableValue(ValueError):
    """A value is missing or not of its kind; the message names the field, not the value."""


def text(row: Mapping[str, Any], name: str, *, limit: int) -> str:
    """Return a text with its HTML entities decoded once, cut to `limit`; missing and null are empty."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise UnreadableValue(f"{name} is not a text")
    return html.unescape(str(value)).replace("\x00", "").strip()[:limit]


def integer(row: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    """Return a whole number of zero or more; `default` stands for missing, null and empty.

    Raises: UnreadableValue.
    """
    value = row.get(name)
    if value in (None, "") and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableValue(f"{name} is not a whole number")
    written = str(value).strip()
    if not (written.isascii() and written.isdigit()) or len(written) > 19 or int(written) > _LARGEST_ID:
        raise UnreadableValue(f"{name} is not a whole number")
    return int(written)


def money(row: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount.

    Raises: UnreadableValue, also for more than the three decimals that any currency has; there is no default.
    """
    amount = decimal(row, name)
    if amount != round(amount, 3):
        raise UnreadableValue(f"{name} has too many decimals")
    return amount


def decimal(row: Mapping[str, Any], name: str) -> Decimal:
    """Return a number with decimals that is not money, such as a rate.

    Raises: UnreadableValue.
    """
    try:
        return parse_decimal(row.get(name))
    except UnreadableAmount as error:
        raise UnreadableValue(f"{name} is not a number") from error


def day(row: Mapping[str, Any], name: str) -> date | None:
    """Return a date; WHMCS's zero date, empty and null are None.

    Raises: UnreadableValue.
    """
    written = str(row.get(name) or "").strip()[:10]
    if not written or written == "0000-00-00":
        return None
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise UnreadableValue(f"{name} is not a date") from error


def moment(row: Mapping[str, Any], name: str) -> datetime | None:
    """Return a time without a zone; WHMCS's zero time, empty and null are None.

    Raises: UnreadableValue.
    """
    written = str(row.get(name) or "").strip()
    if not written or written.startswith("0000-00-00"):
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise UnreadableValue(f"{name} is not a time") from error
    return found.replace(tzinfo=None)


def moment_text(row: Mapping[str, Any], name: str) -> str:
    """Return a time in WHMCS's own writing; its zero time is empty."""
    written = text(row, name, limit=19)
    return "" if written.startswith("0000-00-00") else written


def listed(answer: Mapping[str, Any], wrapper: str, element: str) -> list[Mapping[str, Any]]:
    """Return the rows of a list in any of the shapes in which WHMCS writes one.

    Shape: `{wrapper: {element: [...]}}`, a lone object for one row, a plain array, flat keys `wrapper[element][0][id]`,
    and an empty text, null or nothing at all for no rows.
    Raises: UnreadableValue for any other shape.
    """
    held = answer.get(wrapper)
    if isinstance(held, Mapping) and element in held:
        held = held[element]
    if held in (None, "", [], {}):
        return _flat(answer, wrapper, element)
    if isinstance(held, Mapping):
        held = list(held.values()) if all(str(key).isdigit() for key in held) else [held]
    if not isinstance(held, list) or not all(isinstance(row, Mapping) for row in held):
        raise UnreadableValue(f"{wrapper} is not a list")
    return held


def _flat(answer: Mapping[str, Any], wrapper: str, element: str) -> list[Mapping[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for key, value in answer.items():
        found = _FLAT_KEY.fullmatch(key)
        if found and found[1] == wrapper and found[2] == element:
            rows.setdefault(int(found[3]), {})[found[4]] = value
    return [rows[position] for position in sorted(rows)]
