"""Reads the numbers that a payer wrote, with what stands before them, from free and structured text."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from string import ascii_uppercase
from typing import NamedTuple

from matching.core.lexicon import CLIENT_WORDS, COUNTING_WORDS, INVOICE_WORDS, ORDER_WORDS, OTHER_NUMBER_WORDS
from matching.core.normalise import Folded, fold_with_offsets
from matching.core.types import Receipt

_TOKEN = re.compile(r"[A-Z0-9]+")
_JOINER = re.compile(r"(?: ?[-/._] ?| )$")
_MONEY = re.compile(
    r"(?:\b(?:EUR|GBP|USD|CHF|PLN|CZK|SEK|DKK)|[€$£])\s?\d[\d., ]*[.,]\d{2}\b"
    r"|\b\d{1,6}[.,]\d{2}(?=\s?(?:EUR|GBP|USD|CHF|PLN|CZK|SEK|DKK)|$)"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DATE = re.compile(r"\b(?:\d{1,2}[./]\d{1,2}[./](?:20)?\d{2}|20\d{2}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}(?=\s|$))")
_LOOKS_LIKE_DIGITS = str.maketrans("OQDILSBZG", "000115826")
_LIST_GAP = re.compile(r" ?(?:[,;&+/]|UND|AND|ET|EN|E|Y|BIS|TO)? ?#?$")
_LONGEST_TEXT = 5000
_SHORTEST_IBAN, _LONGEST_NUMBER = 15, 22
_MOST_GROUPS = 90
_LONGEST_PART = 4


class Label(StrEnum):
    """What the words before a number call it."""

    INVOICE = "invoice"
    COUNT = "count"
    CLIENT = "client"
    ORDER = "order"
    OTHER = "other"
    NONE = "none"


class Quote(NamedTuple):
    """A run of digits, possibly joined from several groups.

    Shape: `digits` only 0-9; `repaired` when letters were read as digits; `whole` when it is all of its chain.
    """

    digits: str
    field: str
    start: int
    end: int
    label: Label
    groups: int
    whole: bool
    repaired: bool
    at_end: bool
    date_like: bool


class _Group(NamedTuple):
    digits: str
    prefix: str
    start: int
    end: int
    repaired: bool


def texts_of(receipt: Receipt) -> dict[str, str]:
    """The texts of a receipt in which a number may be quoted, by field name; empty ones left out."""
    texts = {
        "remittance_information": receipt.remittance_information,
        "structured_reference": receipt.structured_reference,
        "end_to_end_id": receipt.end_to_end_id,
        "description": receipt.description,
    }
    return {name: text[:_LONGEST_TEXT] for name, text in texts.items() if text and text != "NOTPROVIDED"}


def read_quotes(field: str, text: str, on: date, prefixes: Collection[str] = ()) -> list[Quote]:
    """Every number quoted in `text`, longest joins first within a chain; bounded for any length of text.

    Shape: `prefixes` are the letters that the host's own numbers begin with.
    """
    folded = fold_with_offsets(text)
    clean = _blank(_without_accounts(folded.text), _MONEY)
    dates = [found.span() for found in _DATE.finditer(clean)]
    quotes: list[Quote] = []
    label, end = Label.NONE, -1
    for chain in _chains(clean, prefixes):
        continues = label is not Label.NONE and _LIST_GAP.match(clean[end : chain[0].start])
        label = label if continues else _label(clean, chain[0])
        end = chain[-1].end
        for first in range(len(chain)):
            for last in range(min(len(chain), first + 4) - 1, first - 1, -1):
                part = chain[first : last + 1]
                quotes.append(_quote(field, folded, clean, part, label, (first, last, len(chain)), dates, on))
    return quotes


def _without_accounts(text: str) -> str:
    """Blank account numbers; what merely looks like one, such as FV1042092026, stays."""

    def blanked(found: re.Match[str]) -> str:
        whole = found.group().replace(" ", "")
        return "\x00" * len(found.group()) if is_account_number(whole) else found.group()

    return _IBAN.sub(blanked, text)


def is_account_number(text: str) -> bool:
    """Whether an upper-case text without spaces is an IBAN with right check digits, or one too long to be a number."""
    digits = "".join(str(int(sign, 36)) for sign in text[4:] + text[:4])
    return len(text) >= _LONGEST_NUMBER or (len(text) >= _SHORTEST_IBAN and int(digits) % 97 == 1)


def _blank(text: str, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        text = pattern.sub(lambda found: "\x00" * len(found.group()), text)
    return text


def _chains(text: str, prefixes: Collection[str]) -> list[list[_Group]]:
    """Groups of digits that stand so close that they may be one number."""
    chains: list[list[_Group]] = []
    end = -1
    for found in list(_TOKEN.finditer(text))[: _MOST_GROUPS * 10]:
        group = _group(found, prefixes)
        if group is None:
            continue
        if chains and not group.prefix and _JOINER.match(text[end : group.start]):
            chains[-1].append(group)
        else:
            chains.append([group])
        end = group.end
        if len(chains) > _MOST_GROUPS:
            break
    return [chain[:_MOST_GROUPS] for chain in chains]


def _group(found: re.Match[str], prefixes: Collection[str]) -> _Group | None:
    word = found.group()
    if word.isdigit():
        return _Group(word, "", found.start(), found.end(), False)
    inside = found.start() > 0 and found.string[found.start() - 1] in "/-."
    if inside and len(word) <= _LONGEST_PART and word.translate(_LOOKS_LIKE_DIGITS).isdigit():
        return _Group(word.translate(_LOOKS_LIKE_DIGITS), "", found.start(), found.end(), True)
    prefix = _known_prefix(word, prefixes)
    body = word[len(prefix) :]
    if not prefix and not (_mostly_digits(body) and body.translate(_LOOKS_LIKE_DIGITS).isdigit()):
        prefix = word[: len(word) - len(word.lstrip(ascii_uppercase))]
        body = word[len(prefix) :]
    digits = body.translate(_LOOKS_LIKE_DIGITS)
    if not digits.isdigit() or not _mostly_digits(body):
        return None
    return _Group(digits, prefix, found.start() + len(prefix), found.end(), not body.isdigit())


def _mostly_digits(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return 3 * digits >= 2 * len(word) > 0 or (digits >= 3 and len(word) - digits <= 2)


def _known_prefix(word: str, prefixes: Collection[str]) -> str:
    for length in range(len(word) - 1, 0, -1):
        if word[:length] in prefixes or (length > 1 and any(word[:length] in known for known, _ in _LABELS)):
            return word[:length]
    return ""


def _label(text: str, group: _Group) -> Label:
    """What the up to three words before a number call it; the nearest telling word decides."""
    before: list[str] = re.findall(
        r"#|[A-Z]+|[0-9]+", text[max(0, group.start - len(group.prefix) - 40) : group.start]
    )[-4:]
    counted = False
    for steps, word in enumerate(reversed(before)):
        pair = before[-steps - 2] + word if len(before) > steps + 1 else word
        for known, label in _LABELS:
            if word in known or pair in known:
                return label
        if word in COUNTING_WORDS:
            counted = True
        elif word.isdigit() or steps >= 2:
            break
    return Label.COUNT if counted else Label.NONE


_LABELS = (
    (INVOICE_WORDS, Label.INVOICE),
    (CLIENT_WORDS, Label.CLIENT),
    (ORDER_WORDS, Label.ORDER),
    (OTHER_NUMBER_WORDS, Label.OTHER),
)


def _quote(
    field: str,
    folded: Folded,
    clean: str,
    part: list[_Group],
    label: Label,
    place: tuple[int, int, int],
    dates: list[tuple[int, int]],
    on: date,
) -> Quote:
    first, last, length = place
    start, end = part[0].start, part[-1].end
    digits = "".join(group.digits for group in part)
    inside_date = any(start < stop and begin < end for begin, stop in dates)
    original = folded.original(start, end)
    return Quote(
        digits=digits,
        field=field,
        start=original[0],
        end=original[1],
        label=label,
        groups=len(part),
        whole=first == 0 and last == length - 1,
        repaired=any(group.repaired for group in part),
        at_end=end >= len(clean.rstrip()),
        date_like=inside_date or _is_date(digits, on),
    )


def _is_date(digits: str, on: date) -> bool:
    """Whether the digits spell the month or a day near the booking date."""
    year, month = f"{on.year:04}", f"{on.month:02}"
    if digits in (year, year + month, month + year):
        return True
    return (
        len(digits) == 8 and (digits.startswith(year) or digits.endswith(year)) and month in (digits[4:6], digits[2:4])
    )
