"""Stripe's plain data: its own currency factors, and what cannot be read is refused."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.clients import stripe_values as values
from payments.clients.stripe_values import Unreadable
from payymo.shared.money import exponent, to_minor

CHARGE = {
    "id": "ch_1", "amount_captured": 11900, "amount_refunded": 0, "currency": "eur", "created": 1_700_000_000,
    "status": "succeeded", "paid": True, "captured": True, "payment_intent": "pi_1", "balance_transaction": "txn_1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "units", "amount"),
    [
        ("jpy", 500, "500"), ("krw", 1, "1"), ("xof", 650, "650"), ("clp", 7, "7"), ("eur", 1099, "10.99"),
        ("ugx", 500, "5"), ("isk", 1500, "15"), ("huf", 123400, "1234"), ("twd", 80050, "800.5"),
        ("kwd", 5120, "5.120"), ("bhd", 10, "0.010"), ("tnd", 1000, "1"), ("usd", -250, "-2.50"), ("mga", 4, "4"),
    ],
)  # fmt: skip
def test_units_follow_stripes_own_factors(currency, units, amount):
    read = values.charge({**CHARGE, "currency": currency, "amount_captured": units})

    assert (read.amount, read.currency) == (Decimal(amount), currency.upper())


# As Stripe's page of currencies groups them; what is paid in whole units only is sent in hundredths all the same.
_ZERO = ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
_THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
_WHOLE_IN_HUNDREDTHS = ["ISK", "UGX"]
_HUNDREDTHS = [
    "AED",
    "AFN",
    "ALL",
    "AMD",
    "ANG",
    "AOA",
    "ARS",
    "AUD",
    "AWG",
    "AZN",
    "BAM",
    "BBD",
    "BDT",
    "BGN",
    "BMD",
    "BND",
    "BOB",
    "BRL",
    "BSD",
    "BWP",
    "BYN",
    "BZD",
    "CAD",
    "CDF",
    "CHF",
    "CNY",
    "COP",
    "CRC",
    "CVE",
    "CZK",
    "DKK",
    "DOP",
    "DZD",
    "EGP",
    "ETB",
    "EUR",
    "FJD",
    "FKP",
    "GBP",
    "GEL",
    "GIP",
    "GMD",
    "GTQ",
    "GYD",
    "HKD",
    "HNL",
    "HTG",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "JMD",
    "KES",
    "KGS",
    "KHR",
    "KYD",
    "KZT",
    "LAK",
    "LBP",
    "LKR",
    "LRD",
    "LSL",
    "MAD",
    "MDL",
    "MKD",
    "MMK",
    "MNT",
    "MOP",
    "MUR",
    "MVR",
    "MWK",
    "MXN",
    "MYR",
    "MZN",
    "NAD",
    "NGN",
    "NIO",
    "NOK",
    "NPR",
    "NZD",
    "PAB",
    "PEN",
    "PGK",
    "PHP",
    "PKR",
    "PLN",
    "QAR",
    "RON",
    "RSD",
    "RUB",
    "SAR",
    "SBD",
    "SCR",
    "SEK",
    "SGD",
    "SHP",
    "SLE",
    "SOS",
    "SRD",
    "STD",
    "SZL",
    "THB",
    "TJS",
    "TOP",
    "TRY",
    "TTD",
    "TWD",
    "TZS",
    "UAH",
    "USD",
    "UYU",
    "UZS",
    "WST",
    "XCD",
    "YER",
    "ZAR",
    "ZMW",
]


def test_every_currency_has_its_factor_and_loses_nothing_on_the_way_to_the_core():
    expected = {
        **dict.fromkeys(_ZERO, (7, 1)), **dict.fromkeys(_THREE, (7130, 1000)),
        **dict.fromkeys(_WHOLE_IN_HUNDREDTHS, (700, 100)), **dict.fromkeys(_HUNDREDTHS, (713, 100)),
    }  # fmt: skip
    assert len(expected) == 139

    for currency, (units, factor) in expected.items():
        amount = values.amount({"amount": units}, "amount", currency)

        assert (currency, amount * factor) == (currency, units)
        assert Decimal(to_minor(amount, currency)).scaleb(-exponent(currency)) == amount


@given(st.integers(-(10**12), 10**12), st.sampled_from(["JPY", "EUR", "KWD", "VND", "OMR", "GBP"]))
def test_no_unit_is_lost_on_the_way_in(units, currency):
    read = values.amount({"amount": units}, "amount", currency)

    assert read * values.factor(currency) == units
    assert to_minor(read, currency) == units == read.scaleb(exponent(currency))


@pytest.mark.parametrize("wrong", [None, "100", 1.5, True, [], {}])
def test_an_amount_that_is_no_integer_is_refused(wrong):
    with pytest.raises(Unreadable, match="amount_captured of ch_1 is not an integer"):
        values.charge({**CHARGE, "amount_captured": wrong})


@pytest.mark.parametrize("wrong", [None, "1", True, 1.0, 10**30, -(10**30)])
def test_a_time_that_is_none_is_refused(wrong):
    with pytest.raises(Unreadable, match="created of ch_1 is not a time"):
        values.charge({**CHARGE, "created": wrong})


@pytest.mark.parametrize("more", [{"id": None}, {"id": ""}, {"currency": "euro"}, {"currency": None}])
def test_an_object_without_id_or_currency_is_refused(more):
    with pytest.raises(Unreadable):
        values.charge({**CHARGE, **more})


def test_a_reference_may_be_an_id_or_the_expanded_object():
    movement = {
        "id": "txn_1", "type": "charge", "amount": 11900, "fee": 204, "net": 11696, "currency": "eur",
        "created": 1_700_000_000, "available_on": 1_700_200_000, "source": {"id": "ch_1"},
        "reporting_category": "charge",
    }  # fmt: skip

    plain, expanded = values.charge(CHARGE), values.charge({**CHARGE, "balance_transaction": movement})

    assert plain.balance_transaction is None
    assert plain.balance_transaction_id == expanded.balance_transaction_id == "txn_1"
    assert (expanded.balance_transaction.net, expanded.balance_transaction.source_id) == (Decimal("116.96"), "ch_1")
    assert plain.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("more", [{"status": "pending"}, {"paid": False}, {"captured": False}, {"amount_captured": 0}])
def test_only_captured_money_is_received(more):
    assert values.charge(CHARGE).is_received
    assert not values.charge({**CHARGE, **more}).is_received


def test_what_no_table_holds_is_taken_out():
    read = values.charge({**CHARGE, "description": "a\x00b\ud800", "metadata": {"k\x00": "v\ud800", "n": 7}})

    assert (read.description, read.metadata) == ("ab?", {"k": "v?", "n": "7"})


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from([*CHARGE, "metadata", "billing_details", "data", "type", "livemode"]), _json),
    st.sampled_from([values.charge, values.refund, values.dispute, values.payout, values.event]),
)
def test_odd_answers_are_read_or_refused_and_nothing_else(odd, reader):
    refusals = []
    try:
        read = reader({**CHARGE, **odd})
    except Unreadable as error:
        refusals.append(error.reason)
    else:
        assert json.loads(getattr(read, "raw", "{}")) is not None

    assert refusals in ([], ["malformed"])
