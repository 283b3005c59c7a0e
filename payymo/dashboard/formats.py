"""How money, dates, moments and account numbers are written, in the language that is active.

Source: CLDR through Babel. A no-break space keeps a figure and its currency together; the minus is U+2212.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal, format_percent, get_currency_precision
from django.utils import timezone
from django.utils.translation import get_language, gettext

from payymo.dashboard.pages.values import Amount, Moment

NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"


# How a reader may have figures written whatever their language is: the code is that of a language that writes so.
NUMBER_STYLES = {"en": "1,234.56", "de": "1.234,56", "fr": f"1{NO_BREAK_SPACE}234,56", "de-CH": "1’234.56"}
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


def figure(amount: Amount) -> str:
    """Write the number alone, with the digits of its currency: `1,190.00`, `1 234`."""
    digits = get_currency_precision(amount.currency)
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    written = format_decimal(abs(amount.value), format=pattern, locale=number_locale())
    return f"{MINUS}{written}" if amount.value < 0 else str(written)


def decimal_text(value: Decimal, *, digits: int) -> str:
    """Write a number for a field, with so many decimals: `1,250.00`."""
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return str(format_decimal(value, format=pattern, locale=number_locale()))


def money(amount: Amount) -> str:
    """Write the amount with its currency code: `1,190.00 EUR`."""
    return f"{figure(amount)}{NO_BREAK_SPACE}{amount.currency}"


def number(value: int) -> str:
    """Write a count with the group marks of the language."""
    return str(format_decimal(value, format="#,##0", locale=number_locale()))


def compact(value: Decimal) -> str:
    """Write a figure for an axis: `12K`, `1.5M`."""
    return str(format_compact_decimal(value, format_type="short", fraction_digits=1, locale=number_locale()))


def percent(value: Decimal | float) -> str:
    """Write a share between 0 and 1 without decimals: `87%`."""
    return str(format_percent(value, format="#,##0%", locale=number_locale()))


def score(value: Decimal | float) -> str:
    """Write a probability with two decimals, cut and not rounded, so that nothing short of certain reads `1.00`."""
    cut = int(Decimal(str(value)) * 100) / Decimal(100)
    return str(format_decimal(cut, format="0.00", locale=number_locale()))


def signed(value: float) -> str:
    """Write a weight with its sign and one decimal: `+4.1`, `−0.3`."""
    return str(format_decimal(Decimal(str(value)), format="+0.0;\u22120.0", locale=number_locale()))


def day(value: date) -> str:
    """Write a booking date, which has no time zone: `14 Nov 2026`."""
    return str(format_date(value, format="medium", locale=_date_locale()))


def _date_locale() -> Locale:
    # English without a country reads day before month, as every other language here writes it.
    active = locale()
    return _locale("en-GB") if active.language == "en" and active.territory is None else active


def day_short(value: date) -> str:
    """Write day and month, for lists where the year is plain: `14 Nov`."""
    active = _date_locale()
    pattern = "d. MMM" if active.language == "de" else "d MMM"
    return str(format_date(value, format=pattern, locale=active))


def month(value: date) -> str:
    """Write a month: `Nov 2026`."""
    return str(format_skeleton("yMMM", value, locale=_date_locale()))


def full_moment(at: datetime) -> str:
    """Write a moment in the active time zone with the zone's name: `14 Nov 2026, 09:30 UTC`."""
    return str(format_datetime(timezone.localtime(at), format="d MMM y, HH:mm zzz", locale=_date_locale()))


def moment(at: datetime, now: datetime) -> Moment:
    """Word a moment as seen from `now`: `12 s ago`, `5 min ago`, `in 3 hr`; beyond a week, its date."""
    apart = at - now
    if abs(apart) < timedelta(seconds=5):
        return Moment(at, gettext("just now"))
    if abs(apart) > timedelta(days=7):
        return Moment(at, day(timezone.localtime(at).date()))
    text = str(format_timedelta(apart, add_direction=True, format="short", threshold=1.5, locale=locale()))
    # CLDR's English abbreviations carry a full stop that the rest of our texts leave out.
    return Moment(at, text.replace(".", "") if locale().language == "en" else text)


def apart(span: timedelta) -> str:
    """Write how long something waits: `22 sec`, `3 hr`; nothing for no time."""
    return str(format_timedelta(span, format="short", threshold=1.5, locale=locale())) if span else ""


def masked_iban(text: str) -> str:
    """Show the country, the check digits and the last four: `DE89 … 3000`. Anything shorter keeps its last four."""
    plain = "".join(text.split())
    if len(plain) < 9:
        return f"…{NO_BREAK_SPACE}{plain[-4:]}" if len(plain) > 4 else plain
    return f"{plain[:4]}{NO_BREAK_SPACE}…{NO_BREAK_SPACE}{plain[-4:]}"


def visible(text: str) -> str:
    """Replace what would be invisible or turn the line around with a sign that shows it.

    Shape: control characters become their pictures (U+2400 and on), format characters their code in brackets.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        code = ord(character)
        return chr(0x2400 + code) if code < 0x20 else "\u2421"
    if category == "Cf":
        return f"⟨U+{ord(character):04X}⟩"
    return character
