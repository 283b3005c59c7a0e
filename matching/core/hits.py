"""Finds the invoices that the numbers in a receipt name: whole, by an ending, damaged or cut off."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from matching.core.book import Book, Debt
from matching.core.numbers import digits_of
from matching.core.quotes import Label, Quote
from matching.core.structured import Body, bodies


class Grade(StrEnum):
    """How an invoice is named, from certain to doubtful."""

    METADATA = "metadata"
    STRUCTURED = "structured"
    FULL = "full"
    BARE = "bare"
    OTHER = "other"
    REPAIRED = "repaired"
    ENDING = "ending"
    RUNNING = "running"
    RUNNING_BARE = "running_bare"
    SLIP = "slip"
    CUT = "cut"
    NEIGHBOUR = "neighbour"


STRONG = frozenset({Grade.METADATA, Grade.STRUCTURED, Grade.FULL, Grade.BARE, Grade.OTHER, Grade.REPAIRED})
_LONGEST_REFERENCE = 1000
_SHORTEST_END = 3
_LITTLE_ROOM = 3
_MOST_OF_CLIENT = 200
_LONGEST_STRETCH = 60
_STRETCH = re.compile(r" ?(?:-|–|BIS|TO|THRU|TILL|T/M|AU|AL|DO) ?[A-Z#]{0,5}[-/ ]?$")
_ORDER = {grade: place for place, grade in enumerate(Grade)}


class Hit(NamedTuple):
    """One invoice named by one place in the text."""

    debt: Debt
    grade: Grade
    quote: Quote


Hits = dict[int, Hit]


def add_hit(hits: Hits, debt: Debt, grade: Grade, quote: Quote) -> None:
    """Note that a debt is named; of several ways the surest counts."""
    known = hits.get(debt.id)
    if known is None or _ORDER[grade] < _ORDER[known.grade]:
        hits[debt.id] = Hit(debt, grade, quote)


def read_numbers(
    hits: Hits,
    quotes: Sequence[Quote],
    book: Book,
    likely: Collection[int],
    amounts: Mapping[str, int],
    texts: Mapping[str, str],
) -> None:
    """Add every debt that the quotes name; a slip counts only for a likely client or the exact amount."""
    taken: list[tuple[str, int, int]] = []
    for quote in sorted(quotes, key=lambda quote: (quote.field, -quote.groups, quote.start)):
        if quote.label is Label.CLIENT or (quote.date_like and quote.label is not Label.INVOICE):
            continue
        if any(name == quote.field and start <= quote.start and quote.end <= end for name, start, end in taken):
            continue
        if _read_whole(hits, book, quote):
            taken.append((quote.field, quote.start, quote.end))
        elif len(quote.digits) <= 7 and (quote.label is Label.INVOICE or len(quote.digits) >= 3):
            labelled = quote.whole and quote.label in (Label.INVOICE, Label.COUNT)
            for invoice_id in book.numbers.running(quote.digits)[-8:]:
                add_hit(hits, book.debts[invoice_id], Grade.RUNNING if labelled else Grade.RUNNING_BARE, quote)
    _read_endings(hits, quotes, book)
    _read_ranges(hits, quotes, book, texts)
    _read_slips(hits, quotes, book, likely, amounts)


def read_structured(hits: Hits, book: Book, texts: Mapping[str, str]) -> set[tuple[str, int]]:
    """Add the debts whose numbers stand inside references with check digits; return where those references begin.

    A number counts when the digits before it are the number of its client or, in an unmistakable form, nothing but
    zeros: every tenth number passes a check by chance. One that Payymo minted names its invoice and nothing else.
    """
    places: set[tuple[str, int]] = set()
    for name in ("structured_reference", "remittance_information"):
        for body in bodies(texts.get(name, "")[:_LONGEST_REFERENCE]):
            if body.issuer:
                places.update((name, place) for place in range(body.start, body.end))
            for debt in _minted(book, body) if body.issuer else _inside(book, body):
                quote = Quote(body.digits, name, body.start, body.end, Label.INVOICE, 1, True, False, False, False)
                add_hit(hits, debt, Grade.STRUCTURED, quote)
                places.add((name, body.start))
    return places


def _minted(book: Book, body: Body) -> list[Debt]:
    """The debt with this id in the installation that minted the reference."""
    found = [book.debts[one] for one in book.numbers.whole(body.digits)]
    return [debt for debt in found if debt.issuer == body.issuer and debt.numbers[-1] == body.digits]


def _inside(book: Book, body: Body) -> list[Debt]:
    """The debts that the longest fitting end of a body numbers, or that a customer number at its beginning leads to."""
    for length in range(min(len(body.digits), 20), 2, -1):
        head, tail = body.digits[:-length], body.digits[-length:]
        found = [book.debts[one] for one in book.numbers.whole(tail.lstrip("0"))[-12:]]
        own = [debt for debt in found if head.strip("0") and _is_client(book, debt, head)]
        if own or (found and body.sure and not head.strip("0")):
            return own or found
    bare = body.digits.lstrip("0")
    for length in range(min(len(bare) - _SHORTEST_END, 9), 1, -1):
        client_id, end = book.client_of_number(bare[:length]), bare[length:].lstrip("0")
        if client_id is not None and len(end) >= _SHORTEST_END:
            debts = [*book.open_of_client(client_id)[:_MOST_OF_CLIENT], *book.closed_of_client(client_id)]
            found = [debt for debt in debts if digits_of(debt.number).endswith(end)]
            if found:
                return found
    return []


def _is_client(book: Book, debt: Debt, head: str) -> bool:
    client = book.clients.get(debt.client_id)
    number = digits_of(client.number or str(client.id)).lstrip("0") if client is not None else ""
    bare = head.lstrip("0")
    # A form with little room keeps only the last three digits of a customer number; zeros may pad the invoice number.
    if len(head) == _LITTLE_ROOM and number.endswith(head):
        return True
    return any(number.endswith(some) and len(some) >= min(3, len(number)) for some in (bare, bare.rstrip("0")) if some)


def _read_endings(hits: Hits, quotes: Sequence[Quote], book: Book) -> None:
    """Numbers of a list that are written by their endings alone: 114618/855/933."""
    singles = sorted((quote for quote in quotes if quote.groups == 1), key=lambda quote: (quote.field, quote.start))
    stem: Quote | None = None
    for quote in singles:
        if stem is not None and quote.field == stem.field and 2 <= len(quote.digits) < len(stem.digits):
            whole = stem.digits[: -len(quote.digits)] + quote.digits
            if quote.at_end and whole < stem.digits and stem.digits.startswith(quote.digits):
                continue  # lists run upwards: this is the beginning of a number that was cut off
            for invoice_id in book.numbers.whole(whole):
                add_hit(hits, book.debts[invoice_id], Grade.ENDING, quote)
        elif len(quote.digits) >= 4 and book.numbers.whole(quote.digits):
            stem = quote


def _read_ranges(hits: Hits, quotes: Sequence[Quote], book: Book, texts: Mapping[str, str]) -> None:
    """The debts between two numbers that are written as a stretch, 1041-1044, of the clients whose these two are."""
    numbers = [quote for quote in quotes if len(quote.digits) >= _SHORTEST_END and _named(book, quote.digits)]
    for first, last in pairwise(sorted(numbers, key=lambda quote: (quote.field, quote.start))):
        between = texts.get(first.field, "")[first.end : last.start]
        if first.field != last.field or not _STRETCH.match(between.upper()):
            continue
        length, many = len(first.digits), int(last.digits) - int(first.digits)
        if len(last.digits) != length or not 1 < many <= _LONGEST_STRETCH:
            continue
        clients = {debt.client_id for quote in (first, last) for debt in _named(book, quote.digits)}
        for number in range(int(first.digits) + 1, int(last.digits)):
            for debt in _named(book, f"{number:0{length}}"):
                if debt.client_id in clients:
                    add_hit(hits, debt, Grade.ENDING, last)


def _named(book: Book, digits: str) -> list[Debt]:
    return [book.debts[one] for one in book.numbers.whole(digits)[-12:]]


def _read_whole(hits: Hits, book: Book, quote: Quote) -> bool:
    labelled = quote.label in (Label.INVOICE, Label.COUNT)
    if len(quote.digits) < 3 and not labelled:
        return False
    shown = False
    for invoice_id in book.numbers.whole(quote.digits)[-12:]:
        debt = book.debts[invoice_id]
        display = digits_of(debt.number)
        if quote.repaired:
            grade = Grade.REPAIRED
        elif display.lstrip("0") != quote.digits.lstrip("0"):
            grade = Grade.OTHER
        else:
            plain = quote.label is Label.NONE and quote.whole and len(quote.digits) >= 5
            grade = Grade.FULL if labelled or plain else Grade.BARE
        add_hit(hits, debt, grade, quote)
        shown |= grade is not Grade.OTHER
    # An id that customers never see may by chance be the running part of the number that they do see.
    return shown


def _read_slips(
    hits: Hits, quotes: Sequence[Quote], book: Book, likely: Collection[int], amounts: Mapping[str, int]
) -> None:
    tried: set[str] = set()
    debts = book.debts
    for quote in quotes:
        if quote.label in (Label.CLIENT, Label.OTHER) or len(quote.digits) < 5 or quote.digits in tried:
            continue
        if quote.date_like and quote.label is not Label.INVOICE:
            continue
        tried.add(quote.digits)
        if len(tried) > 8 or len(quote.digits) > 20:
            continue
        # A number that names an open debt as it stands is less likely to be a slip for the one beside it.
        taken = any(debts[invoice_id].outstanding for invoice_id in book.numbers.whole(quote.digits))
        for invoice_id in book.numbers.one_slip_away(quote.digits):
            debt = debts[invoice_id]
            if debt.client_id in likely or debt.outstanding == amounts.get(debt.currency):
                add_hit(hits, debt, Grade.NEIGHBOUR if taken else Grade.SLIP, quote)


def read_cut_numbers(
    hits: Hits, quotes: Sequence[Quote], book: Book, likely: Iterable[int], texts: Mapping[str, str]
) -> None:
    """Add the debts of likely clients whose number begins with what the end of a field cut off."""
    for quote in quotes:
        if not quote.at_end or len(quote.digits) < 2 or len(texts[quote.field]) < 12 or quote.label is Label.CLIENT:
            continue
        for client_id in likely:
            for debt in book.open_of_client(client_id)[:40]:
                digits = digits_of(debt.number)
                if len(digits) > len(quote.digits) and digits.startswith(quote.digits):
                    add_hit(hits, debt, Grade.CUT, quote)
