"""The values a generated world is made of. Money is in integer minor units."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(slots=True)
class Client:
    """A customer of the host, with the habits that shape his payments."""

    id: int
    first_name: str
    last_name: str
    company_name: str
    email: str
    street: str
    city: str
    postcode: str
    country: str
    currency: str
    gateway: str
    created: date
    domain: str
    payer_name: str
    payer_iban: str
    tax_rate: int
    reseller: bool = False
    credit: int = 0

    @property
    def display_name(self) -> str:
        """Return the company, else the person."""
        return self.company_name or f"{self.first_name} {self.last_name}"


@dataclass(slots=True)
class Line:
    """One line of an invoice."""

    kind: str
    description: str
    amount: int
    relates_to: "Invoice | None" = None


@dataclass(slots=True)
class Invoice:
    """An invoice as WHMCS holds it. `number` is empty while the site numbers invoices only when they are paid."""

    id: int
    number: str
    client: Client
    issued: date
    due: date
    lines: list[Line]
    subtotal: int
    tax: int
    total: int
    status: str = "Unpaid"
    paid_at: datetime | None = None
    credit: int = 0
    notes: str = ""
    method: str = "banktransfer"

    @property
    def quoted(self) -> str:
        """Return the number printed on the document: the invoice number, else the id."""
        return self.number or str(self.id)


@dataclass(slots=True)
class Plan:
    """A payment that will be made: who pays which invoices on what day, in which shape."""

    shape: str
    day: date
    client: Client
    invoices: list[Invoice]
    history: Invoice | None = None
    pending: bool = False


@dataclass(slots=True)
class Transfer:
    """One entry of the bank account and the truth about it."""

    key: str
    account: str
    booked_on: date
    amount: int
    currency: str
    name: str
    iban: str
    text: str
    kind: str
    status: str = "booked"
    structured: str = ""
    end_to_end_id: str = ""
    code: str = "PMNT-RCDT-ESCT"
    info: str = ""
    instructed: tuple[int, str, str] | None = None
    allocations: list[tuple[int, int]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    payout: str = ""
    repeats: str = ""


@dataclass(slots=True)
class LedgerRow:
    """One transaction row of WHMCS."""

    id: int
    client_id: int
    gateway: str
    at: datetime
    description: str
    amount_in: int
    fees: int
    amount_out: int
    transid: str
    invoice_id: int
    refund_id: int = 0


@dataclass(slots=True)
class CreditRow:
    """One line of a client's credit in WHMCS."""

    id: int
    client_id: int
    on: date
    description: str
    amount: int


@dataclass(slots=True)
class World:
    """Everything that exists for one host."""

    slug: str
    until: date
    clients: list[Client] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledger: list[LedgerRow] = field(default_factory=list)
    credits: list[CreditRow] = field(default_factory=list)
    stripe: list[dict[str, Any]] = field(default_factory=list)
    charges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    payout_items: dict[str, list[str]] = field(default_factory=dict)
    opening: dict[str, int] = field(default_factory=dict)
