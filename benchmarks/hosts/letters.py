"""How banks write names and texts: capitals, no diacritics, another script, cut off, damaged."""

import unicodedata
from itertools import pairwise
from random import Random

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_OTHERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "°": "o", "№": "No"}
)
# Accents of Latin letters; the sound marks of kana belong to their signs.
_MARKS = frozenset(map(chr, range(0x300, 0x370)))
_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъьюя",
        ("a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h",
         "ts", "ch", "sh", "sht", "a", "y", "yu", "ya"),
        strict=True,
    )
)  # fmt: skip
_CYRILLIC_TABLE = str.maketrans(
    {**_CYRILLIC, **{letter.upper(): latin.capitalize() for letter, latin in _CYRILLIC.items()}}
)
_KANA = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ",
    "m": "マミムメモ", "y": "ヤイユエヨ", "r": "ラリルレロ", "w": "ワイウエヲ", "g": "ガギグゲゴ", "z": "ザジズゼゾ",
    "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ", "sh": "シャシシュシェショ", "ch": "チャチチュチェチョ",
    "j": "ジャジジュジェジョ", "f": "ファフィフフェフォ", "ts": "ツ",
}  # fmt: skip


def latin(text: str, *, german: bool = False) -> str:
    """The text in plain Latin letters."""
    if text.isascii():
        return text
    folded = text.translate(_GERMAN) if german else text
    decomposed = unicodedata.normalize("NFKD", folded.translate(_OTHERS).translate(_CYRILLIC_TABLE))
    return unicodedata.normalize("NFC", "".join(sign for sign in decomposed if sign not in _MARKS))


def domain_word(text: str) -> str:
    """The text as the first part of a domain."""
    return "".join(sign for sign in latin(text).lower() if sign.isalnum() and sign.isascii())[:22] or "site"


def katakana(text: str) -> str:
    """A romanised Japanese name as a bank there writes it."""
    out, rest = [], text.lower()
    while rest:
        for size in (2, 1, 0):
            head, vowel = rest[:size], rest[size : size + 1]
            row = _KANA.get(head)
            if row is not None and vowel and vowel in "aiueo":
                place = "aiueo".index(vowel)
                out.append(row[place] if len(row) == 5 else _long(row, place))
                rest = rest[size + 1 :]
                break
        else:
            out.append("ン" if rest[0] == "n" else rest[0].upper())
            rest = rest[1:]
    return "".join(out)


def _long(row: str, place: int) -> str:
    sounds: list[str] = []
    for sign in row:
        if sign in "ャュェョァィフォ" and sounds and len(sounds[-1]) == 1 and sign != "フ":
            sounds[-1] += sign
        else:
            sounds.append(sign)
    return sounds[min(place, len(sounds) - 1)]


def damaged(text: str, rng: Random) -> str:
    """The text with one or two letters lost, doubled or turned into a sign."""
    letters = list(text)
    for _ in range(1 if rng.random() < 0.75 else 2):
        place = rng.randrange(1, max(2, len(letters) - 1))
        if place >= len(letters):
            break
        how = rng.random()
        if how < 0.45:
            del letters[place]
        elif how < 0.7:
            letters[place] = rng.choice("?.")
        elif how < 0.85:
            letters.insert(place, letters[place])
        else:
            letters[place - 1], letters[place] = letters[place], letters[place - 1]
    return "".join(letters)


def misread(number: str, rng: Random) -> str:
    """A number with digits read as letters that look like them."""
    look = {"0": "O", "1": "lI", "5": "S", "8": "B", "2": "Z", "6": "G"}
    places = [place for place, sign in enumerate(number) if sign in look]
    if not places:
        return number
    signs = list(number)
    for place in rng.sample(places, min(len(places), rng.choice((1, 1, 2)))):
        signs[place] = rng.choice(look[signs[place]])
    return "".join(signs)


def mistyped(number: str, rng: Random) -> str:
    """A number with one digit changed or two swapped, mostly among the last ones."""
    places = [place for place, sign in enumerate(number) if sign.isdigit()]
    signs = list(number)
    swaps = [(a, b) for a, b in pairwise(places) if b == a + 1 and signs[a] != signs[b]]
    if swaps and rng.random() < 0.5:
        a, b = rng.choice(swaps[-3:])
        signs[a], signs[b] = signs[b], signs[a]
    elif places:
        place = rng.choice(places[-3:] if rng.random() < 0.7 else places[1:] or places)
        signs[place] = rng.choice([digit for digit in "0123456789" if digit != signs[place]])
    return "".join(signs)


def shortened(number: str, rng: Random) -> str:
    """A number with one digit left out."""
    places = [place for place, sign in enumerate(number) if sign.isdigit()]
    if len(places) < 4:
        return number
    place = rng.choice(places[1:])
    return number[:place] + number[place + 1 :]
