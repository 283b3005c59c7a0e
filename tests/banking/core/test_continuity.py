"""Statements follow one another, or it is said what is missing between them."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from banking.core.continuity import Gap, Span, as_row, from_row, gaps
from banking.services.notes import about_gap


def march(first, last, opening=None, closing=None, number=""):
    def amount(text):
        return None if text is None else Decimal(text)

    return Span(
        first=date(2026, 3, first),
        last=date(2026, 3, last),
        opening=amount(opening),
        closing=amount(closing),
        number=number,
    )


def test_statements_that_follow_one_another_have_no_gap_in_any_order():
    chain = [march(1, 5, "0", "10"), march(6, 9, "10", "7"), march(12, 12, "7", "7")]

    assert gaps(chain, {}) == gaps(chain[::-1], {}) == ()


def test_a_missing_statement_is_told_with_days_and_amount():
    found = gaps([march(1, 5, "0", "10", "1/1"), march(9, 12, "25.50", "20", "4/1")], {})

    assert found == (Gap(after=date(2026, 3, 5), before=date(2026, 3, 9), missing=Decimal("15.50"), numbers=(2, 3)),)
    assert str(about_gap(found[0], "EUR")) == (
        "Between 5 Mar 2026 and 9 Mar 2026 statements are missing (numbers 2 to 3): the balance moved by "
        "15.50\u00a0EUR that no file shows. Import them too."
    )


def test_entries_of_another_source_fill_a_gap_only_if_they_make_up_the_difference():
    two = [march(1, 5, "0", "10"), march(9, 12, "25", "20")]

    assert gaps(two, {date(2026, 3, 6): Decimal(10), date(2026, 3, 8): Decimal(5)}) == ()
    assert len(gaps(two, {date(2026, 3, 6): Decimal(10)})) == 1
    # Entries of the statements' own days are in their balances already.
    assert len(gaps(two, {date(2026, 3, 5): Decimal(15), date(2026, 3, 9): Decimal(15)})) == 1


def test_overlapping_repeated_and_several_statements_of_a_day_are_no_gap():
    overlapping = [march(1, 20, "0", "10"), march(10, 31, "4", "30"), march(5, 8, "1", "2")]
    of_a_day = [march(1, 1, "0", "5"), march(1, 1, "5", "9"), march(2, 2, "9", "9")]

    assert gaps([*overlapping, *overlapping], {}) == ()
    assert gaps(of_a_day, {}) == ()


def test_without_balances_only_a_leap_in_the_numbers_tells():
    assert gaps([march(1, 1), march(3, 3)], {}) == ()
    assert gaps([march(1, 1, number="7"), march(3, 3, number="8")], {}) == ()
    [gap] = gaps([march(1, 1, number="7/1"), march(3, 3, number="00009")], {})
    assert (gap.numbers, gap.missing) == ((8, 8), None)
    assert gaps([march(1, 1, number="7"), march(3, 3, number="20260303")], {}) == ()


def test_a_leap_in_the_numbers_is_nothing_where_the_balances_meet():
    assert gaps([march(1, 1, "0", "5", "1"), march(9, 9, "5", "6", "4")], {}) == ()


def test_a_new_year_counts_anew():
    last = Span(first=date(2025, 12, 30), last=date(2025, 12, 30), number="3")

    assert gaps([last, march(1, 1, number="9")], {}) == ()


amounts = st.decimals(min_value=-1000, max_value=1000, places=2)


@given(st.lists(amounts, min_size=2, max_size=20), st.integers(0, 18))
def test_exactly_the_statement_that_was_taken_out_is_missed(moves, place):
    opening, chain = Decimal(0), []
    for number, moved in enumerate(moves):
        chain.append(march(number + 1, number + 1, str(opening), str(opening + moved)))
        opening += moved
    taken = place % len(chain)
    inside = 0 < taken < len(chain) - 1

    found = gaps(chain[:taken] + chain[taken + 1 :], {})

    assert [gap.missing for gap in found] == ([moves[taken]] if inside and moves[taken] else [])


@given(st.lists(st.tuples(st.integers(1, 28), st.integers(0, 3), amounts | st.none(), amounts | st.none())))
def test_what_is_kept_on_a_row_is_read_back_the_same(told):
    for first, days, opening, closing in told:
        span = Span(first=date(2026, 2, first), last=date(2026, 3, first + days), opening=opening, closing=closing)
        assert from_row(as_row(span)) == span
