"""Letters, numbers and references of invented hosts."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hosts.letters import damaged, katakana, latin, misread, mistyped, shortened
from benchmarks.hosts.money import exchanged, to_minor, written
from benchmarks.hosts.numbers import STYLES, Numbering, tail
from benchmarks.hosts.references import belgian_reference, creditor_reference, iban, luhn_reference, qr_reference


def test_check_digits_are_those_of_the_standards():
    assert iban("GB", "WEST12345698765432") == "GB82WEST12345698765432"
    assert iban("DE", "500105175407324931") == "DE44500105175407324931"


@given(client=st.integers(1, 99_999), number=st.integers(1, 9_999_999))
def test_references_carry_their_check_digits(client: int, number: int):
    rf = creditor_reference(client, number)
    assert int("".join(str(int(sign, 36)) for sign in rf[4:] + rf[:4])) % 97 == 1

    digits = "".join(sign for sign in belgian_reference(client, number) if sign.isdigit())
    assert int(digits[:10]) % 97 == int(digits[10:]) % 97

    table, carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5), 0
    for digit in qr_reference(client, number):
        carry = table[(carry + int(digit)) % 10]
    assert carry == 0
    assert len(qr_reference(client, number)) == 27

    ocr = luhn_reference(client, number)
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(ocr))]
    assert sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


@pytest.mark.parametrize(
    ("style", "number", "short"),
    [
        ("year5", "2024-00002", "2"), ("prefix_year", "RE2024/00002", "2"), ("padded", "00003102", "3102"),
        ("letters", "HST-70212", "70212"), ("month", "202409-0002", "2"), ("slash", "FV/2/09/2024", "2"),
        ("id", "", ""),
    ],
)  # fmt: skip
def test_each_host_numbers_in_its_own_style(style: str, number: str, short: str):
    numbering = Numbering(style)

    numbering.next(date(2024, 9, 1))

    assert numbering.next(date(2024, 9, 3)) == number
    assert not number or tail(number) == short


def test_numbers_of_a_month_begin_again():
    numbering = Numbering("month")

    assert [numbering.next(date(2024, month, 1)) for month in (9, 9, 10)] == [
        "202409-0001",
        "202409-0002",
        "202410-0001",
    ]


def test_every_style_gives_each_invoice_its_own_number():
    for style in set(STYLES) - {"id", "proforma"}:
        numbering = Numbering(style)
        numbers = [numbering.next(date(2024, month, 1)) for month in range(1, 13) for _ in range(40)]
        assert len(set(numbers)) == len(numbers)


def test_banks_write_names_without_marks_and_in_latin_letters():
    assert latin("Jörn Voß", german=True) == "Joern Voss"
    assert latin("Łucja Święt") == "Lucja Swiet"
    assert latin("Живко Колев") == "Zhivko Kolev"
    assert katakana("Yamamoto Akira") == "ヤマモト アキラ"


@given(seed=st.integers(0, 500))
def test_damage_changes_a_number_but_not_beyond_recognition(seed: int):
    rng = Random(seed)

    assert sum(a != b for a, b in zip(mistyped("2024-00117", rng), "2024-00117", strict=True)) in (1, 2)
    assert len(shortened("2024-00117", rng)) == 9
    assert misread("2024-00158", rng) != "2024-00158"
    assert abs(len(damaged("HELEN THOMAS", rng)) - 12) <= 2


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("9.99", "EUR", 999), ("980", "JPY", 980), ("1.500", "KWD", 1500)]
)
def test_amounts_keep_the_places_of_their_currency(text: str, currency: str, minor: int):
    assert to_minor(text, currency) == minor
    assert written(minor, currency) == text
    assert written(-minor, currency) == f"-{text}"


def test_exchange_keeps_the_value():
    assert exchanged(1000, "EUR", "JPY")[0] == 1610
    assert exchanged(1610, "JPY", "EUR")[0] == 1000
