"""The order of a list: one column, rising or falling, kept in the address as `sort=amount` or `sort=-amount`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from payymo.dashboard import paging

PARAMETER = "sort"
Value = int | date | Decimal
_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and whether the greatest comes first. `is_asked` is false for the order a list has by itself."""

    column: str
    falls: bool
    is_asked: bool = False

    @property
    def beyond(self) -> str:
        """The look-up of what comes after a value."""
        return "lt" if self.falls else "gt"

    @property
    def code(self) -> str:
        """The order as the address has it."""
        return f"-{self.column}" if self.falls else self.column


def asked(request: HttpRequest, columns: Mapping[str, object], *, default: Order) -> Order:
    """Return the order that is asked for; the list's own where it is none of the columns'."""
    code = request.GET.get(PARAMETER, "")
    column = code.removeprefix("-")
    return Order(column, code.startswith("-"), is_asked=True) if column in columns else default


def ordered(rows: QuerySet[_Row], field: str, order: Order, position: tuple[Value, int] | None) -> QuerySet[_Row]:
    """Order rows by a field and then their key, behind a position. Shape: never null, or the key itself."""
    sign = "-" if order.falls else ""
    if position is not None:
        value, key = position
        rows = rows.filter(
            # The first alone lets an index begin at the value.
            Q(**{f"{field}__{order.beyond}e": value}),
            Q(**{f"{field}__{order.beyond}": value}) | Q(**{f"pk__{order.beyond}": key}),
        )
    return rows.order_by(f"{sign}{field}", f"{sign}pk")


def position(request: HttpRequest, kind: type[Value]) -> tuple[Value, int] | None:
    """Return where to go on: a value of the column and a key; None on the first page and where it cannot be read."""
    found = paging.cursor(request)
    value = read(found[0], kind) if found else None
    return None if found is None or value is None else (value, found[1])


def read(text: str, kind: type[Value]) -> Value | None:
    """Read a value of a column out of the address, or None where it is none."""
    try:
        if kind is date:
            return date.fromisoformat(text)
        value = Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        return None
    return int(value) if kind is int else value


def link_of(request: HttpRequest, column: str, order: Order, *, falls_first: bool) -> str:
    """Return the address of this list by another column, or by this one the other way round."""
    falls = not order.falls if column == order.column else falls_first
    kept = {key: value for key, value in request.GET.items() if key not in (PARAMETER, "after") and value}
    return f"{request.path}?{urlencode({**kept, PARAMETER: Order(column, falls).code})}"


def kept(order: Order) -> tuple[tuple[str, str], ...]:
    """Return what the filter bar must send along, so that filtering does not lose the order."""
    return ((PARAMETER, order.code),) if order.is_asked else ()
