import time
from datetime import timedelta

import pytest

from matching.core.engine import propose
from matching.core.quotes import read_quotes
from matching.core.subset import exact_subsets, runs
from tests.matching.core.cast import ANNA, TODAY, book, invoice, receipt


def test_equal_debts_count_as_one_set():
    assert exact_subsets([500, 500, 500, 700], 1200) == [(0, 3)]


def test_subsets_take_the_earliest_debts_first():
    assert exact_subsets([300, 400, 700, 100], 700)[0] == (0, 1)


@pytest.mark.parametrize(("amounts", "target"), [([], 100), ([200], 100), ([100], 0), ([100, 200], 250), ([7], -7)])
def test_what_cannot_add_up_has_no_subset(amounts, target):
    assert exact_subsets(amounts, target) == []


def test_runs_are_neighbours_that_add_up():
    assert runs([100, 200, 300, 400], 500) == [(1, 3)]
    assert runs([100, 200, 300], 300) == [(0, 2)]


def test_ten_million_combinations_end_in_bounded_time():
    debts = [
        invoice(f"RE-{10_000 + n}", 1000 + 37 * n, issue_date=TODAY - timedelta(days=n), due_date=TODAY)
        for n in range(60)
    ]
    known = book(*debts)
    started = time.process_time()

    for amount in (33_333, 61_111, 99_999):
        propose(receipt("hosting", amount, counterparty_name="Kowalska Bau GmbH"), known)

    assert time.process_time() - started < 3


def test_many_equal_debts_end_in_bounded_time():
    known = book(*(invoice(f"RE-{20_000 + n}", 999) for n in range(500)))
    started = time.process_time()

    suggestion = propose(receipt("hosting", 999 * 30, counterparty_name="Kowalska Bau GmbH"), known)

    assert time.process_time() - started < 3
    assert len(suggestion.candidates) <= 5


@pytest.mark.parametrize(
    "text", ["1 " * 2500, "9" * 5000, "RE-2026-01042 " * 350, "A" * 5000, "12.03.2026 " * 450, "é" * 5000]
)
def test_five_thousand_characters_end_in_bounded_time(text):
    started = time.process_time()

    suggestion = propose(receipt(text[:5000], counterparty_name="Kowalska Bau"), book(invoice("RE-2026-01042")))

    assert time.process_time() - started < 2
    assert suggestion.receipt_id == "t1"
    assert len(read_quotes("x", text, TODAY)) < 4000


def test_a_zero_invoice_is_never_proposed():
    suggestion = propose(receipt("RE-2026-01042"), book(invoice("RE-2026-01042", 0, total_minor=0)))

    assert suggestion.candidates == ()


def test_thousands_of_namesakes_end_in_bounded_time():
    people = tuple(type(ANNA)(n, "James", "Smith") for n in range(1, 5000))
    known = book(*(invoice(f"{100_000 + n}", 999, client=people[n]) for n in range(4000)), clients=people)
    started = time.process_time()

    suggestion = propose(receipt("hosting", 999, counterparty_name="JAMES SMITH"), known)

    assert time.process_time() - started < 15
    assert (suggestion.auto, suggestion.tie) == (False, True)
