"""Names, texts and references, cleaned of what carries no meaning and bounded in length."""

from __future__ import annotations

import re

from schwifty import IBAN

NAME_LIMIT = 200
REFERENCE_LIMIT = 140
TEXT_LIMIT = 10_000

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff]+")
_FILLERS = {"NOTPROVIDED", "NONREF", "NOTPROVIDE", "NOTAVAILABLE", "UNKNOWN", "N/A", "-"}
_IBAN_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_CREDITOR_REFERENCE = re.compile(r"(?<![A-Z0-9])RF[0-9]{2}(?:[A-Z0-9]{1,21}(?![A-Z0-9])|(?: [A-Z0-9]{1,4}){1,6})")
_BELGIAN_REFERENCE = re.compile(r"[+*]{3} ?([0-9]{3})/([0-9]{4})/([0-9]{5}) ?[+*]{3}")
_SWISS_REFERENCE = re.compile(r"(?<![0-9])[0-9]{27}(?![0-9])|(?<![0-9])[0-9]{2}(?: [0-9]{5}){5}(?![0-9])")
_SWISS_DIGITS = 27
_SWISS_CARRY = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def clean(text: str) -> str:
    """Return the text on one line, without control characters, cut at `TEXT_LIMIT` (the raw entry keeps all)."""
    if not text:
        return ""
    plain = text if text.isprintable() else _CONTROL.sub(" ", text)
    return " ".join(plain.split())[:TEXT_LIMIT]


def clean_name(text: str) -> str:
    """Return the name on one line, empty when the bank only wrote that there is none."""
    name = clean(text)[:NAME_LIMIT]
    return "" if name.upper() in _FILLERS else name


def clean_reference(text: str) -> str:
    """Return the reference, empty when absent by name (`NOTPROVIDED`, `NONREF`) or too long to be one."""
    reference = clean(text) if text else ""
    return "" if reference.upper() in _FILLERS or len(reference) > REFERENCE_LIMIT else reference


def clean_account(text: str) -> str:
    """Return an account number without spaces, in capitals."""
    if not text:
        return ""
    account = "".join(_CONTROL.sub("", text).split()).upper()
    return "" if account in _FILLERS or len(account) > 40 else account


def is_iban(account: str) -> bool:
    """Say whether the text is an IBAN with its right check digits."""
    if not _IBAN_SHAPE.fullmatch(account):
        return False
    return bool(IBAN(account, allow_invalid=True).is_valid)


def structured_reference_in(text: str) -> str:
    """Find the one checksummed reference in a free text: RF (ISO 11649), Belgian +++, Swiss QR; empty without one.

    Shape: several different ones give none, since nothing tells which the payer meant.
    """
    text = text[:TEXT_LIMIT]
    capitals = text.upper()
    found: set[str] = set()
    if "RF" in capitals:
        found = {reference for match in _CREDITOR_REFERENCE.finditer(capitals) if (reference := _creditor(match[0]))}
    if "/" in text:
        found |= {"".join(match.groups()) for match in _BELGIAN_REFERENCE.finditer(text) if _is_belgian(match)}
    if len(text) >= _SWISS_DIGITS:
        found |= {_compact(match[0]) for match in _SWISS_REFERENCE.finditer(text) if _is_swiss(_compact(match[0]))}
    return found.pop() if len(found) == 1 else ""


def _compact(text: str) -> str:
    return text.replace(" ", "")


def _creditor(text: str) -> str:
    """Return the longest valid reference that the groups begin with; words behind it may look like groups."""
    groups = text.split(" ")
    for count in range(len(groups), 0, -1):
        reference = "".join(groups[:count])
        digits = "".join(str(int(sign, 36)) for sign in reference[4:] + reference[:4])
        whole_groups = all(len(group) == 4 for group in groups[: count - 1])
        if whole_groups and 5 <= len(reference) <= 25 and int(digits) % 97 == 1:
            return reference
    return ""


def _is_belgian(match: re.Match[str]) -> bool:
    digits = "".join(match.groups())
    return int(digits[:10]) % 97 in (int(digits[10:]), int(digits[10:]) - 97)


def _is_swiss(digits: str) -> bool:
    carry = 0
    for digit in digits[:-1]:
        carry = _SWISS_CARRY[(carry + int(digit)) % 10]
    return (10 - carry) % 10 == int(digits[-1]) and digits.strip("0") != ""
