"""Every amount that the API says is written with its currency's own digits: 11.90 EUR, 1190 JPY, 1.190 KWD."""

from decimal import Decimal

import pytest

from tenants import context
from tests.conftest import PASSWORD
from tests.factories import rows

LISTS = ["bank-accounts/", "bank-transactions/", "invoices/", "stripe-payments/", "payouts/"]


@pytest.fixture
def reader(acme, client):
    answer = client.post(
        "/api/v1/auth/token/",
        {"email": "viewer@acme.example", "password": PASSWORD},
        content_type="application/json",
        headers={"host": "acme.localhost"},
    )
    return {"host": "acme.localhost", "authorization": f"Bearer {answer.json()['access']}"}


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "11.90"), ("JPY", "1190"), ("KWD", "1.190")])
def test_amounts_are_written_with_the_digits_of_their_currency(acme, reader, client, currency, amount):
    with context.inside(acme):
        rows.account(currency, booked_balance=Decimal(amount))
        rows.transfer("RE 1", amount, currency=currency)
        rows.invoice("RE-1", amount, currency=currency)
        rows.charge(amount, currency=currency)
        rows.payout(amount, currency=currency)

    for path in LISTS:
        [row] = client.get(f"/api/v1/{path}", headers=reader).json()["results"]
        written = [value for name, value in row.items() if name in {"amount", "balance", "booked_balance"} and value]
        assert written == [amount] * len(written), path
        assert written, path
