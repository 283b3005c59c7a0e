"""Finds what a payer of many clients settles at once: a run of what they owe, also of a text that was cut off.

Whoever pays for many clients pays what they owe by a day, in the order of issue or of due dates, and writes a list that
banks cut off. What is left of the list begins it; the rest follows the last number. What no debt of the payer's known
clients explains may be for a client who is new: then the list is offered without it, and the money left over is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matching.core.book import Book, Debt
from matching.core.evidence import Evidence
from matching.core.hits import STRONG, Grade
from matching.core.memory import NOBODY
from matching.core.subset import exact_subsets

LISTED = STRONG | {Grade.ENDING}
SHORT_LIST = "_short"
_MOST_NAMED = 100
_MOST_CLIENTS = 400
_MOST_DEBTS = 400
_MOST_NEAR = 60
_MOST_STRANGERS = 3
_FEWEST = 3
_MOST_LEFT = 0.75
_SEEN = 0.05


@dataclass(frozen=True, slots=True)
class Listed:
    """Debts that a list may settle, how they were found, and how many such lists there are.

    Shape: their sum is at most what arrived; less only where `how` ends in `SHORT_LIST`. `skipped` counts the payer's
    debts before the last one that are left out.
    """

    debts: tuple[Debt, ...]
    how: str
    solutions: int = 1
    skipped: int = 0


def is_leftover(debt: Debt) -> bool:
    """Whether only cents are left, which nobody pays in a sum."""
    return debt.outstanding < 500 and debt.outstanding * 20 <= debt.total


def payers_clients(found: Evidence) -> list[tuple[int, ...]]:
    """The clients for whom this account, and those for whom this name paid before; a payer of one has no list."""
    sets: list[tuple[int, ...]] = []
    for known in (found.known_account, found.known_payer):
        if len(known) < 2:
            continue
        clients = tuple(sorted([client for client, count in known.items() if client != NOBODY and count > _SEEN]))
        if 2 <= len(clients) <= _MOST_CLIENTS and clients not in sets:
            sets.append(clients)
    return sets


def lists(found: Evidence, book: Book) -> Iterator[Listed]:
    """The lists that this receipt may pay, with what the text names of them."""
    named = [
        hit.debt
        for hit in found.hits.values()
        if hit.debt.outstanding and hit.grade in LISTED and hit.debt.currency == found.receipt.currency
    ]
    rest = found.receipt.amount_minor - sum(debt.outstanding for debt in named)
    if rest <= 0 or len(named) > _MOST_NAMED:
        return
    if named:
        yield from _after_named(found, book, named, rest)
    for clients in payers_clients(found):
        pool = _open(book, clients, found.receipt.currency, {debt.id for debt in named})
        if named:
            last = max(_order(debt) for debt in named)
            pool = [debt for debt in pool if _order(debt) > last]
        yield from _runs(found, book, named, pool, rest)


def _after_named(found: Evidence, book: Book, named: Sequence[Debt], rest: int) -> Iterator[Listed]:
    """The debts that the text names, and others of the same clients or the same payer that make up the rest."""
    own = {debt.id for debt in named}
    clients = {debt.client_id for debt in named}
    partners = set(clients)
    for counts, known in ((book.memory.accounts, found.known_account), (book.memory.names, found.known_payer)):
        partners |= set(known) - {NOBODY} | counts.partners(clients)
    pool = _open(book, tuple(sorted(partners)), found.receipt.currency, own)
    # A list runs upwards, and what a cut takes off is its end: the rest follows the last number that is left.
    last = max(debt.id for debt in named)
    following = sorted((debt for debt in pool if debt.id > last), key=_number)[:_MOST_NEAR]
    yield from _with_rest(named, following, rest, "named_and_next")
    nearest = sorted(pool, key=lambda debt: (abs(debt.id - last), debt.id))[:_MOST_NEAR]
    yield from _with_rest(named, nearest, rest, "named_and_rest")
    if not payers_clients(found):
        yield from _runs(found, book, named, [debt for debt in pool if debt.id > last], rest)


def _with_rest(named: Sequence[Debt], pool: Sequence[Debt], rest: int, how: str) -> Iterator[Listed]:
    subsets = exact_subsets([debt.outstanding for debt in pool], rest, most=6)
    for places in subsets[:2]:
        skipped = places[-1] + 1 - len(places)
        yield Listed((*named, *(pool[place] for place in places)), how, len(subsets), skipped)


def _open(book: Book, clients: tuple[int, ...], currency: str, without: set[int]) -> list[Debt]:
    every, _ = book.open_of_clients(clients)
    pool = [debt for debt in every if debt.currency == currency and debt.id not in without and not is_leftover(debt)]
    return pool[:_MOST_DEBTS]


def _runs(found: Evidence, book: Book, named: Sequence[Debt], pool: Sequence[Debt], rest: int) -> Iterator[Listed]:
    """Runs of the pool that make up the rest, or nearly."""
    if len(named) + len(pool) < _FEWEST:
        return
    if sum(debt.outstanding for debt in pool) < rest:
        yield from _all_and_more(found, book, [*named, *pool], "all")
        return
    for order, name in ((_order, "issue"), (_due, "due")):
        yield from _first_of(found, book, named, sorted(pool, key=order), rest, name)


def _first_of(
    found: Evidence, book: Book, named: Sequence[Debt], pool: Sequence[Debt], rest: int, name: str
) -> Iterator[Listed]:
    total = end = 0
    while end < len(pool) and total + pool[end].outstanding <= rest:
        total += pool[end].outstanding
        end += 1
    first = [*named, *pool[:end]]
    if total == rest:
        yield Listed(tuple(first), f"first_by_{name}")
        return
    yield from _but_one(named, pool, end, total, rest, name)
    if len(first) >= _FEWEST:
        yield from _all_and_more(found, book, first, name)


def _but_one(
    named: Sequence[Debt], pool: Sequence[Debt], end: int, total: int, rest: int, name: str
) -> Iterator[Listed]:
    """All up to some debt but one: the shortest such run for each amount that may have been left out."""
    offered: set[int] = set()
    for place in range(end, len(pool)):
        total += pool[place].outstanding
        over = total - rest
        without = next((one for one in range(place - 1, -1, -1) if pool[one].outstanding == over), None)
        if without is not None and over not in offered:
            offered.add(over)
            kept = (debt for one, debt in enumerate(pool[: place + 1]) if one != without)
            yield Listed((*named, *kept), f"but_one_by_{name}", len(offered), 1)
        if len(offered) == 2:
            return


def _all_and_more(found: Evidence, book: Book, debts: Sequence[Debt], name: str) -> Iterator[Listed]:
    """These debts, with one of a new client that is exactly what is left, or with something left over."""
    receipt = found.receipt
    left = receipt.amount_minor - sum(debt.outstanding for debt in debts)
    strangers = _strangers(book, receipt.currency, left, debts)
    for stranger in strangers[:2]:
        yield Listed((*debts, stranger), f"{name}_and_new", len(strangers))
    if left <= _MOST_LEFT * receipt.amount_minor and len(debts) >= _FEWEST:
        yield Listed(tuple(debts), f"{name}{SHORT_LIST}")


def _strangers(book: Book, currency: str, amount: int, debts: Sequence[Debt]) -> list[Debt]:
    """Debts of this amount of clients who have never paid, and who are therefore nobody else's."""
    if book.count_of_amount(currency, amount) > 40:
        return []
    first, own = min(_order(debt) for debt in debts), {debt.client_id for debt in debts}
    alike = [book.debts[one] for one in sorted(book.open_of_amount(currency, amount))]
    alike = [debt for debt in alike if _order(debt) > first and debt.client_id not in own]
    return [debt for debt in alike if not book.closed_of_client(debt.client_id)][:_MOST_STRANGERS]


def _order(debt: Debt) -> tuple[int, int]:
    return debt.issue, debt.id


def _due(debt: Debt) -> tuple[int, int]:
    return debt.due, debt.id


def _number(debt: Debt) -> int:
    return debt.id
