"""Money: `Decimal` with an ISO 4217 code in rows, integer minor units in the core.

Never float. What cannot be read is an error, never a default.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models

# ISO 4217 minor units that are not two. Source: ISO 4217 list one.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_PLAIN_DECIMAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")


class UnreadableAmount(ValueError):
    """The text is not an amount of money."""


class UnknownCurrency(ValueError):
    """The text is not a three-letter currency code."""


def check_currency(text: str) -> str:
    """Return the code in upper case.

    Raises: UnknownCurrency when it is not three letters.
    """
    code = text.strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise UnknownCurrency(f"{text!r} is not a currency code")
    return code


def exponent(currency: str) -> int:
    """Return how many decimals the currency has: JPY 0, EUR 2, KWD 3."""
    return _EXPONENTS.get(currency, 2)


def parse_decimal(text: object) -> Decimal:
    """Read a plain decimal as providers write it: `-12.30`.

    Raises: UnreadableAmount for anything else, NaN and infinity included.
    """
    if isinstance(text, float) or not isinstance(text, str | int | Decimal):
        raise UnreadableAmount(f"{text!r} is not an amount")
    written = str(text).strip()
    if not _PLAIN_DECIMAL.fullmatch(written):
        raise UnreadableAmount(f"{text!r} is not an amount")
    try:
        return Decimal(written)
    except InvalidOperation as error:
        raise UnreadableAmount(f"{text!r} is not an amount") from error


def to_minor(amount: Decimal, currency: str) -> int:
    """Convert to integer minor units of `currency`.

    Raises: UnreadableAmount when the amount has more decimals than the currency.
    """
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise UnreadableAmount(f"{amount} has more decimals than {currency} allows")
    return int(scaled)


def from_minor(minor: int, currency: str) -> Decimal:
    """Convert integer minor units back to a decimal with the currency's own digits."""
    return Decimal(minor).scaleb(-exponent(currency))


def quantized(amount: Decimal, currency: str) -> Decimal:
    """Write the amount with exactly the currency's digits; what is stored has three. Nothing has no sign."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency))) + 0


# Letters in front are those of a number: `INV 1042`.
_TYPED = re.compile(r"[+\-\u2212]?(?:[€$£¥]\s*)?(\d[\d.,'’\s]*)(?:[A-Z]{3}|[€$£¥])?", re.IGNORECASE)
_FIGURES = re.compile(
    r"(?P<whole>\d{1,15}|\d{1,3}(?P<group>[.,'’ \u00a0])\d{3}(?:(?P=group)\d{3}){0,3})"
    r"(?:(?P<mark>[.,])(?P<rest>\d{1,3}))?"
)


def meant_amounts(text: str) -> tuple[Decimal, ...]:
    """Read what a text that is searched for may mean as an amount: `1190`, `1,190.00 EUR`, `1.190,00`, `−1 190,00`.

    Shape: without sign; empty if it is no amount, two where a mark may part decimals or thousands (`1.190`).
    """
    typed = _TYPED.fullmatch(text.strip())
    found = _FIGURES.fullmatch(typed[1].replace("\u202f", "\u00a0").rstrip()) if typed else None
    # Numbers beside each other are words; a page groups with a no-break space.
    if found is None or (found["group"] and found["group"] == (found["mark"] or " ")):
        return ()
    whole, rest = re.sub(r"\D", "", found["whole"]), found["rest"] or ""
    amounts = [Decimal(f"{whole}.{rest}")]
    if len(rest) == 3 and not found["group"] and len(whole) <= 3:
        amounts.append(Decimal(whole + rest))
    return tuple(amounts)


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """NUMERIC(18, 3): three decimals hold every currency's smallest unit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 18)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, **kwargs)


class CurrencyField(models.CharField):  # type: ignore[type-arg]
    """An ISO 4217 code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        super().__init__(*args, **kwargs)
