import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.drift import ALARM, has_drifted, surprise


def simulated(chance: random.Random, count: int, rate: float) -> list[bool]:
    return [chance.random() < rate for _ in range(count)]


def first_alarm(outcomes: list[bool], tolerated: float) -> int:
    """How many receipts it took; the watch only rises with a correction."""
    errors = [place + 1 for place, wrong in enumerate(outcomes) if wrong]
    return next(place for place in errors if has_drifted(outcomes[:place], tolerated=tolerated))


@pytest.mark.parametrize("tolerated", [0.001, 0.01])
def test_a_steady_engine_is_stopped_by_chance_no_more_often_than_promised(tolerated):
    chance = random.Random(7)
    runs, length = 400, 2500

    false = sum(has_drifted(simulated(chance, length, tolerated), tolerated=tolerated) for _ in range(runs))

    # At most one run in twenty may be stopped; 400 runs with that chance give more than 30 once in a hundred times.
    assert length / ALARM == 0.05
    assert false <= 30


@pytest.mark.parametrize(("rate", "within"), [(0.01, 2500), (0.03, 500), (0.2, 60)])
def test_an_engine_that_got_worse_is_stopped_soon(rate, within):
    chance = random.Random(11)
    took = []
    for _ in range(60):
        took.append(first_alarm(simulated(chance, 20_000, rate), 0.001))

    assert sorted(took)[30] <= within


def test_a_long_good_past_does_not_hide_what_comes_now():
    good, bad = [False] * 20_000, [True, False] * 4

    assert not has_drifted(good, tolerated=0.001)
    assert has_drifted(good + bad, tolerated=0.001)


def test_one_slip_stops_nothing():
    assert not has_drifted([True], tolerated=0.001)
    assert not has_drifted([False] * 500 + [True] + [False] * 500, tolerated=0.0)


outcomes = st.lists(st.booleans(), max_size=60)


@given(row=outcomes, place=st.integers(0, 59), tolerated=st.sampled_from([0.0, 0.001, 0.05, 0.4]))
def test_one_correction_more_never_lowers_the_watch(row, place, tolerated):
    if place >= len(row):
        return
    spoiled = [*row[:place], True, *row[place + 1 :]]

    assert surprise(spoiled, tolerated=tolerated) >= surprise(row, tolerated=tolerated)


def test_nothing_decided_is_no_surprise():
    assert surprise([], tolerated=0.001) == 0.0
