from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.evaluation import (
    BINS,
    CURVE_POINTS,
    Worse,
    calibration_error,
    coverage,
    evaluation,
    log_loss,
    reliability,
    worse_than,
)
from matching.core.scoring import Model
from matching.core.training import NOTHING, Judged

STRAIGHT = Model("1", {})


def said(share: float, right: bool = True, kind: str = "single") -> Judged:
    return Judged(date(2026, 3, 1), "bank", kind, share, right, False, True)


def test_honest_probabilities_have_no_calibration_error():
    rows = [(0.5, place % 2 == 0) for place in range(200)]

    assert calibration_error(sorted(rows, reverse=True)) == pytest.approx(0.0)


def test_a_boaster_is_found_out_in_every_bin():
    rows = [(0.9, place % 2 == 0) for place in range(200)]

    bins = reliability(rows, 1)

    assert bins[0]["n"] == 200
    assert (bins[0]["said"], bins[0]["right"]) == (pytest.approx(0.9), 0.5)
    assert bins[0]["low"] < 0.5 < bins[0]["high"] < 0.9
    assert calibration_error(rows, 1) == pytest.approx(0.4)


def test_bins_are_equal_in_size_and_hold_everything():
    rows = [(place / 1000, True) for place in range(95)]

    assert sorted(one["n"] for one in reliability(rows)) == [9] * 5 + [10] * 5
    assert len(reliability(rows)) == BINS
    assert reliability([]) == []


def test_coverage_goes_from_the_surest_to_all_in_few_points():
    rows = sorted(((1 - place / 5000, place < 3000) for place in range(4000)), reverse=True)

    points = coverage(rows, of=5000)

    assert len(points) <= CURVE_POINTS + 1
    assert points[0]["right"] == 1.0
    assert points[-1] == {"share": 0.8, "right": 0.75, "at": pytest.approx(1 - 3999 / 5000)}
    assert [one["share"] for one in points] == sorted(one["share"] for one in points)


@given(
    rows=st.lists(st.builds(said, st.sampled_from([0.2, 0.8, 0.96, 0.999]), st.booleans()), max_size=80),
    chance=st.randoms(use_true_random=False),
)
def test_the_order_of_the_hold_out_changes_no_figure(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)

    first, second = (evaluation(STRAIGHT, some, shipped=STRAIGHT) for some in (rows, shuffled))

    assert first.pop("log_loss") == pytest.approx(second.pop("log_loss"))
    assert first == second


def test_leaving_alone_what_settles_nothing_counts_as_right_but_not_as_an_offer():
    found = evaluation(STRAIGHT, [said(0.99), said(0.97, kind=NOTHING)], shipped=STRAIGHT)

    assert (found["receipts"], found["right"], found["offered"], found["offered_right"]) == (2, 2, 1, 1)
    assert [(one["kind"], one["n"]) for one in found["kinds"]] == [(NOTHING, 1), ("single", 1)]


def test_no_hold_out_gives_empty_figures():
    found = evaluation(STRAIGHT, [], shipped=STRAIGHT)

    assert (found["receipts"], found["bins"], found["coverage"], found["bounds"]) == (0, [], [], {})


def test_certain_errors_cost_a_bounded_surprise():
    assert log_loss(STRAIGHT, [said(1.0, right=False)]) == pytest.approx(13.8, abs=0.1)


def test_a_model_is_refused_for_fewer_right_payments_or_less_fitting_probabilities():
    present = {"right": 90, "receipts": 100, "log_loss": 0.10}

    assert worse_than({"right": 91, "receipts": 100, "log_loss": 0.09}, present) is None
    assert worse_than(dict(present), present) is None
    assert worse_than({"right": 89, "receipts": 100, "log_loss": 0.01}, present) is Worse.FEWER_RIGHT
    assert worse_than({"right": 92, "receipts": 100, "log_loss": 0.11}, present) is Worse.FITS_LESS_WELL
