"""A book that holds a part of what a tenant has and notes what it was asked for beyond that.

Receipts are judged against it, what was missing is fetched and they are judged again, until nothing is missing: then
every look-up was answered as the whole book would have answered it, and so the suggestions are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TypeVar

from matching.core.book import Book, Debt
from matching.core.memory import Counts
from matching.core.names import NameHit, NameIndex
from matching.core.numbers import NumberIndex
from matching.core.types import Receipt

Answer = TypeVar("Answer")
Amount = tuple[str, int]
_MOST_ROUNDS = 16
_COMMON = 1_000_000


class TooManyRounds(Exception):
    """The look-ups did not come to an end; the whole book must be read."""


@dataclass(slots=True)
class Keys:
    """Keys of look-ups, by kind: what a part was asked for, or what it holds completely.

    Shape: an amount is (currency, minor units); a payer is (kind, key) and a companion (kind, client) with the kinds
    "account", "name" and "text".
    """

    whole_numbers: set[str] = field(default_factory=set)
    running_numbers: set[str] = field(default_factory=set)
    slips: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    client_numbers: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    cut_stems: set[str] = field(default_factory=set)
    amounts: set[Amount] = field(default_factory=set)
    counts: set[Amount] = field(default_factory=set)
    open_of: set[int] = field(default_factory=set)
    closed_of: set[int] = field(default_factory=set)
    payers: set[tuple[str, str]] = field(default_factory=set)
    companions: set[tuple[str, int]] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether there is any key."""
        return any(getattr(self, one.name) for one in fields(self))

    def take(self, other: Keys) -> None:
        """Move all keys of another into this one."""
        for one in fields(self):
            getattr(self, one.name).update(getattr(other, one.name))
            getattr(other, one.name).clear()


class Ledger:
    """Which look-ups are answered completely, and which were asked in vain."""

    def __init__(self) -> None:
        self.held = Keys()
        self.wanted = Keys()

    def has(self, kind: str, key: object) -> bool:
        """Whether the look-up is answered completely; if not, it is noted."""
        if key in getattr(self.held, kind):
            return True
        getattr(self.wanted, kind).add(key)
        return False


class PartialBook(Book):
    """A book that grows by what it is asked for. What it cannot answer for certain it answers with nothing."""

    def __init__(self, prefixes: Iterable[str] = (), *, all_clients: int = 0) -> None:
        super().__init__()
        self.ledger = ledger = Ledger()
        self.all_clients = all_clients
        self.partial_names = self.names = _PartialNames(ledger)
        self.numbers = _PartialNumbers(ledger)
        self.numbers.prefixes.update(prefixes)
        for kind, name in (("account", "accounts"), ("name", "names"), ("text", "texts")):
            setattr(self.memory, name, _PartialCounts(kind, ledger))
        self._equal: dict[Amount, int] = {}

    def know_words(self, counts: dict[str, int], *, reached: bool) -> None:
        """Take up how many clients carry these words; the ones that are `reached` can be meant by a payer's words."""
        if reached:
            self.partial_names.reach(counts)
        self.names.know(counts, clients=self.all_clients)

    def know_equal(self, currency: str, amount_minor: int, count: int) -> None:
        """Take up how many open debts there are of exactly this amount."""
        self._equal[currency, amount_minor] = count

    def open_of_client(self, client_id: int) -> Sequence[Debt]:
        """The client's open debts, oldest first."""
        return super().open_of_client(client_id) if self.ledger.has("open_of", client_id) else ()

    def open_of_clients(self, client_ids: tuple[int, ...]) -> tuple[Sequence[Debt], Sequence[Debt]]:
        """The open debts of all these clients."""
        # Nothing is remembered: each time it is asked for, what is missing must be noted.
        self._open_of_clients.clear()
        return super().open_of_clients(client_ids)

    def owing(self, client_ids: Collection[int], amounts: Mapping[str, int]) -> set[int]:
        """Of these clients the ones that have an open debt of exactly one of these amounts, by currency."""
        held = [client_id for client_id in client_ids if self.ledger.has("open_of", client_id)]
        return super().owing(held, amounts)

    def closed_of_client(self, client_id: int) -> list[Debt]:
        """The client's debts that were closed last."""
        return super().closed_of_client(client_id) if self.ledger.has("closed_of", client_id) else []

    def usual_delay(self, client_id: int) -> float | None:
        """How many days after issue this client's last debts were closed on average."""
        return super().usual_delay(client_id) if self.ledger.has("closed_of", client_id) else None

    def last_closed(self, client_id: int) -> int | None:
        """The day on which this client's last debt was closed."""
        return super().last_closed(client_id) if self.ledger.has("closed_of", client_id) else None

    def open_of_amount(self, currency: str, amount_minor: int) -> set[int]:
        """Ids of open debts of exactly this amount."""
        known = self.ledger.has("amounts", (currency, amount_minor))
        return super().open_of_amount(currency, amount_minor) if known else set()

    def count_of_amount(self, currency: str, amount_minor: int) -> int:
        """How many open debts there are of exactly this amount, the ones that are not held here included."""
        key = (currency, amount_minor)
        # Until it is counted it passes for common, so that nobody asks for thousands of equal debts.
        return self._equal.get(key, 0) if self.ledger.has("counts", key) else _COMMON

    def client_of_number(self, digits: str) -> int | None:
        """The client whose number these digits are."""
        bare = digits.lstrip("0")
        return super().client_of_number(digits) if bare and self.ledger.has("client_numbers", bare) else None

    def clients_of_email(self, email: str) -> set[int]:
        """Clients with this address."""
        return super().clients_of_email(email) if self.ledger.has("emails", email.lower()) else set()

    def clients_of_domain(self, domain: str) -> set[int]:
        """Clients billed for this whole domain."""
        return super().clients_of_domain(domain) if self.ledger.has("domains", domain) else set()

    def clients_of_stem(self, stem: str, *, cut: bool) -> set[int]:
        """Clients billed for a domain of this name, or one that goes on."""
        known = self.ledger.has("cut_stems" if cut else "stems", stem)
        return super().clients_of_stem(stem, cut=cut) if known else set()


class _PartialNumbers(NumberIndex):
    """Answers in the order of ids, which is the order of the whole book."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def whole(self, digits: str) -> list[int]:
        return sorted(super().whole(digits)) if self._ledger.has("whole_numbers", digits) else []

    def running(self, digits: str) -> list[int]:
        bare = digits.lstrip("0")
        return sorted(super().running(digits)) if bare and self._ledger.has("running_numbers", bare) else []

    def one_slip_away(self, digits: str) -> list[int]:
        return super().one_slip_away(digits) if self._ledger.has("slips", digits) else []


class _PartialNames(NameIndex):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._reached: set[str] = set()

    def reach(self, words: Iterable[str]) -> None:
        """Let a payer's words mean these."""
        for word in set(words) - self._reached:
            self._reached.add(word)
            if word in self._carriers:
                super()._learn_word(word)

    def find(self, folded: str, *, in_text: bool, limit: int = 24) -> tuple[NameHit, ...]:
        known = self._ledger.has("names", folded)
        return super().find(folded, in_text=in_text, limit=limit) if known else ()

    def _learn_word(self, token: str) -> None:
        # Other words of the clients held here are never meant: what can be meant was looked up.
        if token in self._reached:
            super()._learn_word(token)


class _PartialCounts(Counts):
    def __init__(self, kind: str, ledger: Ledger) -> None:
        super().__init__()
        self._kind, self._ledger = kind, ledger

    def get(self, key: str, on: date) -> Mapping[int, float]:
        return super().get(key, on) if key and self._ledger.has("payers", (self._kind, key)) else {}

    def together(self, key: str) -> int:
        return super().together(key) if key and self._ledger.has("payers", (self._kind, key)) else 0

    def partners(self, client_ids: Iterable[int]) -> set[int]:
        members = list(client_ids)
        # Each is asked for, not only the first that is missing.
        known = [self._ledger.has("companions", (self._kind, member)) for member in members]
        return super().partners(members) if all(known) else set()


def judge(
    receipts: Sequence[Receipt],
    book: PartialBook,
    *,
    ask: Callable[[Receipt, Book], Answer],
    fetch: Callable[[PartialBook, Keys], None],
) -> dict[str, Answer]:
    """Ask about each receipt until its answer rests on nothing that is missing.

    Shape: by receipt id. `fetch` adds to the book what the keys lead to, completely.
    Raises: TooManyRounds.
    """
    answers: dict[str, Answer] = {}
    waiting = list(receipts)
    for _ in range(_MOST_ROUNDS):
        missing = Keys()
        left: list[Receipt] = []
        for receipt in waiting:
            answer = ask(receipt, book)
            if book.ledger.wanted:
                missing.take(book.ledger.wanted)
                left.append(receipt)
            else:
                answers[receipt.id] = answer
        if not left:
            return answers
        fetch(book, missing)
        book.ledger.held.take(missing)
        waiting = left
    raise TooManyRounds
