"""Texts in which banks pack several fields: SEPA keywords (`EREF+...SVWZ+...`) and slash codes (`/EREF/.../REMI/`).

Source: DFÜ agreement, annex 3 (Germany, Austria); SWIFT MT940 usage of the Dutch and Belgian banks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEYWORD = re.compile(
    r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|BREF|RREF|RTRN|ANAM|IBAN|BIC)(?:\+|: ?(?=\S))"
)
_STARTS_WITH_KEYWORD = re.compile(r"\s*(?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP)(?:\+|: ?\S)")
_SLASH_CODE = re.compile(
    r"/(TRTP|TRCD|EREF|PREF|KREF|MARF|CSID|RTRN|IBAN|BIC|NAME|REMI|CNTP|ORDP|BENM|ACCW|ULTB|ULTD|ULTC|UDTR|UCRD"
    r"|PURP|ISDT|SVCL|CHGS|OCMT|EXCH|ADDR|BAI|ACNO|USTD|STRD|SRCE)(?=/)"
)
_STARTS_WITH_SLASH_CODE = re.compile(r"\s*/[A-Z]{3,4}/")


def join_cut(pieces: Sequence[str], width: int) -> str:
    """Join pieces that a bank cut at `width` characters, inside words; a shorter piece ended by itself."""
    joined = ""
    for piece in pieces:
        joined += piece if len(piece) >= width else piece + " "
    return joined.strip()


def keyword_fields(text: str) -> dict[str, str] | None:
    """Split `EREF+a SVWZ+b` into its fields; the text before the first keyword is under the empty key.

    Shape: None when the text has no such keywords. The first of a repeated keyword counts.
    """
    if not re.search(r"(?:EREF|KREF|MREF|CRED|SVWZ|DEBT|ABWA|ABWE)\+", text) and not _STARTS_WITH_KEYWORD.match(text):
        return None
    return _split(_KEYWORD, text)


def told_and_text(packed: str) -> tuple[dict[str, str], str]:
    """Return the keyword fields of a feed's text, and what a person wrote: all of it where no purpose is marked."""
    told = keyword_fields(packed) or {}
    text = " ".join(part for part in (told.get("", ""), told["SVWZ"]) if part) if told.get("SVWZ") else packed
    return told, text


def slash_fields(text: str) -> dict[str, str] | None:
    """Split `/EREF/a/REMI/b` into its fields; None when the text does not begin with such a code."""
    if not _STARTS_WITH_SLASH_CODE.match(text):
        return None
    return {code: value.removeprefix("/").strip() for code, value in _split(_SLASH_CODE, text).items()}


def _split(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    parts = pattern.split(text)
    fields = {"": parts[0].strip()}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        fields.setdefault(code, value.strip())
    return fields
