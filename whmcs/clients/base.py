"""What Payymo needs from a WHMCS installation, whoever speaks to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from payymo.shared.errors import Refused, Retryable

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Details:
    """What runs there."""

    version: str


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of the installation; `rate` is against the default one."""

    whmcs_id: int
    code: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """An active gateway. `module` is what a payment is booked under."""

    module: str
    display_name: str


@dataclass(frozen=True, slots=True)
class RemoteClient:
    """A client as WHMCS lists it; `country` is known only when it was asked for alone."""

    whmcs_id: int
    first_name: str
    last_name: str
    company_name: str
    email: str
    status: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class RemoteInvoiceSummary:
    """A row of the list of invoices: it has the currency, but neither balance nor lines."""

    whmcs_id: int
    client_whmcs_id: int
    first_name: str
    last_name: str
    company_name: str
    number: str
    currency: str
    issue_date: date | None
    due_date: date | None
    paid_at: datetime | None
    total: Decimal
    credit: Decimal
    status: str
    payment_method: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class RemoteLine:
    """A line of an invoice."""

    whmcs_id: int
    kind: str
    related_id: int
    description: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RemoteTransaction:
    """A booking in WHMCS; `booked_at` is its local time as text, `amount_out` is money that left."""

    whmcs_id: int
    client_whmcs_id: int
    invoice_whmcs_id: int
    gateway: str
    booked_at: str
    amount_in: Decimal
    fees: Decimal
    amount_out: Decimal
    transaction_id: str
    refunds_whmcs_id: int


@dataclass(frozen=True, slots=True)
class RemoteInvoice:
    """One invoice read alone: it has balance, lines and bookings, but no currency. Times are WHMCS's local ones."""

    whmcs_id: int
    client_whmcs_id: int
    number: str
    issue_date: date | None
    due_date: date | None
    paid_at: datetime | None
    total: Decimal
    credit: Decimal
    balance: Decimal
    status: str
    payment_method: str
    lines: tuple[RemoteLine, ...]
    transactions: tuple[RemoteTransaction, ...]


@dataclass(frozen=True, slots=True)
class RemoteOrder:
    """An order; `invoice_whmcs_id` is zero where it made none."""

    whmcs_id: int
    number: str
    client_whmcs_id: int
    invoice_whmcs_id: int
    status: str


@dataclass(frozen=True, slots=True)
class RemoteCredit:
    """A movement of a client's credit, negative where it was used; `invoice_whmcs_id` is what its text names, or 0."""

    whmcs_id: int
    booked_on: date | None
    description: str
    amount: Decimal
    invoice_whmcs_id: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A part of a list.

    Shape: `received` counts every row that came, the next page begins after them; `unreadable` names those that could
    not be understood, and they are not in `rows`.
    """

    rows: tuple[Row, ...]
    received: int
    total: int
    unreadable: tuple[str, ...] = ()


class WhmcsApi(Protocol):
    """The actions used.

    Raises: every method Refused or Retryable; `add_invoice_payment` also Unknown, when the payment may be booked.
    """

    def details(self) -> Details:
        """Return the version."""
        ...

    def server_time(self) -> datetime | None:
        """Return the local time of the installation without a zone; None when it does not tell."""
        ...

    def setting(self, name: str) -> str:
        """Return one of the installation's settings; a role need not allow it."""
        ...

    def currencies(self) -> tuple[Currency, ...]:
        """Return the currencies, the default one first."""
        ...

    def payment_methods(self) -> tuple[PaymentMethod, ...]:
        """Return the active gateways."""
        ...

    def clients(self, *, start: int, count: int, newest_first: bool = False) -> Page[RemoteClient]:
        """Return clients by id."""
        ...

    def client(self, whmcs_id: int) -> RemoteClient:
        """Return one client."""
        ...

    def invoices(
        self, *, start: int, count: int, status: str = "", newest_first: bool = False
    ) -> Page[RemoteInvoiceSummary]:
        """Return invoices by id, of one status or of all."""
        ...

    def invoice(self, whmcs_id: int) -> RemoteInvoice:
        """Return one invoice with its lines and bookings."""
        ...

    def transactions(
        self, *, transaction_id: str = "", client_whmcs_id: int = 0, invoice_whmcs_id: int = 0
    ) -> Page[RemoteTransaction]:
        """Return bookings by exactly one of the three; WHMCS does not page them."""
        ...

    def invoices_alone(self, whmcs_ids: Sequence[int]) -> list[RemoteInvoice | Refused | Retryable]:
        """Return each of these invoices, or the error it met, in the order asked; a few calls at a time."""
        ...

    def bookings_of(self, client_whmcs_ids: Sequence[int]) -> list[Page[RemoteTransaction] | Refused | Retryable]:
        """Return each of these clients' bookings, or the error met, as above."""
        ...

    def orders(self, *, start: int, count: int) -> Page[RemoteOrder]:
        """Return orders in WHMCS's own order, which it does not document."""
        ...

    def credits_of(self, client_whmcs_ids: Sequence[int]) -> list[Page[RemoteCredit] | Refused | Retryable]:
        """Return all movements of each of these clients' credit, or the error met; WHMCS does not page them."""
        ...

    def add_invoice_payment(
        self,
        *,
        invoice_whmcs_id: int,
        amount: Decimal,
        transaction_id: str,
        gateway: str,
        paid_at: datetime,
        fees: Decimal,
        sends_email: bool,
    ) -> None:
        """Book a payment; `paid_at` is WHMCS's local time. Booked once a call: WHMCS refuses no repetition.

        Raises: Unknown unless the answer proves that it was, or was not, booked.
        """
        ...

    def add_credit_payment(
        self,
        *,
        client_whmcs_id: int,
        amount: Decimal,
        transaction_id: str,
        gateway: str,
        paid_on: str,
        fees: Decimal,
    ) -> None:
        """Book a payment of a client that becomes their credit; `paid_on` is in the site's own format, or empty.

        Raises: Unknown unless the answer proves that it was, or was not, booked; also when WHMCS knows the id already.
        """
        ...
