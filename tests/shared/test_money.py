"""What a text that is searched for may mean as an amount."""

from decimal import Decimal

import pytest

from payymo.shared.money import meant_amounts


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("1190", ["1190"]),
        ("1190.5", ["1190.5"]),
        ("1,190.00", ["1190"]),
        ("1.190,00", ["1190"]),
        ("1 190,00", ["1190"]),
        ("1\u00a0190", ["1190"]),
        ("1\u202f190,00\u00a0EUR", ["1190"]),
        ("1’190.00", ["1190"]),
        ("1.234.567", ["1234567"]),
        ("\u2212 49,00", []),
        ("\u221249,00", ["49"]),
        ("49 €", ["49"]),
        ("$49.00", ["49"]),
        ("1.190", ["1.190", "1190"]),
        ("1190.500", ["1190.5"]),
        ("100 200", []),
        ("1,190,00", []),
        ("INV 1042", []),
        ("RE-1042", []),
        ("1e5", []),
        ("NaN", []),
        ("9" * 16, []),
        ("", []),
    ],
)
def test_a_text_means_the_amounts_that_its_marks_allow(text, amounts):
    assert meant_amounts(text) == tuple(map(Decimal, amounts))
