from time import process_time

import pytest

from matching.core.engine import propose
from matching.core.structured import bodies
from matching.core.types import ReasonCode
from tests.matching.core.cast import ANNA, MAREK, book, invoice, receipt


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("RF18 5390 0754 7034", "539007547034"),
        ("RF18539007547034", "539007547034"),
        ("+++010/8068/17183+++", "0108068171"),
        ("***010/8068/17183***", "0108068171"),
        ("21 00000 00003 13947 14300 09017", "21000000000313947143000901"),
        ("210000000003139471430009017", "21000000000313947143000901"),
    ],
)
def test_a_reference_of_an_unmistakable_form_gives_its_body(text, digits):
    assert next((body.digits, body.sure) for body in bodies(text)) == (digits, True)


@pytest.mark.parametrize("text", ["RF19 5390 0754 7034", "+++010/8068/17184+++", "210000000003139471430009018"])
def test_a_reference_with_wrong_check_digits_is_none(text):
    assert [body for body in bodies(text) if body.sure] == []


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("000000070010000000002026108", "RE-2026-10"),
        ("+++001/0001/04251+++", "1042"),
        ("RF667001202601042", "RE-2026-01042"),
        ("70010010422", "1042"),
        ("3007001202601042", "RE-2026-01042"),
        ("3007001202601042", "RE-1202601042"),
    ],
)
def test_the_number_inside_a_reference_names_its_invoice(reference, number):
    known = book(invoice(number), invoice("RE-2026-01377", client=MAREK))
    found = list(bodies(reference))

    suggestion = propose(receipt("", structured_reference=reference), known)

    assert found
    best = suggestion.candidates[0]
    assert best.client_id == ANNA.id
    assert ReasonCode.NUMBER in {reason.code for reason in best.reasons}


def test_a_customer_number_of_somebody_else_before_the_number_names_nothing():
    known = book(invoice("1042"), invoice("1377", client=MAREK))

    suggestion = propose(receipt("", structured_reference="RF37900200001042"), known)

    assert [body.digits for body in bodies("RF37900200001042")] == ["900200001042"]
    assert all(ReasonCode.NUMBER not in {one.code for one in found.reasons} for found in suggestion.candidates)


def test_a_long_text_of_digits_ends_in_bounded_time():
    started = process_time()

    for text in ("1 " * 2500, "9" * 5000, "RF18 " * 1000, "+++" * 1600):
        list(bodies(text))

    assert process_time() - started < 10
