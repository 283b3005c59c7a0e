"""How hosts number their invoices, and how payers write those numbers."""

from collections.abc import Callable
from datetime import date
from random import Random


class Numbering:
    """Hands out invoice numbers in one style."""

    def __init__(self, style: str) -> None:
        self._make = STYLES[style]
        self.style = style
        self._period = ""
        self._count = 0
        self._total = 0

    def next(self, day: date) -> str:
        """The number of the next invoice; empty where WHMCS shows its own id."""
        period = f"{day:%Y%m}" if self.style == "month" else f"{day:%Y}"
        if period != self._period:
            self._period, self._count = period, 0
        self._count += 1
        self._total += 1
        return self._make(day, self._count, self._total)


STYLES: dict[str, Callable[[date, int, int], str]] = {
    "id": lambda day, count, total: "",
    "proforma": lambda day, count, total: "",
    "plain": lambda day, count, total: str(20417 + total),
    "padded": lambda day, count, total: f"{3100 + total:08d}",
    "year5": lambda day, count, total: f"{day:%Y}-{count:05d}",
    "prefix_year": lambda day, count, total: f"RE{day:%Y}/{count:05d}",
    "letters": lambda day, count, total: f"HST-{70210 + total}",
    "month": lambda day, count, total: f"{day:%Y%m}-{count:04d}",
    "slash": lambda day, count, total: f"FV/{count}/{day:%m}/{day:%Y}",
    "short_year": lambda day, count, total: f"{day:%y}{count:06d}",
}


def tail(number: str) -> str:
    """What is left of a number for somebody in a hurry: its last part without leading zeros."""
    parts = [part for part in number.replace("/", "-").split("-") if part]
    last = parts[1] if number.startswith("FV/") else parts[-1]
    return last.lstrip("0") or last


def paid_number(day: date, total: int) -> str:
    """The number that a proforma gets when it is paid."""
    return f"{day:%Y}{total:06d}"


WRITINGS: tuple[tuple[str, float, Callable[[str], str]], ...] = (
    ("as it is", 0.66, lambda number: number),
    ("run together", 0.12, lambda number: number.replace("-", "").replace("/", "")),
    ("spaced", 0.08, lambda number: number.replace("-", " ")),
    ("slashed", 0.06, lambda number: number.replace("-", "/")),
    ("with spaces round", 0.04, lambda number: number.replace("-", " - ")),
    ("lower", 0.04, lambda number: number.lower()),
)


def writing(rng: Random) -> Callable[[str], str]:
    """One payer's way to write a number."""
    return rng.choices([write for _, _, write in WRITINGS], [weight for _, weight, _ in WRITINGS])[0]
