"""Short ways to write entries and accounts for the tests of banking."""

from datetime import date
from decimal import Decimal

from banking import adapters
from banking.models import BankAccount, StatementImport
from banking.parsers.fetched import FetchedEntry
from banking.parsers.types import ParsedEntry

MONDAY = date(2026, 3, 2)
IBAN = "DE89370400440532013000"


def from_file(text="Invoice RE-1042", amount="11.90", day=MONDAY, **more):
    """An entry as a file tells it, without any id."""
    values = {"value_date": day, "counterparty_name": "Erika Muster", "currency": "EUR", "status": "booked", **more}
    return ParsedEntry(remittance_information=text, amount=Decimal(amount), booking_date=day, **values)


def fetched(text="Invoice RE-1042", amount="11.90", day=MONDAY, internal="", bank="", **more):
    """An entry as the API tells it."""
    values = {"value_date": day, "counterparty_name": "Erika Muster", "currency": "EUR", "status": "booked", **more}
    return FetchedEntry(
        remittance_information=text,
        amount=Decimal(amount),
        booking_date=day,
        provider_entry_id=internal,
        bank_entry_id=bank,
        bank_reference=values.pop("bank_reference", bank),
        **values,
    )


def bank_account(iban=IBAN, currency="EUR", **more):
    """A saved account of the current tenant."""
    account = BankAccount(
        stable_key=adapters.stable_key(iban, currency), currency=currency, iban_last4=iban[-4:], **more
    )
    account.save()
    return account


def uploaded(account, source="camt.053"):
    """A saved upload, by which the rows of a file know their format."""
    row = StatementImport(account=account, file_name="statement", file_sha256="0" * 64, format=source)
    row.file_sealed = b"-"
    row.state = StatementImport.State.READY
    row.save()
    return row
