"""Finds invoice numbers inside payment references that carry check digits, as invoices print them for scanners.

Source: ISO 11649 (RF), SIX QR-bill annex B, Febelfin OGM/VCS, Bankgirot OCR, Bits KID, Finance Finland viite, Dutch
betalingskenmerk. Each holds a body of digits in which issuers put the customer's and the invoice's number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from matching.core.minted import minted_in, remainder_97
from matching.core.normalise import fold_with_offsets

_CREDITOR = re.compile(r"\bRF ?(\d{2}) ?((?:[A-Z0-9] ?){1,21})\b")
_BELGIAN = re.compile(r"(?:\+{3}|\*{3}) ?(\d{3}) ?/ ?(\d{4}) ?/ ?(\d{5}) ?(?:\+{3}|\*{3})")
_DIGITS = re.compile(r"(?<![0-9A-Z])\d(?: ?\d){5,26}(?![0-9A-Z])")
_RECURSIVE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_DUTCH = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)


@dataclass(frozen=True, slots=True)
class Body:
    """The digits of a reference without its check digits.

    Shape: `sure` when the form itself is unmistakable; else every tenth number passes the check by chance. `issuer` is
    the installation that minted it, 0 for a reference that is not ours; then `digits` are the invoice's id.
    """

    digits: str
    start: int
    end: int
    sure: bool
    issuer: int = 0


def bodies(text: str) -> Iterator[Body]:
    """The bodies of every reference in `text` whose check digits are right, with their places in the text."""
    folded = fold_with_offsets(text)
    minted = list(minted_in(folded.text))
    for one in minted:
        yield Body(str(one.invoice_id), *folded.original(one.start, one.end), True, one.issuer)
    for found in _CREDITOR.finditer(folded.text):
        body = found.group(2).replace(" ", "")
        is_ours = any(one.start == found.start() for one in minted)
        if not is_ours and remainder_97(f"{body}RF{found.group(1)}") == 1:
            yield Body(re.sub(r"[^0-9]", "", body), *folded.original(*found.span()), True)
    for found in _BELGIAN.finditer(folded.text):
        digits = "".join(found.groups())
        if int(digits[:10]) % 97 == int(digits[10:]) % 97:
            yield Body(digits[:10], *folded.original(*found.span()), True)
    for found in _DIGITS.finditer(folded.text):
        digits = found.group().replace(" ", "")
        place = folded.original(*found.span())
        if len(digits) == 27 and _recursive(digits) == 0:
            yield Body(digits[:-1], *place, True)
        elif len(digits) == 16 and _dutch(digits[1:]) == int(digits[0]):
            yield Body(digits[1:], *place, False)
        if len(digits) <= 25 and (_luhn(digits) or _weighed_731(digits) or _modulo_11(digits)):
            yield Body(digits[:-1], *place, False)


def _recursive(digits: str) -> int:
    carry = 0
    for digit in digits:
        carry = _RECURSIVE[(carry + int(digit)) % 10]
    return carry


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _weighed_731(digits: str) -> bool:
    total = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(digits[:-1])))
    return -total % 10 == int(digits[-1])


def _modulo_11(digits: str) -> bool:
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(digits[:-1])))
    return -total % 11 == int(digits[-1])


def _dutch(digits: str) -> int:
    total = sum(int(digit) * _DUTCH[place % 10] for place, digit in enumerate(reversed(digits)))
    check = 11 - total % 11
    return {10: 1, 11: 0}.get(check, check)
