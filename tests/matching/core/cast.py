"""A small cast for the core's tests: two clients, their invoices and what they send. No database, no Django."""

from datetime import date, timedelta
from typing import Any

from matching.core.book import Book
from matching.core.memory import Memory
from matching.core.types import Client, OpenInvoice, Payout, Receipt, Source

TODAY = date(2026, 3, 16)
ANNA = Client(1, "Anna", "Kowalska", "Kowalska Bau GmbH", "anna@kowalska-bau.example", number="7001")
MAREK = Client(2, "Marek", "Novák", "", "marek.novak@post.example", number="7002")
LUCIE = Client(3, "Lucie", "Bernard", "Atelier Bernard SARL", "lucie@atelier-bernard.example", number="7003")
EVERYONE = (ANNA, MAREK, LUCIE)


def receipt(text: str = "", amount_minor: int = 11900, **changes: Any) -> Receipt:
    """A bank transfer of 119.00 EUR from nobody in particular."""
    values: dict[str, Any] = {
        "id": "t1",
        "source": Source.BANK,
        "booking_date": TODAY,
        "amount_minor": amount_minor,
        "currency": "EUR",
        "remittance_information": text,
    }
    return Receipt(**{**values, **changes})


def charge(amount_minor: int = 11900, **changes: Any) -> Receipt:
    """A card charge of 119.00 EUR."""
    return receipt("", amount_minor, **{"id": "ch_1", "source": Source.STRIPE_CHARGE, **changes})


def invoice(number: str, owed: int = 11900, *, client: Client = ANNA, **changes: Any) -> OpenInvoice:
    """An open invoice issued a week ago; its id is made of the digits of its number."""
    invoice_id = changes.pop("id", int("".join(character for character in number if character.isdigit()) or 0))
    values: dict[str, Any] = {
        "id": invoice_id,
        "client_id": client.id,
        "numbers": (number,),
        "currency": "EUR",
        "outstanding_minor": owed,
        "total_minor": owed,
        "issue_date": TODAY - timedelta(days=7),
        "due_date": TODAY + timedelta(days=7),
        "gateway": "banktransfer",
    }
    return OpenInvoice(**{**values, **changes})


def settled(
    number: str, total: int = 11900, *, days_ago: int = 5, client: Client = ANNA, **changes: Any
) -> OpenInvoice:
    """An invoice that was paid some days ago."""
    closed = TODAY - timedelta(days=days_ago)
    return invoice(number, 0, client=client, total_minor=total, closed_on=closed, **changes)


def book(*invoices: OpenInvoice, memory: Memory | None = None, clients: tuple[Client, ...] = EVERYONE) -> Book:
    """Everybody, with these invoices."""
    return Book(clients, invoices, memory)


def payout(payout_id: str = "po_1", amount_minor: int = 50000, *, arrives: date = TODAY, **changes: Any) -> Payout:
    """A payout of 500.00 EUR that arrives today."""
    return Payout(
        **{"id": payout_id, "amount_minor": amount_minor, "currency": "EUR", "arrival_date": arrives, **changes}
    )
