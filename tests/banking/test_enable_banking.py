"""Enable Banking: its keys, its entries, and what each of its errors means."""

import json
from datetime import timedelta
from decimal import Decimal

import jwt
import pytest
import requests

from banking.clients.base import AccountRef, Consent
from banking.clients.enable_banking_errors import raise_for
from banking.models import ProviderKey
from banking.parsers.enable_banking import read_balances, read_transactions
from banking.parsers.errors import UnreadableStatement
from banking.services import provider_keys
from payymo.shared.errors import Refused, Retryable
from payymo.shared.http import Answer
from tests.banking.other_banks import EnableBank

PLAIN = {
    "entry_reference": "R-1", "transaction_id": "handle", "status": "BOOK", "credit_debit_indicator": "CRDT",
    "transaction_amount": {"amount": "11.90", "currency": "EUR"}, "booking_date": "2026-03-02",
    "value_date": "2026-03-01", "debtor": {"name": "Erika Muster"}, "creditor": {"name": "Acme Hosting GmbH"},
    "debtor_account": {"iban": "NL91 ABNA 0417 1643 00"}, "remittance_information": ["Invoice", "RE-1042"],
}  # fmt: skip


def read(*entries):
    return read_transactions(json.dumps({"pages": [{"transactions": list(entries)}]}))


def entry(**changes):
    found = read({**PLAIN, **changes})
    assert found.refused == ()
    [one] = found.booked + found.pending
    return one


@pytest.fixture
def bank(sandbox):
    return EnableBank(sandbox, "acme")


def test_keys_that_the_provider_accepts_are_stored_sealed(in_acme, bank, now):
    row = bank.save_keys(now)

    assert b"PRIVATE KEY" not in bytes(row.secret_key_sealed)
    assert row.access_expires_at is None


@pytest.mark.parametrize("case", ["another key", "no key", "unknown application"])
def test_keys_that_do_not_sign_for_the_application_are_refused_and_not_stored(in_acme, bank, sandbox, now, case):
    other = EnableBank(sandbox, "globex").application
    changes = {
        "another key": {"secret_key": other["private_key"]},
        "no key": {"secret_key": "-----BEGIN NOTHING-----"},
        "unknown application": {"secret_id": "00000000-0000-0000-0000-000000000000"},
    }[case]

    with pytest.raises(provider_keys.KeysRefused, match="private key"):
        bank.save_keys(now, **changes)

    assert not ProviderKey.objects.exists()


def test_an_application_that_does_not_let_people_come_back_here_is_refused(in_acme, bank, now):
    with pytest.raises(provider_keys.KeysRefused, match=r"Add https://elsewhere.example/back to the redirect URLs"):
        provider_keys.save_provider_key(
            provider=bank.key, secret_id=bank.application["id"], secret_key=bank.application["private_key"], now=now,
            redirect_url="https://elsewhere.example/back",
        )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"aud": "elsewhere"}, {"iss": "someone"}, {"exp": timedelta(seconds=-5)}, {"exp": timedelta(days=2)}],
)
def test_the_stand_in_refuses_tokens_that_the_documentation_forbids(bank, now, changes):
    claims = {"iss": "enablebanking.com", "aud": "api.enablebanking.com", "iat": now - timedelta(seconds=30)}
    claims |= {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    claims.setdefault("exp", now + timedelta(hours=1))
    token = jwt.encode(claims, bank.application["private_key"], "RS256", headers={"kid": bank.application["id"]})

    answer = requests.get(
        f"{bank.base}/enable-banking/application", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("status", "error", "kind", "reason"),
    [
        (401, "EXPIRED_SESSION", Refused, "consent_ended"),
        (401, "CLOSED_SESSION", Refused, "consent_ended"),
        (401, "REVOKED_SESSION", Refused, "consent_ended"),
        (404, "SESSION_DOES_NOT_EXIST", Refused, "consent_ended"),
        (400, "ASPSP_PSU_ACTION_REQUIRED", Refused, "consent_ended"),
        (422, "EXPIRED_AUTHORIZATION_CODE", Refused, "consent_not_given"),
        (422, "WRONG_AUTHORIZATION_CODE", Refused, "consent_not_given"),
        (422, "ALREADY_AUTHORIZED", Refused, "consent_not_given"),
        (422, "NO_ACCOUNTS_ADDED", Refused, "consent_not_given"),
        (400, "ASPSP_ACCOUNT_NOT_ACCESSIBLE", Refused, "account_forbidden"),
        (404, "ACCOUNT_DOES_NOT_EXIST", Refused, "not_found"),
        (422, "WRONG_TRANSACTIONS_PERIOD", Refused, "history_too_long"),
        (403, "UNAUTHORIZED_IP", Refused, "address_not_allowed"),
        (422, "REDIRECT_URI_NOT_ALLOWED", Refused, "invalid_request"),
        (422, "PSU_HEADER_NOT_PROVIDED", Refused, "invalid_request"),
        (422, "DATE_FROM_IN_FUTURE", Refused, "invalid_request"),
        (401, "UNAUTHORIZED", Refused, "credentials_invalid"),
        (429, "ASPSP_RATE_LIMIT_EXCEEDED", Retryable, "rate_limited"),
        (400, "ASPSP_ERROR", Retryable, "bank_error"),
        (408, "ASPSP_TIMEOUT", Retryable, "bank_down"),
        (503, "", Retryable, "bank_down"),
    ],
)
def test_each_error_has_one_meaning(status, error, kind, reason):
    body = json.dumps({"message": "text", "code": status, "error": error, "detail": None}).encode()

    with pytest.raises(kind) as raised:
        raise_for(Answer(status, body, {}))

    assert raised.value.reason == reason
    assert len(str(raised.value)) > 25


def test_a_bank_that_keeps_less_history_is_asked_for_less_and_the_answer_says_since_when(in_acme, bank, owner, now):
    bank.save_keys(now)
    provider = provider_keys.provider(bank.key, now=now)
    connection = bank.connect(owner.pk, now, provider)
    [first, *_] = connection.accounts.order_by("pk")
    ref = AccountRef(Consent(connection.consent_id), first.provider_account_id)
    bank.fault("short_history", only="transactions")

    fetched = provider.fetch_transactions(account=ref, since=now.date() - timedelta(days=180))

    assert fetched.since == now.date() - timedelta(days=89)


def test_the_direction_gives_the_sign_and_the_other_side():
    credit, debit = entry(), entry(credit_debit_indicator="DBIT", creditor={"name": "A Supplier"})

    assert (credit.amount, credit.counterparty_name) == (Decimal("11.90"), "Erika Muster")
    assert (debit.amount, debit.counterparty_name) == (Decimal("-11.90"), "A Supplier")
    assert (credit.remittance_information, credit.provider_entry_id) == ("Invoice RE-1042", "R-1")


def test_a_debit_that_is_written_negative_stays_a_debit():
    told = entry(credit_debit_indicator="DBIT", transaction_amount={"amount": "-5.00", "currency": "EUR"})

    assert told.amount == Decimal("-5.00")


@pytest.mark.parametrize(
    "changes",
    [
        {"credit_debit_indicator": None},
        {"transaction_amount": {"amount": "-5.00", "currency": "EUR"}},
        {"transaction_amount": {"amount": "1,5", "currency": "EUR"}},
        {"transaction_amount": None},
        {"status": None},
        {"status": "NEW"},
        {"booking_date": None, "value_date": None},
        {"booking_date": "soon"},
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place_and_the_others_are_kept(changes):
    found = read(PLAIN, {**PLAIN, "entry_reference": "R-2", **changes})

    assert [one.provider_entry_id for one in found.booked] == ["R-1"]
    assert [one.line for one in found.refused] == [2]


def test_only_what_is_booked_counts():
    found = read(*({**PLAIN, "entry_reference": None, "status": status} for status in ("PDNG", "HOLD", "CNCL", "RJCT")))

    assert (len(found.booked), len(found.pending), len(found.refused)) == (0, 2, 0)


@pytest.mark.parametrize("blank", [None, " ", "NOTPROVIDED"])
def test_a_blank_reference_is_none_and_the_handle_is_never_taken_for_one(blank):
    assert entry(entry_reference=blank).provider_entry_id == ""


def test_a_reference_on_different_entries_is_no_id():
    found = read(PLAIN, {**PLAIN, "transaction_amount": {"amount": "9.00", "currency": "EUR"}})

    assert [(one.provider_entry_id, one.bank_reference) for one in found.booked] == [("", ""), ("", "")]


def test_balances_keep_their_sign_and_come_under_known_names():
    told = [
        {"balance_type": "ITBD", "balance_amount": {"amount": "-7.10", "currency": "EUR"}},
        {"balance_type": "XPCD", "balance_amount": {"amount": "x", "currency": "EUR"}},
    ]

    [(kind, balance)] = read_balances(json.dumps({"balances": told})).balances

    assert (kind, balance.amount) == ("interimBooked", Decimal("-7.10"))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"pages": 1}', b'{"pages": [{}]}', b'{"pages": [1]}'])
def test_an_answer_of_another_shape_is_refused_as_a_whole(body):
    with pytest.raises(UnreadableStatement):
        read_transactions(body)
