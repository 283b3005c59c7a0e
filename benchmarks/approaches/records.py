"""What the other approaches see of a host: receipts and invoices as flat records, and what was settled before."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from matching.core.normalise import name_key
from matching.core.types import Client, OpenInvoice, Receipt
from matching.parsers.export import Export
from payymo.shared.money import from_minor, to_minor

_NUMBER = re.compile(r"[A-Z]{0,4}[-/]?\d[\d/-]*\d|\d{3,}", re.IGNORECASE)
_SPACED = re.compile(r"\d[\d /-]*\d")
_SHORTEST = 4


@dataclass(slots=True)
class Debt:
    """An invoice and what is left of it."""

    id: int
    client_id: int
    numbers: frozenset[str]
    names: tuple[str, ...]
    email: str
    currency: str
    left: int
    issued: date


@dataclass(slots=True)
class Money:
    """A receipt that may settle something."""

    id: str
    source: str
    on: date
    amount: int
    currency: str
    name: str
    numbers: tuple[str, ...]
    email: str


@dataclass(slots=True)
class Answer:
    """What an approach says about a receipt."""

    id: str
    allocations: list[tuple[int, str]]
    confidence: float

    def line(self) -> dict[str, Any]:
        """The answer as a line of predictions; such approaches have no bound, so nothing is posted unasked."""
        return {"id": self.id, "allocations": self.allocations, "confidence": self.confidence, "auto": False}


def bare(number: str) -> str:
    """A number as it is compared: letters and digits only, capitals."""
    return "".join(sign for sign in number.upper() if sign.isalnum())


def quoted(receipt: Receipt) -> tuple[str, ...]:
    """The numbers in a receipt's texts, in order."""
    texts = (receipt.remittance_information, receipt.structured_reference, receipt.end_to_end_id, receipt.description,
             *receipt.metadata.values())  # fmt: skip
    found: dict[str, None] = {}
    for text in texts:
        numbers = [match.group() for pattern in (_NUMBER, _SPACED) for match in pattern.finditer(text)]
        for number in [*numbers, *re.findall(r"\d+", text)]:
            if len(bare(number)) >= _SHORTEST:
                found[bare(number)] = None
    return tuple(found)


class Host:
    """One exported host: receipts in order, debts by id, and the state at each day."""

    def __init__(self, folder: Path) -> None:
        export = Export(folder, lambda _: None)
        clients = {client.id: client for client in export.clients()}
        self.debts = {one.id: _debt(one, clients.get(one.client_id)) for one in export.invoices()}
        rows = [*export.charges(), *export.bank_rows()]
        self.rows = len(rows)
        receipts = [row.receipt for row in rows if row.receipt is not None and row.receipt.amount_minor > 0]
        self.money = sorted((_money(receipt) for receipt in receipts), key=lambda one: one.on)
        self.verdicts = {
            verdict.id: [
                (key, to_minor(amount, self.debts[key].currency))
                for key, amount in verdict.allocations
                if key in self.debts
            ]
            for verdict in export.verdicts()
        }

    def settle(self, allocations: Iterable[tuple[int, int]]) -> None:
        """Take amounts off debts; never below nothing."""
        for key, amount in allocations:
            self.debts[key].left = max(0, self.debts[key].left - amount)

    def undecided(self) -> Iterator[Money]:
        """Receipts no reviewer decided; what the reviewer decided is settled on the way."""
        for one in self.money:
            if one.id in self.verdicts:
                self.settle(self.verdicts[one.id])
            else:
                yield one


def answer(money: Money, debts: Sequence[Debt], confidence: float) -> Answer:
    """Spend the receipt on these debts, first come first served."""
    left, allocations = money.amount, []
    for debt in debts:
        part = min(left, debt.left) if debt.currency == money.currency else debt.left
        if part > 0:
            allocations.append((debt.id, f"{from_minor(part, debt.currency):f}"))
            left -= part
    return Answer(money.id, allocations, confidence)


def minor_parts(said: Answer, debts: Mapping[int, Debt]) -> list[tuple[int, int]]:
    """The allocations of an answer in minor units."""
    return [(key, to_minor(Decimal(text), debts[key].currency)) for key, text in said.allocations]


def _debt(invoice: OpenInvoice, client: Client | None) -> Debt:
    names: list[str] = []
    if client is not None:
        names = [name_key(client.company_name), name_key(f"{client.first_name} {client.last_name}")]
    return Debt(
        invoice.id, invoice.client_id, frozenset(bare(number) for number in invoice.numbers),
        tuple(name for name in names if name.strip()), (client.email if client else "").lower(), invoice.currency,
        invoice.outstanding_minor, invoice.issue_date,
    )  # fmt: skip


def _money(receipt: Receipt) -> Money:
    return Money(
        receipt.id, str(receipt.source), receipt.booking_date, receipt.amount_minor, receipt.currency,
        name_key(receipt.counterparty_name), quoted(receipt), receipt.email.lower(),
    )  # fmt: skip
