"""Amounts as people type them."""

import re
from decimal import Decimal

from babel.numbers import NumberFormatError, get_group_symbol, parse_decimal
from django.utils.translation import gettext as _

from payymo.dashboard import formats
from payymo.shared.money import UnreadableAmount, exponent

_GAPS = re.compile(r"[\s\u00a0\u202f'’]")
_FIGURES = re.compile(r"\d[\d.,'’\s\u00a0\u202f]*")
_TYPED = re.compile(r"\d{1,15}([.,]\d{1,3})?")
_MARKED = re.compile(
    r"(?P<whole>\d{1,15}|\d{1,3}(?P<group>[.,])\d{3}((?P=group)\d{3}){0,3})((?P<mark>[.,])(?P<decimals>\d{1,3}))?"
)


def read_amount(text: str, currency: str) -> Decimal:
    """Read `1234.5`, `1,234.50`, `1.234,50 EUR`, in every language alike; a mark that only could be one is refused.

    Shape: three digits behind the only mark are decimals where the currency has three; elsewhere they are read only
    behind the mark that groups digits for the reader.
    Raises: UnreadableAmount with a sentence.
    """
    plain = _GAPS.sub("", text).removesuffix(currency).removeprefix(currency)
    found = _MARKED.fullmatch(plain)
    if found is None or (found["group"] and found["group"] == found["mark"]):
        example = formats.decimal_text(Decimal("1234.50"), digits=2)
        raise UnreadableAmount(_("“%(text)s” is not an amount; write %(example)s.") % {
            "text": text.strip()[:30], "example": example,
        })  # fmt: skip
    whole, decimals = re.sub(r"\D", "", found["whole"]), found["decimals"] or ""
    if len(decimals) > exponent(currency):
        groups = len(decimals) == 3 and len(whole) <= 3 and not found["group"]
        if not groups or found["mark"] != get_group_symbol(formats.number_locale()):
            raise UnreadableAmount(_("“%(text)s” has too many decimals for %(currency)s.") % {
                "text": text.strip()[:30], "currency": currency,
            })  # fmt: skip
        whole, decimals = whole + decimals, ""
    return Decimal(f"{whole}.{decimals}")


def read_local_amount(text: str, *, digits: int) -> Decimal:
    """Read an amount as the reader has it written, `1.250,00` in German; `1250.00` is read in every language.

    Raises: UnreadableAmount with a sentence.
    """
    plain = text.strip()
    try:
        # Babel takes everything that Decimal takes, exponents and "NaN" too.
        found = parse_decimal(plain if _FIGURES.fullmatch(plain) else "", locale=formats.number_locale(), strict=True)
    except NumberFormatError:
        bare = _GAPS.sub("", plain)
        if not _TYPED.fullmatch(bare) or "," in bare:
            example = formats.decimal_text(Decimal("1234.50"), digits=2)
            raise UnreadableAmount(_("“%(text)s” is not an amount; write %(example)s.") % {
                "text": plain[:30], "example": example,
            }) from None  # fmt: skip
        found = Decimal(bare)
    if not found.is_finite() or found < 0 or found >= Decimal(10) ** 15:
        raise UnreadableAmount(_("“%s” is not an amount.") % plain[:30])
    exponent_of = found.as_tuple().exponent
    if isinstance(exponent_of, int) and -exponent_of > digits and found != round(found, digits):
        raise UnreadableAmount(_("“%(text)s” has more than %(digits)d decimals.") % {
            "text": plain[:30], "digits": digits,
        })  # fmt: skip
    return found
