"""Rows with sensible defaults, for tests that need a payment, an invoice, or both."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal

from banking.models import BankAccount, BankTransaction
from payments.models import Payout, StripeConnection, StripePayment
from tenants import sealing
from whmcs.models import Client, Invoice, InvoiceLine, WhmcsInstance

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)
_serial = itertools.count(1)


def instance(**fields):
    found = WhmcsInstance.objects.first()
    if found is not None and not fields:
        return found
    row = WhmcsInstance(name="Billing", base_url=f"https://billing{next(_serial)}.example", **fields)
    row.identifier_sealed = sealing.seal(row, "identifier_sealed", "identifier")
    row.secret_sealed = sealing.seal(row, "secret_sealed", "secret")
    row.save()
    return row


def client(company_name="Northwind Ltd", **fields):
    fields.setdefault("instance", instance())
    return Client.objects.create(
        whmcs_id=fields.pop("whmcs_id", 0) or next(_serial) + 700,
        company_name=company_name,
        synced_at=NOW,
        status="Active",
        **fields,
    )


def invoice(number, due, *, of=None, currency="EUR", status="Unpaid", text="Web hosting", **fields):
    owner = of or client()
    fields.setdefault("total", Decimal(due))
    row = Invoice.objects.create(
        instance=owner.instance,
        client=owner,
        whmcs_id=fields.pop("whmcs_id", 0) or next(_serial) + 40_000,
        number=number,
        currency=currency,
        balance=Decimal(due),
        status=status,
        issue_date=fields.pop("issue_date", date(2026, 11, 1)),
        due_date=fields.pop("due_date", date(2026, 11, 15)),
        payment_method="banktransfer",
        synced_at=NOW,
        **fields,
    )
    InvoiceLine.objects.create(invoice=row, whmcs_id=1, description=text, amount=row.total)
    return row


def account(currency="EUR", **fields):
    serial = next(_serial)
    return BankAccount.objects.create(
        stable_key=f"key-{serial}", name="Main account", currency=currency, iban_last4="3000", **fields
    )


def transfer(text, amount, *, into=None, name="Northwind Ltd", **fields):
    serial = next(_serial)
    return BankTransaction.objects.create(
        account=into or BankAccount.objects.first() or account(),
        identity=f"id-{serial}",
        fingerprint=f"fp-{serial}",
        booking_date=fields.pop("booking_date", date(2026, 11, 18)),
        amount=Decimal(amount),
        currency=fields.pop("currency", "EUR"),
        counterparty_name=name,
        remittance_information=text,
        **fields,
    )


def stripe_connection():
    return StripeConnection.objects.first() or StripeConnection.objects.create(
        account_id="acct_test", kind="restricted_key", livemode=False
    )


def charge(amount, *, charge_id="", **fields):
    serial = next(_serial)
    return StripePayment.objects.create(
        connection=stripe_connection(),
        charge_id=charge_id or f"ch_{serial}",
        charged_at=fields.pop("charged_at", datetime(2026, 11, 18, 8, tzinfo=UTC)),
        amount=Decimal(amount),
        currency=fields.pop("currency", "EUR"),
        status="succeeded",
        **fields,
    )


def payout(amount, **fields):
    serial = next(_serial)
    return Payout.objects.create(
        connection=stripe_connection(),
        payout_id=fields.pop("payout_id", f"po_{serial}"),
        amount=Decimal(amount),
        currency=fields.pop("currency", "EUR"),
        arrival_date=fields.pop("arrival_date", date(2026, 11, 18)),
        status=fields.pop("status", "paid"),
        automatic=fields.pop("automatic", True),
        stripe_created_at=fields.pop("stripe_created_at", NOW),
        **fields,
    )
