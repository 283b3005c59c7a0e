import random
from dataclasses import replace
from math import exp, log

import pytest

from matching.core.calibration import ENOUGH, OWN_STATED, CalibrationLog, fit_curve, recalibrated
from matching.core.scoring import Model, calibrated, shares, shipped_model


def boastful(count: int, *, truth: float) -> list[tuple[float, float]]:
    """Rows whose share claims more than comes true: the log-odds are `truth` times what is claimed."""
    chance = random.Random(4)
    rows = []
    for _ in range(count):
        share = 0.5 + 0.499 * chance.random()
        real = 1 / (1 + exp(-truth * log(share / (1 - share))))
        rows.append((share, float(chance.random() < real)))
    return rows


def test_a_boastful_engine_is_taken_down_a_peg():
    slope, shift = fit_curve(boastful(6000, truth=0.5))

    assert (slope, shift) == (pytest.approx(0.5, abs=0.08), pytest.approx(0.0, abs=0.2))


def test_thin_evidence_stays_near_what_was_shipped():
    assert fit_curve([(0.9, 1.0), (0.8, 0.0)], (0.7, 0.3)) == (pytest.approx(0.7, abs=0.3), pytest.approx(0.3, abs=0.3))


def test_a_curve_exists_when_everything_was_right():
    slope, shift = fit_curve([(0.999, 1.0)] * 400)

    assert 0.05 <= slope <= 3.0
    assert -4.0 <= shift <= 4.0


def test_curves_change_only_where_enough_was_decided():
    log_book = CalibrationLog()
    for share, right in boastful(ENOUGH, truth=0.5):
        log_book.add("bank", share, right)
    log_book.add("stripe_charge", 0.9, 1.0)
    model = Model("1", {}, {"bank": (1.0, 0.0), "stripe_charge": (0.9, 0.1)})

    after = recalibrated(model, log_book)

    assert after.curves["bank"][0] < 0.9
    assert after.curves["stripe_charge"] == (0.9, 0.1)
    assert model.curves["bank"] == (1.0, 0.0)


def test_a_model_survives_being_written_down():
    model = shipped_model()

    assert Model.from_dict(model.to_dict()).to_dict() == model.to_dict()
    assert {"bank", "stripe_charge"} <= set(model.curves)
    assert model.version


def test_a_calibrated_chance_keeps_the_order_and_the_bounds():
    model = shipped_model()
    chances = [calibrated(model, "bank", share) for share in (0.0, 0.2, 0.5, 0.9, 1.0)]

    assert chances == sorted(chances)
    assert 0.0 <= chances[0] < chances[-1] <= 1.0


def test_shares_of_far_scores_neither_overflow_nor_vanish():
    assert shares([1000.0, 0.0]) == [1.0, 0.0]
    assert sum(shares([-3.0, 2.0, 0.5])) == pytest.approx(1.0)


def decided(count: int, wrong: int) -> CalibrationLog:
    log_book = CalibrationLog()
    for place in range(count):
        log_book.add("bank", 0.9999, float(place >= wrong), eligible=True)
    return log_book


SHIPPED = Model(
    "1",
    {},
    {"bank": (1.0, 0.0)},
    automatic={"bank": 0.999},
    evidence={"bank": {"0.995": (9000, 3), "0.999": (7000, 1)}},
)


def test_enough_right_decisions_of_a_tenant_lower_its_threshold():
    assert recalibrated(SHIPPED, decided(4000, wrong=0)).automatic == {"bank": 0.995}


@pytest.mark.parametrize(("count", "wrong"), [(0, 0), (150, 0), (4000, 12)])
def test_few_or_wrong_decisions_leave_the_shipped_threshold(count, wrong):
    assert recalibrated(SHIPPED, decided(count, wrong)).automatic == {"bank": 0.999}


def test_decisions_prove_nothing_where_the_shipped_evidence_proves_nothing():
    bare = Model("1", {}, {"bank": (1.0, 0.0)})

    assert recalibrated(bare, decided(4000, wrong=0)).automatic == {}


def test_enough_decisions_of_a_tenant_let_more_be_stated():
    shipped = replace(SHIPPED, stated=0.75)

    stated = [recalibrated(shipped, decided(count, wrong=0)).stated for count in (ENOUGH - 1, ENOUGH)]

    assert stated == [0.75, OWN_STATED]
