"""How money, dates, moments and account numbers are written, in the language that is active.

Source: CLDR through Babel. A no-break space keeps a figure and its currency together; the minus is U+2212.
"""

import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from django.utils import timezone
from django.utils.translation import gettext

from payymo.dashboard.pages.values import Amount, Moment
from payymo.shared import figures
from payymo.shared.figures import (
    MINUS,
    NO_BREAK_SPACE,
    NUMBER_STYLES,
    date_locale,
    day,
    locale,
    number,
    number_locale,
    numbers_as,
)

__all__ = [
    "MINUS", "NO_BREAK_SPACE", "NUMBER_STYLES", "apart", "compact", "day", "day_short", "decimal_text", "figure",
    "full_moment", "locale", "masked_iban", "moment", "money", "month", "number", "number_locale", "numbers_as",
    "percent", "score", "signed", "visible",
]  # fmt: skip


def figure(amount: Amount) -> str:
    """Write the number alone, with the digits of its currency: `1,190.00`, `1 234`."""
    return figures.figure(amount.value, amount.currency)


def decimal_text(value: Decimal, *, digits: int) -> str:
    """Write a number for a field, with so many decimals: `1,250.00`."""
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return str(format_decimal(value, format=pattern, locale=number_locale()))


def plain(value: Decimal | float) -> str:
    """Write a number as it is, with all its decimals: `0.995`."""
    return str(format_decimal(Decimal(str(value)), format="#,##0.######", locale=number_locale()))


def share(value: Decimal | float) -> str:
    """Write a share between 0 and 1 with its decimals: `99.5%`."""
    return str(format_percent(Decimal(str(value)), format=None, locale=number_locale(), decimal_quantization=False))


def money(amount: Amount) -> str:
    """Write the amount with its currency code: `1,190.00 EUR`."""
    return figures.money(amount.value, amount.currency)


def compact(value: Decimal) -> str:
    """Write a figure for an axis: `12K`, `1.5M`."""
    short = str(format_compact_decimal(value, format_type="short", fraction_digits=1, locale=number_locale()))
    # German has no short word for a thousand, and Babel then leaves its digits ungrouped.
    return str(format_decimal(value, locale=number_locale())) if short.isdecimal() else short


def percent(value: Decimal | float) -> str:
    """Write a share between 0 and 1 without decimals: `87%`.

    Shape: only what is whole reads `100%` and only nothing reads `0%`; next to them stand `over 99%` and `under 1%`.
    """
    near = {0: (gettext("under %s"), "0.01"), 100: (gettext("over %s"), "0.99")}
    words, bound = near.get(round(100 * value), ("%s", "")) if 0 < value < 1 else ("%s", "")
    written = format_percent(Decimal(bound) if bound else value, locale=number_locale())
    return words % written


def bar(value: Decimal | float) -> int:
    """Return a share as a bar draws it, 0 to 100: only nothing draws none of it, and only what is whole fills it."""
    return 0 if value <= 0 else 100 if value >= 1 else max(1, int(100 * value))


def score(value: Decimal | float) -> str:
    """Write a probability with two decimals, cut and not rounded, so that nothing short of certain reads `1.00`."""
    cut = int(Decimal(str(value)) * 100) / Decimal(100)
    return str(format_decimal(cut, format="0.00", locale=number_locale()))


def signed(value: float) -> str:
    """Write a weight with its sign and one decimal: `+4.1`, `−0.3`."""
    return str(format_decimal(Decimal(str(value)), format="+0.0;\u22120.0", locale=number_locale()))


def day_short(value: date) -> str:
    """Write day and month, for lists where the year is plain: `14 Nov`."""
    active = date_locale()
    pattern = "d. MMM" if active.language == "de" else "d MMM"
    return str(format_date(value, format=pattern, locale=active))


def month(value: date) -> str:
    """Write a month: `Nov 2026`."""
    return str(format_skeleton("yMMM", value, locale=date_locale()))


def full_moment(at: datetime) -> str:
    """Write a moment in the active time zone with the zone's name: `14 Nov 2026, 09:30 UTC`."""
    return str(format_datetime(timezone.localtime(at), format="d MMM y, HH:mm zzz", locale=date_locale()))


def moment(at: datetime, now: datetime) -> Moment:
    """Word a moment as seen from `now`: `12 s ago`, `5 min ago`, `in 3 hr`; beyond a week, its date."""
    apart = at - now
    if abs(apart) < timedelta(seconds=5):
        return Moment(at, gettext("just now"))
    if abs(apart) > timedelta(days=7):
        return Moment(at, day(timezone.localtime(at).date()))
    text = str(format_timedelta(apart, add_direction=True, format="short", threshold=1, locale=locale()))
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
