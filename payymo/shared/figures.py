"""Figures and days as the active language writes them, below every app.

Source: CLDR through Babel. The minus is U+2212; a no-break space keeps a figure and its currency together.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal
from django.utils.translation import get_language

from payymo.shared.money import exponent, quantized

NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"
# How a reader may have figures written whatever their language is: the code is that of a language that writes so.
NUMBER_STYLES = {"en": "1,234.56", "de": "1.234,56", "fr": f"1{NO_BREAK_SPACE}234,56", "de-CH": "1’234.56"}
_UNITS: tuple[tuple[Literal["second", "minute", "hour"], int], ...] = (("second", 1), ("minute", 60), ("hour", 3600))
_style: ContextVar[str] = ContextVar("number_style", default="")


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def locale() -> Locale:
    """Return the active language as Babel knows it."""
    return _locale(get_language() or "en")


@contextmanager
def numbers_as(style: str) -> Iterator[None]:
    """Write figures in one of `NUMBER_STYLES` for a while; anything else leaves them to the language."""
    token = _style.set(style if style in NUMBER_STYLES else "")
    try:
        yield
    finally:
        _style.reset(token)


def number_locale() -> Locale:
    """Return whose figures are written and read: the style's in force, else the active language's."""
    return _locale(_style.get() or get_language() or "en")


def date_locale() -> Locale:
    """Return whose days are written: English without a country reads day before month, as every other language here."""
    active = locale()
    return _locale("en-GB") if active.language == "en" and active.territory is None else active


def figure(value: Decimal, currency: str) -> str:
    """Write the number alone, with the digits of its currency: `1,190.00`, `1 234`."""
    # As every file has them: CLDR gives none to currencies that shops round, which would hide the cents of RSD.
    digits = exponent(currency)
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    written = format_decimal(abs(value), format=pattern, locale=number_locale())
    return f"{MINUS}{written}" if quantized(value, currency) < 0 else str(written)


def money(value: Decimal, currency: str) -> str:
    """Write the amount with its currency code: `1,190.00 EUR`."""
    return f"{figure(value, currency)}{NO_BREAK_SPACE}{currency}"


def number(value: int) -> str:
    """Write a count with the group marks of the language."""
    return str(format_decimal(value, format="#,##0", locale=number_locale()))


def day(value: date) -> str:
    """Write a day: `14 Nov 2026`."""
    return str(format_date(value, format="medium", locale=date_locale()))


def wait(seconds: int) -> str:
    """Write how long somebody has to wait, never less than it is: `31 seconds`, `15 minutes`, `24 hours`."""
    unit, length = next(each for each in _UNITS if seconds <= each[1] * 90 or each[0] == "hour")
    whole = timedelta(seconds=-(-seconds // length) * length)
    # The unit was chosen above, so none that is longer may be.
    return str(format_timedelta(whole, granularity=unit, threshold=math.inf, locale=locale()))
