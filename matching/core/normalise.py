"""Folds names and texts to upper-case ASCII, keeping the way back to the characters they came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import jaconv

from matching.core.lexicon import LEGAL_FORMS, TITLES_AND_FILLERS

_SCRIPTS = {
    **dict(zip("АБВГДЕЗИКЛМНОПРСТУФ", "ABVGDEZIKLMNOPRSTUF", strict=True)),
    **dict(zip("ΑΒΓΔΕΖΗΙΚΛΜΝΞΟΠΡΣΤΥΦΩ", "AVGDEZIIKLMNXOPRSTYFO", strict=True)),
    **dict(zip("ØŁĐÐİıЁЫЭІҐЈЪЬ’`´–—\u00a0№\ufffd", "OLDDIIEYEIGJAY'''-- #?", strict=True)),
    "Ж": "ZH",
    "Й": "Y",
    "Х": "H",
    "Ц": "TS",
    "Ч": "CH",
    "Ш": "SH",
    "Щ": "SHT",
    "Ю": "YU",
    "Я": "YA",
    "Є": "YE",
    "Ї": "YI",
    "Ђ": "DJ",
    "Ћ": "C",
    "Љ": "LJ",
    "Њ": "NJ",
    "Џ": "DZ",
    "Θ": "TH",
    "Χ": "CH",
    "Ψ": "PS",
    "ß": "SS",
    "ẞ": "SS",
    "Æ": "AE",
    "Œ": "OE",
    "Þ": "TH",
}
_DOTTED = re.compile(r"\b(?:[A-Z]\. ?){1,3}[A-Z]\b\.?")
_WORD = re.compile(r"[A-Z0-9?'@]+")
# The middle dot between two words is left to become a space.
_KANA = re.compile("[\u3041-\u30fa\u30fc-\u30ff\uff66-\uff9f]+")
_NO_LETTER = re.compile(r"[^A-Z]")
_LONG_VOWEL = re.compile("OU|OO|UU")
_UMLAUTS = re.compile(r"(?<=[A-Z])?(AE|OE|UE)")


class Folded(NamedTuple):
    """`text` in upper-case ASCII; `offsets[i]` is the place of its i-th character in the original."""

    text: str
    offsets: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of the folded text into a span of the original."""
        return (self.offsets[start], self.offsets[end - 1] + 1) if end > start else (0, 0)


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    for form in (character, character.upper()):
        if form in _SCRIPTS:
            return _SCRIPTS[form]
    bare = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)).upper()
    folded = "".join(_SCRIPTS.get(part, part) for part in bare)
    return folded if folded.isascii() else " "


def fold(text: str) -> str:
    """Upper-case ASCII of `text`; what has no ASCII form becomes a space."""
    if text.isascii():
        return text.upper()
    text = unicodedata.normalize("NFC", text)
    if _KANA.search(text):
        text = _KANA.sub(lambda found: _in_latin_letters(found.group()), text)
    return "".join(_fold_character(character) for character in text)


def fold_with_offsets(text: str) -> Folded:
    """Fold `text` and remember where every character came from."""
    if text.isascii():
        return Folded(text.upper(), range(len(text)))
    pieces: list[str] = []
    offsets: list[int] = []
    end = 0
    for run in _KANA.finditer(text):
        _fold_each(text, end, run.start(), pieces, offsets)
        folded = _in_latin_letters(run.group())
        pieces.append(folded)
        offsets.extend(run.start() + place * len(run.group()) // len(folded) for place in range(len(folded)))
        end = run.end()
    _fold_each(text, end, len(text), pieces, offsets)
    return Folded("".join(pieces), tuple(offsets))


def _fold_each(text: str, start: int, end: int, pieces: list[str], offsets: list[int]) -> None:
    for place in range(start, end):
        folded = _fold_character(text[place])
        pieces.append(folded)
        offsets.extend([place] * len(folded))


@lru_cache(maxsize=16384)
def _in_latin_letters(kana: str) -> str:
    """Kana, full or half width, as people write their names abroad: long vowels short, so that SATOU is SATO."""
    romaji = jaconv.kana2alphabet(jaconv.kata2hira(jaconv.h2z(kana))).upper()
    return _LONG_VOWEL.sub(lambda found: found.group()[0], _NO_LETTER.sub("", romaji))


@lru_cache(maxsize=65536)
def name_token(word: str) -> str:
    """One word of a name in its comparable form: apostrophes out, AE/OE/UE as the bare vowel."""
    return _UMLAUTS.sub(lambda found: found.group()[0], word.replace("'", ""))


def name_words(text: str) -> tuple[tuple[str, int, int], ...]:
    """The comparable words of a folded name with their places; legal forms, titles and fillers left out.

    Shape: in order; empty when nothing is left.
    """
    spaced = _DOTTED.sub(lambda found: found.group().replace(".", "").replace(" ", "").ljust(len(found.group())), text)
    words = []
    for found in _WORD.finditer(spaced):
        token = name_token(found.group().strip("'?@"))
        if token and token not in LEGAL_FORMS and token not in TITLES_AND_FILLERS:
            words.append((token, found.start(), found.end()))
    return tuple(words)


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """A payer's name as the key under which its past payments are remembered; empty for no name."""
    return " ".join(sorted(token for token, _, _ in name_words(fold(name))))


def text_key(text: str) -> str:
    """A remittance text without spaces and punctuation, so that a repeated standing order is recognised."""
    return re.sub(r"[^A-Z0-9]", "", fold(text))[:140]


def account_key(account: str) -> str:
    """One form for an IBAN and the national account number inside it; empty for none."""
    bare = re.sub(r"[^A-Z0-9]", "", account.upper())
    return bare[4:] if re.match(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}$", bare) else bare
