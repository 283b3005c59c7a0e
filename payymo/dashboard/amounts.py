"""Amounts as people type them."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from payymo.shared.money import UnreadableAmount, exponent

_TYPED = re.compile(r"\d{1,15}([.,]\d{1,3})?")


def read_amount(text: str, currency: str) -> Decimal:
    """Read `12.30`, `12,30` or `1 234.5`; a sign that could be a group mark as well as a decimal mark is refused.

    Raises: UnreadableAmount with a sentence.
    """
    plain = re.sub(r"[\s\u00a0\u202f']", "", text)
    if not _TYPED.fullmatch(plain):
        raise UnreadableAmount(_("“%s” is not an amount; write 1234.50.") % text.strip()[:30])
    mark = re.search(r"[.,](\d+)$", plain)
    if mark and len(mark[1]) > exponent(currency):
        raise UnreadableAmount(_("“%(text)s” has too many decimals for %(currency)s.") % {
            "text": text.strip()[:30], "currency": currency,
        })  # fmt: skip
    return Decimal(plain.replace(",", "."))
