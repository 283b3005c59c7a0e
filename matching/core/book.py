"""Clients, debts and memory with the indexes a proposal needs; every change touches only what it concerns."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from matching.core.doubts import Doubts
from matching.core.memory import Memory
from matching.core.names import NameIndex
from matching.core.normalise import fold
from matching.core.numbers import NumberIndex, digits_of
from matching.core.types import Client, OpenInvoice

_DOMAIN = re.compile(r"(?<![A-Z0-9@-])((?:[A-Z0-9][A-Z0-9-]*\.)+[A-Z]{2,})\b")
_LARGEST_SHARED = 3
_MOST_CLOSED = 24
_FOR_A_HABIT = 6


class UnknownInvoice(Exception):
    """An invoice was settled or reopened that the book does not hold."""


class Debt:
    """The living state of one invoice.

    Units: days are proleptic ordinals; `closed` is 0 while the debt is open.
    """

    __slots__ = (
        "client_id",
        "closed",
        "currency",
        "due",
        "gateway",
        "id",
        "issue",
        "issuer",
        "net",
        "numbers",
        "outstanding",
        "total",
    )

    def __init__(self, invoice: OpenInvoice) -> None:
        self.id = invoice.id
        self.client_id = invoice.client_id
        self.numbers = invoice.numbers
        self.currency = invoice.currency
        self.outstanding = max(0, invoice.outstanding_minor)
        self.total = invoice.total_minor
        self.net = invoice.net_minor
        self.issue = invoice.issue_date.toordinal()
        self.due = invoice.due_date.toordinal()
        self.gateway = invoice.gateway
        self.issuer = invoice.issuer
        self.closed = 0
        if not self.outstanding:
            self.closed = (invoice.closed_on or invoice.issue_date).toordinal()

    @property
    def number(self) -> str:
        """The number customers see."""
        return self.numbers[0] if self.numbers else str(self.id)


class Book:
    """All that is known when a receipt is judged."""

    def __init__(
        self, clients: Iterable[Client] = (), invoices: Iterable[OpenInvoice] = (), memory: Memory | None = None
    ) -> None:
        self.memory = memory if memory is not None else Memory()
        self.clients: dict[int, Client] = {}
        self.debts: dict[int, Debt] = {}
        self.names = NameIndex()
        self.numbers = NumberIndex()
        self.doubts = Doubts()
        self.rates: dict[tuple[str, str], tuple[float, int]] = {}
        self._open_of_client: dict[int, list[Debt]] = {}
        self._open_of_clients: dict[tuple[int, ...], tuple[Sequence[Debt], Sequence[Debt]]] = {}
        self._open_of_amount: dict[tuple[str, int], set[int]] = {}
        self._closed_of_client: dict[int, list[tuple[int, int]]] = {}
        self._usual_delays: dict[int, float] = {}
        self._emails: dict[str, set[int]] = {}
        self._client_numbers: dict[str, int] = {}
        self._domains: dict[str, set[int]] = {}
        self._stems: list[str] = []
        self._clients_of_stem: dict[str, set[int]] = {}
        for client in clients:
            self.add_client(client)
        for invoice in invoices:
            self.add_invoice(invoice)

    def add_client(self, client: Client) -> None:
        """Take up a client, or replace what was known of it."""
        known = self.clients.get(client.id)
        if known is not None:
            self._emails.get(known.email.lower(), set()).discard(client.id)
            self._client_numbers.pop(_client_number(known), None)
        self.clients[client.id] = client
        self._client_numbers[_client_number(client)] = client.id
        self.names.add(client)
        if client.email:
            self._emails.setdefault(client.email.lower(), set()).add(client.id)

    def add_invoice(self, invoice: OpenInvoice) -> None:
        """Take up an invoice, open or closed; the same id again replaces its state."""
        if invoice.id in self.debts:
            self._unlist(self.debts[invoice.id])
            self.numbers.close(invoice.id)
        debt = Debt(invoice)
        self.debts[debt.id] = debt
        self.numbers.add(debt.id, debt.numbers, is_open=debt.outstanding > 0)
        for text in invoice.texts:
            for domain in domains_in(text):
                self.add_domain(debt.client_id, domain)
        self._list(debt)

    def add_domain(self, client_id: int, domain: str) -> None:
        """Take up a domain (folded) that a client is billed for."""
        self._domains.setdefault(domain, set()).add(client_id)
        stem = stem_of(domain)
        if stem not in self._clients_of_stem:
            insort(self._stems, stem)
            self._clients_of_stem[stem] = set()
        self._clients_of_stem[stem].add(client_id)

    def settle(self, invoice_id: int, amount_minor: int, on: date) -> None:
        """Take what an invoice received off what it owes.

        Raises: UnknownInvoice; ValueError for an amount that is not positive or more than is owed.
        """
        debt = self._debt(invoice_id)
        if not 0 < amount_minor <= debt.outstanding:
            raise ValueError(f"invoice {invoice_id} owes {debt.outstanding}, cannot take {amount_minor}")
        self._unlist(debt)
        debt.outstanding -= amount_minor
        if not debt.outstanding:
            debt.closed = on.toordinal()
            self.numbers.close(debt.id)
        self._list(debt)

    def reopen(self, invoice_id: int, amount_minor: int) -> None:
        """Undo a settlement.

        Raises: UnknownInvoice; ValueError for an amount that is not positive.
        """
        debt = self._debt(invoice_id)
        if amount_minor <= 0:
            raise ValueError("only a positive amount can be reopened")
        self._unlist(debt)
        self.numbers.reopen(debt.id, debt.numbers)
        debt.outstanding += amount_minor
        debt.closed = 0
        self._list(debt)

    def observe_rate(self, source: str, target: str, rate: float, on: date) -> None:
        """Remember the latest known exchange rate: one unit of `source` is `rate` units of `target`."""
        for pair, value in (((source, target), rate), ((target, source), 1 / rate)):
            if pair not in self.rates or self.rates[pair][1] <= on.toordinal():
                self.rates[pair] = (value, on.toordinal())

    def open_of_client(self, client_id: int) -> Sequence[Debt]:
        """The client's open debts, oldest first, as they are now: do not keep them past a change of the book."""
        return self._open_of_client.get(client_id, ())

    def open_of_clients(self, client_ids: tuple[int, ...]) -> tuple[Sequence[Debt], Sequence[Debt]]:
        """The open debts of all these clients, oldest first, and what is due first first, as they are now."""
        known = self._open_of_clients.get(client_ids)
        if known is None:
            debts = [debt for client_id in client_ids for debt in self.open_of_client(client_id)]
            known = sorted(debts, key=_age), sorted(debts, key=_urgency)
            self._open_of_clients[client_ids] = known
        return known

    def owing(self, client_ids: Collection[int], amounts: Mapping[str, int]) -> set[int]:
        """Of these clients the ones that have an open debt of exactly one of these amounts, by currency."""
        found: set[int] = set()
        for currency, amount in amounts.items():
            alike = self._open_of_amount.get((currency, amount), ())
            if len(alike) <= len(client_ids):
                found.update(self.debts[invoice_id].client_id for invoice_id in alike)
                continue
            for client_id in client_ids:
                for debt in self._open_of_client.get(client_id, ()):
                    if debt.outstanding == amount and debt.currency == currency:
                        found.add(client_id)
                        break
        return found.intersection(client_ids)

    def closed_of_client(self, client_id: int) -> list[Debt]:
        """The client's debts that were closed last, at most 24, in the order they were closed."""
        return [self.debts[invoice_id] for _, invoice_id in self._closed_of_client.get(client_id, ())]

    def usual_delay(self, client_id: int) -> float | None:
        """How many days after issue this client's last debts were closed on average; None without two of them."""
        known = self._usual_delays.get(client_id)
        if known is None:
            last = self._closed_of_client.get(client_id, ())[-_FOR_A_HABIT:]
            if len(last) < 2:
                return None
            known = sum([closed - self.debts[invoice_id].issue for closed, invoice_id in last]) / len(last)
            self._usual_delays[client_id] = known
        return known

    def last_closed(self, client_id: int) -> int | None:
        """The day on which this client's last debt was closed; None when none was."""
        closed = self._closed_of_client.get(client_id)
        return closed[-1][0] if closed else None

    def open_of_amount(self, currency: str, amount_minor: int) -> set[int]:
        """Ids of open debts of exactly this amount, in no order."""
        return self._open_of_amount.get((currency, amount_minor), set())

    def count_of_amount(self, currency: str, amount_minor: int) -> int:
        """How many open debts there are of exactly this amount."""
        return len(self.open_of_amount(currency, amount_minor))

    def client_of_number(self, digits: str) -> int | None:
        """The client whose number these digits are."""
        return self._client_numbers.get(digits.lstrip("0"))

    def clients_of_email(self, email: str) -> set[int]:
        """Clients with this address."""
        return self._emails.get(email.lower(), set())

    def clients_of_domain(self, domain: str) -> set[int]:
        """Clients billed for this whole domain (folded); empty when too many share it."""
        return _few(self._domains.get(domain, set()))

    def clients_of_stem(self, stem: str, *, cut: bool) -> set[int]:
        """Clients billed for a domain of this name, or one that goes on where a text was cut off."""
        if not cut:
            return _few(self._clients_of_stem.get(stem, set()))
        place = bisect_left(self._stems, stem)
        found: set[int] = set()
        for known in self._stems[place : place + 20]:
            if not known.startswith(stem):
                break
            found |= self._clients_of_stem[known]
        return _few(found)

    def _debt(self, invoice_id: int) -> Debt:
        debt = self.debts.get(invoice_id)
        if debt is None:
            raise UnknownInvoice(invoice_id)
        return debt

    def _list(self, debt: Debt) -> None:
        self._open_of_clients.clear()
        if debt.outstanding:
            insort(self._open_of_client.setdefault(debt.client_id, []), debt, key=_age)
            self._open_of_amount.setdefault((debt.currency, debt.outstanding), set()).add(debt.id)
        else:
            self._usual_delays.pop(debt.client_id, None)
            closed = self._closed_of_client.setdefault(debt.client_id, [])
            insort(closed, (debt.closed, debt.id))
            del closed[:-_MOST_CLOSED]

    def _unlist(self, debt: Debt) -> None:
        self._open_of_clients.clear()
        if debt.outstanding:
            own, alike = self._open_of_client[debt.client_id], (debt.currency, debt.outstanding)
            del own[bisect_left(own, _age(debt), key=_age)]
            if not own:
                del self._open_of_client[debt.client_id]
            self._open_of_amount[alike].discard(debt.id)
            if not self._open_of_amount[alike]:
                del self._open_of_amount[alike]
        elif (debt.closed, debt.id) in self._closed_of_client.get(debt.client_id, ()):
            self._usual_delays.pop(debt.client_id, None)
            self._closed_of_client[debt.client_id].remove((debt.closed, debt.id))


def _age(debt: Debt) -> tuple[int, int]:
    return debt.issue, debt.id


def _urgency(debt: Debt) -> tuple[int, int]:
    return debt.due, debt.id


def _client_number(client: Client) -> str:
    return digits_of(client.number or str(client.id)).lstrip("0")


def domains_in(text: str) -> list[str]:
    """The domains that the text of an invoice line names, folded, in order."""
    return _DOMAIN.findall(fold(text))


def stem_of(domain: str) -> str:
    """The name somebody registered: `SHOP.EXAMPLE.CO.UK` gives `EXAMPLE`."""
    labels = domain.split(".")
    second_level = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in {"AC", "CO", "COM", "GOV", "NET", "ORG"}
    return labels[-3] if second_level else labels[-2]


def _few(clients: set[int]) -> set[int]:
    return clients if len(clients) <= _LARGEST_SHARED else set()
