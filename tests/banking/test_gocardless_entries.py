"""What real banks put into an answer of GoCardless Bank Account Data, and what becomes of it."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banking.parsers.errors import UnreadableStatement
from banking.parsers.gocardless import read_balances, read_transactions

DAY = date(2026, 3, 2)
PLAIN = {
    "internalTransactionId": "a1",
    "bookingDate": "2026-03-02",
    "valueDate": "2026-03-01",
    "transactionAmount": {"amount": "11.90", "currency": "EUR"},
    "debtorName": "Erika Muster",
    "debtorAccount": {"iban": "NL91 ABNA 0417 1643 00"},
    "creditorName": "Acme Hosting GmbH",
    "creditorAccount": {"iban": "DE89370400440532013000"},
    "remittanceInformationUnstructured": "Invoice RE-1042",
}


def answer(*booked, pending=None):
    lists = {"booked": list(booked), **({} if pending is None else {"pending": pending})}
    return json.dumps({"transactions": lists}).encode()


def entry(**changes):
    told = {**PLAIN, **changes}
    [found] = read_transactions(answer({name: value for name, value in told.items() if value is not None})).booked
    return found


def refusal(**changes):
    told = {**PLAIN, **changes}
    found = read_transactions(answer({name: value for name, value in told.items() if value is not None}))
    assert found.booked == ()
    return found.refused[0]


def test_the_other_side_of_a_credit_is_the_debtor_and_of_a_debit_the_creditor():
    credit = entry()
    debit = entry(transactionAmount={"amount": "-11.90", "currency": "EUR"})

    assert (credit.counterparty_name, credit.counterparty_iban) == ("Erika Muster", "NL91ABNA0417164300")
    assert (debit.counterparty_name, debit.counterparty_iban) == ("Acme Hosting GmbH", "DE89370400440532013000")
    assert (debit.amount, debit.booking_date, debit.value_date) == (Decimal("-11.90"), DAY, date(2026, 3, 1))


@pytest.mark.parametrize("blank", ["", " ", "NOTPROVIDED", "NOT PROVIDED", "EndToEndID: NOTPROVIDED"])
def test_ids_that_say_nothing_are_empty(blank):
    found = entry(endToEndId=blank, transactionId=blank, entryReference=blank)

    assert (found.end_to_end_id, found.bank_entry_id, found.bank_reference) == ("", "", "")
    assert found.provider_entry_id == "a1"


def test_the_entry_reference_is_the_banks_reference_and_the_transaction_id_its_id():
    found = entry(entryReference="E-1", transactionId="T-1")

    assert (found.bank_reference, found.bank_entry_id) == ("E-1", "T-1")
    assert entry(transactionId="T-1").bank_reference == "T-1"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"remittanceInformationUnstructuredArray": ["Invoice", "RE-1042", "thanks"]}, "Invoice RE-1042 thanks"),
        ({"remittanceInformationUnstructuredArray": []}, "Invoice RE-1042"),
        ({"remittanceInformationUnstructured": None, "additionalInformation": "By card"}, "By card"),
        ({"remittanceInformationUnstructured": "EREF+NOTPROVIDED SVWZ+Invoice RE-7"}, "Invoice RE-7"),
        ({"remittanceInformationUnstructured": None}, ""),
        ({"remittanceInformationUnstructured": None, "remittanceInformationStructured": "RE-9"}, "RE-9"),
        ({"remittanceInformationUnstructured": "one\r\n  two"}, "one two"),
    ],
)
def test_the_fullest_text_is_taken(changes, text):
    assert entry(**changes).remittance_information == text


def test_a_checksummed_reference_is_kept_beside_the_text():
    found = entry(remittanceInformationStructured="RF18539007547034")

    assert (found.structured_reference, found.remittance_information) == ("RF18539007547034", "Invoice RE-1042")


@pytest.mark.parametrize("many", [False, True])
def test_an_exchange_is_read_as_object_or_list(many):
    one = {"sourceCurrency": "USD", "exchangeRate": "1.08", "instructedAmount": {"amount": "13.00", "currency": "USD"}}

    found = entry(currencyExchange=[one] if many else one)

    assert (found.original_amount, found.original_currency) == (Decimal("13.00"), "USD")


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({"bookingDate": None, "bookingDateTime": "2026-03-02T23:59:59+01:00"}, DAY),
        ({"bookingDate": None}, date(2026, 3, 1)),
        ({"bookingDate": None, "valueDate": None, "valueDateTime": "2026-03-04T00:00:00Z"}, date(2026, 3, 4)),
    ],
)
def test_the_day_is_taken_from_the_first_date_there_is(changes, day):
    assert entry(**changes).booking_date == day


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bookingDate": None, "valueDate": None}, "The entry has no date yet."),
        ({"bookingDate": "2026-02-30"}, "The date '2026-02-30' cannot be read."),
        ({"transactionAmount": None}, "The entry has no amount."),
        ({"transactionAmount": {"amount": "abc", "currency": "EUR"}}, "The amount 'abc' cannot be read."),
        ({"transactionAmount": {"amount": "1,50", "currency": "EUR"}}, "The amount '1,50' cannot be read."),
        ({"transactionAmount": {"amount": True, "currency": "EUR"}}, "The entry has no amount."),
        ({"transactionAmount": {"amount": "1.234", "currency": "EUR"}}, "has more decimals than EUR has"),
        ({"transactionAmount": {"amount": "1", "currency": "€"}}, "is not a currency code"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_position(changes, reason):
    found = refusal(**changes)

    assert found.line == 1
    assert reason in found.reason


@pytest.mark.parametrize(("amount", "currency"), [("1500", "JPY"), ("1.234", "KWD"), (12, "EUR"), ("0.00", "EUR")])
def test_each_currency_has_its_own_decimals(amount, currency):
    assert entry(transactionAmount={"amount": amount, "currency": currency}).amount == Decimal(str(amount))


def test_one_bad_entry_does_not_stop_the_others_and_pending_may_be_missing():
    found = read_transactions(answer(PLAIN, "text", {**PLAIN, "internalTransactionId": "a2"}))

    assert [one.provider_entry_id for one in found.booked] == ["a1", "a2"]
    assert (found.pending, [one.line for one in found.refused]) == ((), [2])


def test_pending_entries_stay_apart():
    found = read_transactions(answer(pending=[{**PLAIN, "internalTransactionId": None}]))

    assert [one.status for one in found.pending] == ["pending"]
    assert found.booked == ()


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"transactions": []}', b'{"transactions": {}}', b"\xff", b"1"]
)
def test_an_answer_that_is_something_else_is_refused_whole(body):
    with pytest.raises(UnreadableStatement, match="provider's answer"):
        read_transactions(body)


def test_balances_are_read_by_kind_and_unreadable_ones_left_out():
    body = {
        "balances": [
            {"balanceAmount": {"amount": "10.00", "currency": "EUR"}, "balanceType": "interimBooked"},
            {"balanceAmount": {"amount": "x", "currency": "EUR"}, "balanceType": "expected"},
        ]
    }

    [(kind, balance)] = read_balances(json.dumps(body)).balances

    assert (kind, balance.amount, balance.on) == ("interimBooked", Decimal("10.00"), None)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*PLAIN, "amount", "currency"]), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*PLAIN, "currencyExchange", "endToEndId", "transactionId"]), _values))
def test_whatever_an_entry_holds_it_is_read_or_refused(changes):
    found = read_transactions(answer({**PLAIN, **changes}))

    assert len(found.booked) + len(found.refused) == 1


def test_the_banks_own_code_is_read_beside_the_iso_one():
    told = {"bankTransactionCode": "PMNT-ICDT-ESCT", "proprietaryBankTransactionCode": "NTRF+109+00931"}

    assert entry(**told).bank_transaction_code == "PMNT-ICDT-ESCT NTRF+109+00931"
    assert entry(proprietaryBankTransactionCode="NTRF+166").bank_transaction_code == "NTRF+166"
