"""How alike two descriptions of one bank entry are, when they came by different ways.

A file and an API cut, split and order the same text differently, but they do not change its digits.
"""

import re
import unicodedata
from typing import Protocol

from rapidfuzz import fuzz

_DIGITS = re.compile(r"\d+")
_NOT_A_WORD = re.compile(r"[\W_]+")
CONTRADICTION = 0.0
NOTHING_TO_COMPARE = 0.5


class Described(Protocol):
    """The texts of an entry."""

    @property
    def counterparty_name(self) -> str: ...  # noqa: D102
    @property
    def counterparty_hash(self) -> str: ...  # noqa: D102
    @property
    def remittance_information(self) -> str: ...  # noqa: D102
    @property
    def structured_reference(self) -> str: ...  # noqa: D102
    @property
    def end_to_end_id(self) -> str: ...  # noqa: D102


def normalised(text: str) -> str:
    """Reduce a text to lower-case letters and digits, so that line breaks and spaces of a file make no difference."""
    if text.isascii():
        return _NOT_A_WORD.sub("", text.lower())
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def _words(entry: Described) -> str:
    parts = (entry.counterparty_name, entry.remittance_information, entry.structured_reference, entry.end_to_end_id)
    return _NOT_A_WORD.sub(" ", unicodedata.normalize("NFKC", " ".join(parts)).casefold()).strip()


def digits(entry: Described) -> str:
    """Return every digit of the texts, in order."""
    return re.sub(r"\D", "", _words(entry))


def _digits_contained(short: str, long: str) -> bool:
    # Compared without spaces: a file may break a line inside a number.
    held = re.sub(r"\D", "", long)
    return all(run in held for run in _DIGITS.findall(short))


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def likeness(one: Described, other: Described) -> float:
    """Return how alike two entries of equal amount are, from 0 (they contradict each other) to 1.

    Shape: `NOTHING_TO_COMPARE` when one of them has no text at all.
    """
    if _differ(one.counterparty_hash, other.counterparty_hash):
        return CONTRADICTION
    if _differ(normalised(one.end_to_end_id), normalised(other.end_to_end_id)):
        return CONTRADICTION
    first, second = _words(one), _words(other)
    if not first or not second:
        return NOTHING_TO_COMPARE
    if not (_digits_contained(first, second) or _digits_contained(second, first)):
        return CONTRADICTION
    together, apart = fuzz.token_set_ratio(first, second), fuzz.partial_ratio(normalised(first), normalised(second))
    return float(max(together, apart)) / 100
