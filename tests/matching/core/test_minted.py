"""The reference that Payymo mints: what it looks like, what is read of it, and that it decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.engine import propose
from matching.core.minted import mint, minted_in
from matching.core.normalise import fold
from matching.core.types import Band, NoneReason
from tests.matching.core.cast import ANNA, MAREK, book, invoice, receipt

REFERENCE = mint(1, 10234)


def read(text):
    return [(one.issuer, one.invoice_id) for one in minted_in(fold(text))]


def test_the_reference_is_the_one_that_the_addon_module_mints():
    assert (REFERENCE, mint(12, 7), mint(999_999, 10**12 - 1)) == (
        "RF53PM1X10234",
        "RF03PM12X7",
        "RF54PM999999X999999999999",
    )


@pytest.mark.parametrize(
    "text",
    [
        REFERENCE,
        REFERENCE.lower(),
        "RF53 PM1X 1023 4",
        f"Zahlung {REFERENCE}, danke",
        "RF53 PM1X 1023 4 Rechnung 2026",
        "RF53 PM1X 1023 4 50,00 EUR",
    ],
)
def test_it_is_read_as_it_is_printed_and_as_it_is_typed(text):
    assert read(text) == [(1, 10234)]


@pytest.mark.parametrize("text", ["RF11PM1X10234", "RF53PM1X10243", f"A{REFERENCE}", f"{REFERENCE}A", "PM1X10234", ""])
def test_what_is_damaged_or_not_ours_is_not_read(text):
    assert read(text) == []


@pytest.mark.parametrize(("issuer", "invoice_id"), [(0, 5), (5, 0), (10**6, 5), (5, 10**12), (-1, 5)])
def test_a_number_that_does_not_fit_is_refused(issuer, invoice_id):
    with pytest.raises(ValueError, match="12 digits"):
        mint(issuer, invoice_id)


@given(st.integers(1, 999_999), st.integers(1, 10**12 - 1), st.data())
def test_every_reference_is_read_and_none_with_one_wrong_digit(issuer, invoice_id, data):
    reference = mint(issuer, invoice_id)
    place = data.draw(st.sampled_from([at for at, sign in enumerate(reference) if sign.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != reference[place]]))

    assert len(reference) <= 25
    assert read(reference) == [(issuer, invoice_id)]
    assert read(reference[:place] + other + reference[place + 1 :]) == []


def numbered(whmcs_id, *, issuer=1, key=0, **changes):
    numbers = (f"RE-{9000 + key}", str(whmcs_id))
    return invoice(numbers[0], numbers=numbers, issuer=issuer, id=key or whmcs_id, **changes)


def test_the_reference_alone_is_enough():
    known = book(numbered(10234), numbered(10235, client=MAREK), numbered(10236))

    found = propose(receipt(REFERENCE), known)
    best = found.candidates[0]

    assert [one.invoice_id for one in best.allocations] == [10234]
    assert (best.band, found.tie, found.none_reason, found.eligible) == (Band.EXACT, False, None, True)


def test_the_same_id_of_another_brand_is_not_meant():
    known = book(numbered(10234, issuer=1, key=11, client=ANNA), numbered(10234, issuer=2, key=22, client=MAREK))

    ours, theirs = propose(receipt(REFERENCE), known), propose(receipt(mint(2, 10234)), known)

    assert [one.allocations[0].invoice_id for one in (ours.candidates[0], theirs.candidates[0])] == [11, 22]
    assert ours.candidates[0].band is theirs.candidates[0].band is Band.EXACT


def test_a_reference_to_an_invoice_that_nobody_knows_names_no_other_one():
    known = book(numbered(1), numbered(10, key=10), numbered(110234, key=30), numbered(10234, issuer=2, key=40))

    found = propose(receipt(REFERENCE, 777), known)

    assert found.candidates == ()
    assert found.none_reason is NoneReason.NO_CANDIDATE


def test_in_the_field_for_references_it_says_the_same():
    known = book(numbered(10234), numbered(10235, client=MAREK))

    said = [
        propose(receipt(text, structured_reference=field), known).candidates[0].probability
        for text, field in ((REFERENCE, ""), ("", REFERENCE))
    ]

    assert said[0] == said[1]
