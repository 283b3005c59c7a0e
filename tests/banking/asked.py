"""Accounts that two providers bring: GoCardless by the IBAN, SimpleFIN by an id of its own; answers that were kept."""

import json
from datetime import UTC, datetime, timedelta

from banking import adapters
from banking.clients.base import ProviderAccount
from banking.models import BankConnection
from banking.services import fetching
from banking.services.linking import link_accounts
from tests.banking.entries import IBAN

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)
GOCARDLESS, SIMPLEFIN = "gocardless_bad", "simplefin"
BOOK = [(day, f"{11 + day}.90", f"Invoice RE-10{day:02}") for day in range(20)]


def consent(provider, state="LINKED", **fields):
    name = {GOCARDLESS: "Nordhaven Bank", SIMPLEFIN: "SimpleFIN Bridge"}[provider]
    return BankConnection.objects.create(
        provider=provider, institution_id=provider, institution_name=name, state=state, consent_id="c", **fields
    )


def linked(provider, number=IBAN, into=None, currency="EUR"):
    """Link an account as a finished consent does, and return it."""
    waiting = into or consent(provider, "PENDING")
    told = ProviderAccount(f"{provider}-1", number, currency, "Current account", is_iban=number == IBAN)
    link_accounts(connection=waiting, accounts=[told], ends_at=None, now=NOW)
    return waiting.accounts.get()


def kept(account, book=BOOK, at=NOW, words="{}"):
    """Keep an answer of the account's provider with these days, amounts and texts."""
    day = at.date()
    if account.connection.provider == GOCARDLESS:
        told = {
            "transactions": {
                "booked": [
                    {
                        "internalTransactionId": f"g{back}-{amount}", "bookingDate": (day - back * DAY).isoformat(),
                        "transactionAmount": {"amount": amount, "currency": "EUR"}, "debtorName": "Erika Muster",
                        "remittanceInformationUnstructured": text,
                    } for back, amount, text in book
                ]
            }
        }  # fmt: skip
    else:
        moments = [(int((at - back * DAY).timestamp()), amount, text) for back, amount, text in book]
        listed = [
            {"id": f"s{posted}-{amount}", "posted": posted, "amount": amount, "description": words.format(text)}
            for posted, amount, text in moments
        ]
        told = {"errors": [], "accounts": [{"id": "A", "currency": "EUR", "balance": "1.00", "transactions": listed}]}
    raw = adapters.new_raw_fetch(
        account, json.dumps(told), provider=account.connection.provider, fetched_at=at,
        complete_from=day - 30 * DAY, complete_until=day,
    )  # fmt: skip
    raw.save()
    return raw


def read(raw):
    return fetching.process_raw_fetch(raw_fetch_id=raw.pk, now=NOW)


def held_account():
    """Return a known account with entries, and one that is held since it looks like it."""
    known = linked(GOCARDLESS)
    read(kept(known))
    held = linked(SIMPLEFIN, number="org-A1")
    read(kept(held, words="Erika Muster {}"))
    held.refresh_from_db()
    return known, held
