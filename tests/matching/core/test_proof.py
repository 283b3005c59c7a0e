from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from matching.core.proof import (
    DOUBT,
    LEAST_OWN,
    THRESHOLDS,
    bound,
    bounds,
    lower_bound,
    proven_threshold,
    shipped_evidence,
    tally,
)
from matching.core.scoring import Model
from matching.core.training import Judged

STRAIGHT = Model("1", {})
DOUBT_EACH = DOUBT / len(THRESHOLDS) / 2


def said(share: float, right: bool = True, *, eligible: bool = True, source: str = "bank") -> Judged:
    return Judged(date(2026, 3, 1), source, "single", share, right, False, eligible)


@pytest.mark.parametrize(("seen", "wrong"), [(2995, 0), (4742, 1), (6294, 2)])
def test_the_counts_that_prove_three_nines_with_a_doubt_of_one_in_twenty(seen, wrong):
    assert lower_bound(seen, wrong, 0.05) >= 0.999
    assert lower_bound(seen - 2, wrong, 0.05) < 0.999


@pytest.mark.parametrize(("seen", "wrong"), [(10, 0), (250, 3), (1000, 40), (7, 7)])
def test_the_bound_is_the_quantile_of_the_beta_distribution_and_holds_by_the_binomial(seen, wrong):
    found = lower_bound(seen, wrong, 0.01)

    assert found == (pytest.approx(beta.ppf(0.01, seen - wrong, wrong + 1)) if wrong < seen else 0.0)
    if wrong < seen:
        # At the bound itself, so few errors come about with just the doubt that was allowed.
        assert binom.cdf(wrong, seen, 1 - found) == pytest.approx(0.01, rel=1e-6)


def test_too_few_of_ones_own_prove_nothing_whatever_others_show():
    assert bound(0.99, (LEAST_OWN - 1, 0), (1_000_000, 0)).least == 0.0
    assert bound(0.99, (LEAST_OWN, 0), (1_000_000, 0)).least > 0.98


def test_other_hosts_help_but_for_no_more_than_twice_ones_own():
    alone = bound(0.99, (1000, 0), (0, 0))
    helped = bound(0.99, (1000, 0), (1_000_000, 0))

    assert (alone.borrows, helped.borrows) == (False, True)
    assert alone.least == lower_bound(1000, 0, DOUBT_EACH)
    assert helped.least == lower_bound(3000, 0, DOUBT_EACH)


def test_other_hosts_do_not_count_for_a_tenant_whose_own_errors_say_otherwise():
    found = bound(0.99, (1000, 30), (100_000, 10))

    assert not found.borrows
    assert found.least == lower_bound(1000, 30, DOUBT_EACH)


counts = st.integers(0, 3000).flatmap(lambda seen: st.tuples(st.just(seen), st.integers(0, seen)))


@given(own=counts, others=counts)
def test_one_more_error_never_gives_a_higher_bound(own, others):
    seen, wrong = own
    if wrong < seen:
        assert bound(0.99, (seen, wrong + 1), others).least <= bound(0.99, own, others).least + 1e-12


receipts = st.lists(
    st.builds(said, st.sampled_from([0.9, 0.96, 0.985, 0.992, 0.997, 0.9995]), st.booleans()), max_size=60
)


@given(rows=receipts, place=st.integers(0, 59), many=st.sampled_from([1, 40, 400]))
def test_one_more_error_never_automates_more(rows, place, many):
    rows = rows * many
    if place >= len(rows):
        return
    spoiled = [*rows[:place], said(rows[place].share, right=False), *rows[place + 1 :]]

    before = proven_threshold(bounds(tally(STRAIGHT, rows).get("bank", {}), {}), target=0.95)
    after = proven_threshold(bounds(tally(STRAIGHT, spoiled).get("bank", {}), {}), target=0.95)

    assert (after or 2.0) >= (before or 2.0)


@given(rows=receipts, chance=st.randoms(use_true_random=False))
def test_the_order_of_the_held_back_receipts_changes_nothing(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)

    assert tally(STRAIGHT, shuffled) == tally(STRAIGHT, rows)


def test_only_what_may_be_automated_counts_and_each_source_for_itself():
    rows = [said(0.9995), said(0.9995, right=False, eligible=False), said(0.96, right=False, source="stripe_charge")]

    found = tally(STRAIGHT, rows)

    assert found["bank"] == dict.fromkeys(THRESHOLDS, (1, 0))
    assert found["stripe_charge"][0.95] == (1, 1)
    assert found["stripe_charge"][0.98] == (0, 0)


def test_the_lowest_proven_threshold_is_chosen_and_none_without_proof():
    own = {0.95: (5000, 40), 0.98: (4500, 4), 0.99: (4000, 0), 0.995: (3900, 0), 0.999: (100, 0)}

    assert proven_threshold(bounds(own, {}), target=0.997) == 0.98
    assert proven_threshold(bounds(own, {}), target=0.9985) == 0.99
    assert proven_threshold(bounds(own, {}), target=0.9999) is None


def test_evidence_of_the_shipped_weights_survives_being_written_down():
    model = Model("1", {}, {}, {"bank": 0.99}, {"bank": {"0.99": (12_000, 3)}})

    again = Model.from_dict(model.to_dict())

    assert shipped_evidence(again, "bank") == {0.99: (12_000, 3)}
    assert shipped_evidence(again, "stripe_charge") == {}
    assert again.automatic == {"bank": 0.99}
