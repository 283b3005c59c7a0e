"""The invented month: clients, invoices and payments as the engine knows them, judged by the engine that is shipped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from matching.core.book import Book
from matching.core.engine import propose
from matching.core.types import Client, OpenInvoice, Receipt, Source, Suggestion

_CLIENTS = (
    Client(771, company_name="Acme Hosting GmbH", email="billing@acme-hosting.example", country="DE"),
    Client(204, company_name="Northwind Ltd", email="accounts@northwind.example", country="GB"),
    Client(318, first_name="Jana", last_name="Müller", email="jana@mueller.example", country="DE"),
    Client(402, company_name="Globex BV", email="administratie@globex.example", country="NL"),
    Client(455, first_name="Anna", last_name="Rossi", email="anna@rossi.example", country="IT"),
)
# Number, client, cents, days since it was due, what it is for.
_INVOICES = (
    ("INV-2042", 771, 119_000, 2, "Dedicated server"),
    ("INV-2029", 204, 18_000, 5, "Web hosting"),
    ("INV-2030", 204, 6_000, 5, "northwind.example"),
    ("INV-2038", 318, 4_900, -3, "Web hosting"),
    ("INV-2019", 402, 60_000, 9, "Managed server"),
    ("INV-2033", 455, 9_900, 1, "Web hosting, first quarter"),
    ("INV-2034", 455, 9_900, 1, "Web hosting, second quarter"),
)
# Source, cents, days ago, payer, reference.
_PAYMENTS = (
    (Source.BANK, 119_000, 1, "Acme Hosting GmbH", "INV-2042 dedicated server"),
    (Source.BANK, 4_900, 1, "MUELLER, J.", "Rechnung INV-2038"),
    (Source.BANK, 24_000, 2, "Northwind Ltd", "invoices INV-2029 INV-2030"),
    (Source.STRIPE_CHARGE, 60_000, 2, "Globex BV", "Invoice INV-2019"),
    (Source.BANK, 9_900, 3, "A. Rossi", "hosting"),
    (Source.BANK, 59_500, 4, "Globex BV", "factuur 2019 minus kosten"),
    (Source.BANK, 50_000, 5, "Payroll Services", "Gehalt salary October"),
    (Source.BANK, 6_000, 6, "T. Nobody", "thank you"),
)
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Month:
    """Payments by their numbers from 1, what the engine says of each, and what they could pay."""

    receipts: Mapping[int, Receipt]
    suggestions: Mapping[int, Suggestion]
    invoices: Mapping[int, OpenInvoice]
    clients: Mapping[int, Client]


@lru_cache(maxsize=4)
def month(today: date) -> Month:
    """Return the month that ends today; the same day gives the same one."""
    invoices = {
        place: OpenInvoice(
            place, client, (number,), CURRENCY, cents, cents, today - timedelta(days=late + 14),
            today - timedelta(days=late), (text,),
        )
        for place, (number, client, cents, late, text) in enumerate(_INVOICES, start=1)
    }  # fmt: skip
    receipts = {
        number: Receipt(
            f"sample-{number}", source, today - timedelta(days=days), cents, CURRENCY, name,
            remittance_information=text if source is Source.BANK else "",
            description=text if source is not Source.BANK else "",
        )
        for number, (source, cents, days, name, text) in enumerate(_PAYMENTS, start=1)
    }  # fmt: skip
    book = Book(_CLIENTS, invoices.values())
    suggestions = {number: propose(receipt, book) for number, receipt in receipts.items()}
    return Month(receipts, suggestions, invoices, {client.id: client for client in _CLIENTS})
