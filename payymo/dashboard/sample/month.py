"""The invented month: clients, invoices and payments as the engine knows them, judged by the engine that is shipped."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from matching.core.book import Book
from matching.core.engine import propose
from matching.core.types import Client, OpenInvoice, Receipt, Source, Suggestion

_CLIENTS = (
    Client(771, company_name="Acme Hosting GmbH", email="billing@acme-hosting.example", country="DE"),
    Client(204, company_name="Northwind Ltd", email="accounts@northwind.example", country="GB"),
    Client(318, first_name="Jana", last_name="Müller", email="jana@mueller.example", country="DE"),
    Client(402, company_name="Globex BV", email="administratie@globex.example", country="NL"),
    Client(455, first_name="Anna", last_name="Rossi", email="anna@rossi.example", country="IT"),
    Client(512, company_name="Talblick Möbel AG", email="buchhaltung@talblick.example", country="CH"),
    Client(530, first_name="Sofie", last_name="Lindqvist", email="sofie@lindqvist.example", country="SE"),
    Client(548, company_name="Harbour Legal LLP", email="office@harbour-legal.example", country="IE"),
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
    ("INV-2045", 512, 84_000, 4, "Two virtual servers"),
    ("INV-2047", 530, 32_000, 6, "Online shop, one year"),
    ("INV-2051", 548, 7_500, 0, "Mail hosting"),
    ("INV-2022", 402, 45_000, 9, "Backup server"),
)
# Source, cents, days ago, payer, reference, which case of the matcher it shows.
_PAYMENTS = (
    (Source.BANK, 119_000, 1, "Acme Hosting GmbH", "INV-2042 dedicated server", _("one payment for one invoice")),
    (Source.BANK, 4_900, 1, "MUELLER, J.", "Rechnung INV-2038", _("the payer writes the name in another way")),
    (Source.BANK, 24_000, 2, "Northwind Ltd", "invoices INV-2029 INV-2030", _("one payment for two invoices")),
    (Source.STRIPE_CHARGE, 60_000, 2, "Globex BV", "Invoice INV-2019", _("a card payment through Stripe")),
    (Source.BANK, 9_900, 3, "A. Rossi", "hosting", _("two invoices fit alike")),
    (Source.BANK, 44_500, 4, "Globex BV", "factuur 2022 minus kosten", _("a bank kept a fee back")),
    (Source.BANK, 50_000, 5, "Payroll Services", "Gehalt salary October", _("money that pays no invoice")),
    (Source.BANK, 6_000, 6, "T. Nobody", "thank you", _("only the amount fits")),
    (Source.BANK, 42_000, 7, "Talblick Möbel AG", "INV-2045 erste Hälfte", _("the first of two for one invoice")),
    (Source.BANK, 42_000, 3, "Talblick Möbel AG", "INV-2045 zweite Hälfte", _("the second of two for one invoice")),
    (Source.BANK, 20_000, 4, "Sofie Lindqvist", "Faktura INV-2047 delbetalning", _("a part payment")),
    (Source.BANK, 9_000, 2, "Harbour Legal LLP", "INV-2051", _("more than the invoice asks for")),
)  # fmt: skip
CURRENCY = "EUR"
# A payment's number, an invoice's, the cents it was given, and those that were written off as a fee.
Use = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Month:
    """Payments by their numbers from 1, what is left of each, what the engine says of that, and what it could pay."""

    receipts: Mapping[int, Receipt]
    left: Mapping[int, int]
    suggestions: Mapping[int, Suggestion]
    invoices: Mapping[int, OpenInvoice]
    clients: Mapping[int, Client]
    cases: Mapping[int, str]
    book: Book

    def rest_of(self, number: int) -> Receipt:
        """Return a payment as what is left of it."""
        return replace(self.receipts[number], amount_minor=self.left[number])


@lru_cache(maxsize=32)
def month(today: date, uses: tuple[Use, ...] = ()) -> Month:
    """Return the month that ends today, after these uses of its payments; the same ones give the same month."""
    given: Counter[int] = Counter()
    paid: Counter[int] = Counter()
    for payment, invoice, cents, fee in uses:
        given[payment] += cents
        paid[invoice] += cents + fee
    invoices = {
        place: OpenInvoice(
            place, client, (number,), CURRENCY, cents - paid[place], cents, today - timedelta(days=late + 14),
            today - timedelta(days=late), (text,), closed_on=today if paid[place] == cents else None,
        )
        for place, (number, client, cents, late, text) in enumerate(_INVOICES, start=1)
    }  # fmt: skip
    receipts = {
        number: Receipt(
            f"sample-{number}", source, today - timedelta(days=days), cents, CURRENCY, name,
            remittance_information=text if source is Source.BANK else "",
            description=text if source is not Source.BANK else "",
        )
        for number, (source, cents, days, name, text, _case) in enumerate(_PAYMENTS, start=1)
    }  # fmt: skip
    left = {number: receipt.amount_minor - given[number] for number, receipt in receipts.items()}
    book = Book(_CLIENTS, invoices.values())
    suggestions = {
        number: propose(replace(receipt, amount_minor=left[number]), book) for number, receipt in receipts.items()
    }
    cases = {number: row[-1] for number, row in enumerate(_PAYMENTS, start=1)}
    return Month(receipts, left, suggestions, invoices, {client.id: client for client in _CLIENTS}, cases, book)
