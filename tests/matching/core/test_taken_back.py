from hypothesis import given
from hypothesis import strategies as st

from matching.core.taken_back import GivenBack, Taken, covered

amounts = st.integers(min_value=1, max_value=5000)
takens = st.lists(amounts, max_size=5).map(
    lambda found: [Taken(place, amount, frozenset({f"re_{place}"})) for place, amount in enumerate(found)]
)
givens = st.lists(
    st.tuples(amounts, st.integers(1, 28), st.sampled_from(["", "re_0", "re_1", "other"])), max_size=6
).map(
    lambda found: [
        GivenBack(place, amount, f"2026-11-{day:02}", name) for place, (amount, day, name) in enumerate(found)
    ]
)


def days(taken, given):
    return {key: row.day for key, row in covered(taken, given).items()}


def test_a_refund_of_the_amount_covers_it_on_its_day():
    assert days([Taken(1, 5000)], [GivenBack(7, 5000, "2026-11-20")]) == {1: "2026-11-20"}


def test_part_of_it_covers_nothing_until_the_rest_is_there():
    parts = [GivenBack(7, 2000, "2026-11-20"), GivenBack(8, 3000, "2026-11-23")]

    assert days([Taken(1, 5000)], parts[:1]) == {}
    assert days([Taken(1, 5000)], parts) == {1: "2026-11-23"}


def test_what_bears_the_name_of_one_is_not_taken_for_another_of_the_same_amount():
    taken = [Taken(1, 2000, frozenset({"re_1"})), Taken(2, 2000, frozenset({"re_2"}))]

    assert days(taken, [GivenBack(7, 2000, "2026-11-20", "re_2")]) == {2: "2026-11-20"}


def test_an_equal_amount_is_preferred_to_a_share_of_it():
    assert days([Taken(1, 2000), Taken(2, 3000)], [GivenBack(7, 3000, "2026-11-20")]) == {2: "2026-11-20"}


def test_two_refunds_booked_as_one_are_both_covered():
    assert set(days([Taken(1, 2000), Taken(2, 3000)], [GivenBack(7, 5000, "2026-11-20")])) == {1, 2}


@given(takens, givens)
def test_no_more_is_covered_than_whmcs_gave_back_and_all_is_when_it_gave_enough(taken, given_back):
    found = covered(taken, given_back)

    assert sum(one.amount_minor for one in taken if one.id in found) <= sum(row.amount_minor for row in given_back)
    enough = sum(row.amount_minor for row in given_back) >= sum(one.amount_minor for one in taken)
    assert (len(found) == len(taken)) is enough or not taken


@given(takens, givens, st.randoms())
def test_the_order_of_whmcs_rows_does_not_matter(taken, given_back, random):
    shuffled = random.sample(given_back, len(given_back))

    assert covered(taken, given_back) == covered(taken, shuffled)
