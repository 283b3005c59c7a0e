"""Whether two accounts are one: never "another" for one account, however its sources differ, never "same" by chance."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banking.services.entry_values import Facts
from banking.services.sameness import Agreement, Likelihood, agreement

FIRST = date(2026, 9, 1)


def entry(day, amount, text="", name=""):
    return Facts(
        booking_date=FIRST + timedelta(day), amount=Decimal(amount), remittance_information=text, counterparty_name=name
    )


def month(text="Invoice {day} of customer", step="1.01"):
    return [entry(day, Decimal(step) * (day + 1), text.format(day=day)) for day in range(30)]


# Prices repeat, as those of a host do; texts are as different as two providers make them.
books = st.lists(
    st.tuples(
        st.integers(0, 24),
        st.sampled_from(["4.99", "9.99", "-3.50"]) | st.integers(-500, 500).filter(bool).map(lambda each: f"{each}.5"),
        st.sampled_from(["", "RE-1", "RE-2", "Ärger"]),
    ),
    min_size=1, max_size=60,
).map(lambda told: [entry(*one) for one in told])  # fmt: skip


@settings(max_examples=60)
@given(book=books, shifts=st.data())
def test_one_account_is_never_called_another_however_a_source_dates_words_and_orders_it(book, shifts):
    told = shifts.draw(st.permutations(book))
    days = shifts.draw(st.lists(st.integers(-2, 2), min_size=len(told), max_size=len(told)))
    seen = [
        replace(one, booking_date=one.booking_date + timedelta(shift), remittance_information="other words")
        for one, shift in zip(told, days, strict=True)
    ]

    assert agreement(book, seen).likelihood is not Likelihood.OTHER


@settings(max_examples=60)
@given(book=books, gaps=st.sets(st.integers(0, 24)))
def test_one_account_is_never_called_another_where_a_source_leaves_days_out(book, gaps):
    seen = [one for one in book if (one.booking_date - FIRST).days not in gaps]

    assert agreement(book, seen).likelihood is not Likelihood.OTHER


@settings(max_examples=60)
@given(book=books, other=books, data=st.data())
def test_neither_order_nor_side_changes_the_answer(book, other, data):
    expected = agreement(book, other)

    assert agreement(data.draw(st.permutations(other)), data.draw(st.permutations(book))) == expected
    assert 0 <= expected.alike <= expected.shared <= expected.compared


@settings(max_examples=60)
@given(book=books, other=books)
def test_accounts_without_a_common_amount_are_never_called_the_same(book, other):
    others = [replace(one, amount=one.amount + Decimal("0.01")) for one in other]

    assert agreement(book, others).likelihood is not Likelihood.SAME


def test_the_same_month_is_the_same_account_and_says_how_much_agrees():
    found = agreement(month(), month())

    assert (found.likelihood, found.shared, found.compared, found.alike) == (Likelihood.SAME, 26, 26, 26)


def test_a_month_of_other_amounts_is_another_account():
    assert agreement(month(), month(step="7.77")).likelihood is Likelihood.OTHER


def test_equal_prices_with_other_invoices_are_not_called_the_same():
    ours = [entry(day, "9.99", f"RE-1{day:03}") for day in range(30)]
    theirs = [entry(day, "9.99", f"RE-2{day:03}") for day in range(30)]

    assert agreement(ours, theirs).likelihood is Likelihood.UNCLEAR


def test_a_batch_that_the_other_source_has_as_one_sum_is_not_another_account():
    single = [one for day in range(30) for one in (entry(day, "4.00"), entry(day, "7.00"))]
    batches = [entry(day, "11.00") for day in range(30)]

    assert agreement(single, batches).likelihood is Likelihood.UNCLEAR


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([], month()),
        (month(), []),
        (month()[:9], month(step="7.77")),
        ([entry(0, "1.00")] * 50, [entry(1, "2.00")] * 50),
        (month(), [replace(each, booking_date=each.booking_date + timedelta(60)) for each in month()]),
    ],
)
def test_little_in_common_proves_nothing(one, other):
    assert agreement(one, other).likelihood is Likelihood.UNCLEAR


def test_twins_count_once_each():
    ours = [entry(day, "5.00", "twin") for day in (0, 5, 5, 5, 10)]
    theirs = [entry(day, "5.00", "twin") for day in (0, 5, 10)]

    assert agreement(ours, theirs) == Agreement(shared=1, compared=1, alike=1, fewest=1, equal_days=0, days=1)
