"""Amounts of money as banks write them, read exactly or not at all."""

from __future__ import annotations

import re
from decimal import Decimal

from banking.parsers.errors import UnreadableEntry
from banking.parsers.problems import EntryProblem
from payymo.shared.money import UnknownCurrency, check_currency, exponent

_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)
_SWIFT = re.compile(r"[0-9]{1,15}(?:[,][0-9]{0,6}|\.[0-9]{2})?|,[0-9]{1,6}", re.ASCII)
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
_SIGNS_OF_MONEY = re.compile(
    r"(?i)^(?:[a-z]{3}|[€£$¥]|kč|kr\.?|zł|lei|fr\.?)|(?:[a-z]{3}|[€£$¥]|kč|kr\.?|zł|lei|fr\.?)$"
)
_USUAL = {sign: re.compile(rf"(-)?([0-9]{{1,15}})(?:[{sign}]([0-9]{{1,6}}))?", re.ASCII) for sign in ",."}
_GROUPED = {
    ",": re.compile(r"([0-9]{1,3}(?:([.'])[0-9]{3}(?:\2[0-9]{3})*)|[0-9]*)(?:,([0-9]*))?", re.ASCII),
    ".": re.compile(r"([0-9]{1,3}(?:([,'])(?:[0-9]{2,3}\2)*[0-9]{3})|[0-9]*)(?:\.([0-9]*))?", re.ASCII),
}


def shown(text: str) -> str:
    """Quote what stood in the file for a message, short and on one line."""
    flat = " ".join(text.split())
    return f"'{flat[:40]}…'" if len(flat) > 40 else f"'{flat}'"


def currency_code(text: str) -> str:
    """Read an ISO 4217 code.

    Raises: UnreadableEntry when it is not three letters.
    """
    try:
        return check_currency(text)
    except UnknownCurrency as error:
        raise UnreadableEntry(EntryProblem.CURRENCY_CODE, written=shown(text)) from error


def plain_amount(text: str, currency: str) -> Decimal:
    """Read an amount as ISO 20022 and the APIs write it: `12.30`.

    Raises: UnreadableEntry for anything else, more decimals than the currency has included.
    """
    written = text.strip()
    if not _PLAIN.fullmatch(written):
        raise UnreadableEntry(EntryProblem.AMOUNT, written=shown(text))
    return exact(written, currency)


def swift_amount(text: str, currency: str) -> Decimal:
    """Read an amount as SWIFT messages write it, with a decimal comma: `12,3`, `12,` and `,50`; also `12.30`.

    Raises: UnreadableEntry for anything else.
    """
    if not _SWIFT.fullmatch(text):
        raise UnreadableEntry(EntryProblem.AMOUNT, written=shown(text))
    whole, _, decimals = text.replace(".", ",").partition(",")
    return exact(f"{whole or '0'}.{decimals or '0'}", currency)


def written_amount(text: str, decimal_sign: str, currency: str) -> Decimal:
    """Read an amount as people see it in a CSV file: `-1.234,56`, `1'234.56-`, `(12.00)`, `12,00 €`.

    Units: `decimal_sign` is `,` or `.`; any other separator must group thousands properly.
    Raises: UnreadableEntry when the text is not such an amount.
    """
    if usual := _USUAL[decimal_sign].fullmatch(text):
        amount = exact(f"{usual[2]}.{usual[3] or '0'}", currency)
        return signed(-1 if usual[1] else 1, amount)
    refusal = UnreadableEntry(EntryProblem.AMOUNT, written=shown(text))
    bare = _SPACES.sub("", text).replace("’", "'").replace("−", "-").replace("–", "-")
    bare = _SIGNS_OF_MONEY.sub("", bare)
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1]
    elif bare[:1] in "+-" and bare:
        negative, bare = bare[0] == "-", bare[1:]
    elif bare[-1:] in "+-" and bare:
        negative, bare = bare[-1] == "-", bare[:-1]
    bare = _SIGNS_OF_MONEY.sub("", bare)
    found = _GROUPED[decimal_sign].fullmatch(bare)
    if not found or not (found[1] or found[3]):
        raise refusal
    whole = re.sub(r"[.,']", "", found[1])
    if len(whole) > 15 or len(found[3] or "") > 6:
        raise refusal
    amount = exact(f"{whole or '0'}.{found[3] or '0'}", currency)
    return signed(-1 if negative else 1, amount)


def signed(sign: int, amount: Decimal) -> Decimal:
    """Give the amount its sign; nothing has none."""
    return -amount if sign < 0 and amount else amount


def exact(written: str, currency: str) -> Decimal:
    """Give an amount of digits, at most one point and a sign exactly the decimals of its currency.

    Raises: UnreadableEntry when digits would be lost.
    """
    whole, _, decimals = written.partition(".")
    if len(whole.lstrip("+-")) > 15 or len(decimals) > 6:
        raise UnreadableEntry(EntryProblem.AMOUNT, written=shown(written))
    places = exponent(currency)
    if decimals[places:].strip("0"):
        raise UnreadableEntry(EntryProblem.DECIMALS, written=shown(written), currency=currency)
    amount = Decimal(f"{whole}.{decimals[:places]:0<{places}}" if places else whole)
    # Nothing has no sign.
    return amount if amount else abs(amount)
