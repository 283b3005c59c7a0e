from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.pairing import Clue, Entry, Pair, find_returns, find_transfers

DAY = date(2026, 11, 2)


def entry(key, amount, *, day=0, account=1, **told):
    told.setdefault("name", "Northwind Ltd")
    return Entry(
        id=key, account=account, booking_date=DAY + timedelta(day), amount_minor=amount, currency="EUR", **told
    )


PAYMENT = entry(1, 5000, text="Invoice INV-204 hosting", end_to_end_id="E2E-1", bank_references=("BANKREF-77001",))


@pytest.mark.parametrize(
    ("told", "clue"),
    [
        ({"end_to_end_id": "E2E-1", "name": "", "sign": "text"}, Clue.END_TO_END),
        ({"text": "Return of BANKREF-77001", "name": "", "sign": "text"}, Clue.QUOTED),
        ({"text": "Return: Invoice INV-204 hosting", "sign": "text"}, Clue.SAME_TEXT),
        ({"text": "AC04", "sign": "bank"}, Clue.PAYER),
    ],
)
def test_a_return_is_linked_by_its_strongest_clue(told, clue):
    back = entry(2, -5000, day=3, **told)

    assert find_returns([back], [PAYMENT, back]) == (Pair(1, 2, clue),)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Return", "sign": "text"}, {"amount_minor": -5001, "sign": "bank"}, {"name": "Who", "sign": "bank"},
        {"account": 2, "sign": "bank"}, {"booking_date": DAY - timedelta(1), "sign": "bank"},
        {"booking_date": DAY + timedelta(401), "sign": "bank"}, {"currency": "CHF", "sign": "bank"},
        {"other_account": "x", "name": "", "sign": "bank"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_linked(change):
    assert find_returns([replace(entry(2, -5000, day=3), **change)], [PAYMENT]) == ()


def test_a_tie_is_left_for_a_person():
    back = entry(3, -5000, day=3, sign="bank")

    assert find_returns([back], [PAYMENT, entry(2, 5000)]) == ()


def test_a_stronger_clue_breaks_a_tie():
    back = entry(3, -5000, day=3, sign="bank", end_to_end_id="E2E-1")

    assert find_returns([back], [PAYMENT, entry(2, 5000)]) == (Pair(1, 3, Clue.END_TO_END),)


def test_two_returns_of_one_payment_are_both_left():
    backs = [entry(key, -5000, day=3, sign="bank") for key in (2, 3)]

    assert find_returns(backs, [PAYMENT]) == ()


def test_a_return_with_the_banks_charge_is_found_by_the_instructed_amount_and_an_id():
    back = entry(2, -5350, day=3, sign="bank", instructed_minor=5000, end_to_end_id="E2E-1")

    assert find_returns([back], [PAYMENT]) == (Pair(1, 2, Clue.END_TO_END),)
    assert find_returns([replace(back, end_to_end_id="")], [PAYMENT]) == ()


def test_a_refund_of_ours_that_came_back_is_a_return_too():
    sent = entry(1, -2000, end_to_end_id="REFUND-9")
    back = entry(2, 2000, day=2, end_to_end_id="REFUND-9", sign="bank")

    assert find_returns([back], [sent]) == (Pair(1, 2, Clue.END_TO_END),)


def test_what_a_person_took_apart_stays_apart():
    back = entry(2, -5000, day=3, sign="bank")

    assert find_returns([back], [PAYMENT], refused={(1, 2)}) == ()
    assert find_transfers(SIDES, OWN, refused={(1, 2)}) == ()


OWN = {1: "main", 2: "reserve", 3: ""}
SIDES = [entry(1, -900, other_account="reserve"), entry(2, 900, account=2, other_account="main", day=1)]


def test_two_sides_that_name_each_other_are_a_transfer():
    assert find_transfers(SIDES, OWN) == (Pair(1, 2, Clue.ACCOUNTS),)


def test_equal_transfers_stand_for_one_another():
    more = [replace(one, id=one.id + 2) for one in SIDES]

    assert find_transfers([*more, *SIDES], OWN) == (Pair(1, 2, Clue.ACCOUNTS), Pair(3, 4, Clue.ACCOUNTS))


def test_a_side_that_names_nobody_is_one_when_nothing_else_fits():
    silent = replace(SIDES[1], other_account="")

    assert find_transfers([SIDES[0], silent], OWN) == (Pair(1, 2, Clue.ACCOUNTS),)
    assert find_transfers([SIDES[0], silent, replace(silent, id=3)], OWN) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"other_account": "customer"}, {"amount_minor": 901}, {"currency": "USD"}, {"account": 3},
        {"booking_date": DAY + timedelta(6)}, {"booking_date": DAY - timedelta(3)}, {"amount_minor": -900},
    ],
)  # fmt: skip
def test_what_is_no_other_side_is_not_paired(change):
    assert find_transfers([SIDES[0], replace(SIDES[1], **change)], OWN) == ()


def test_two_silent_sides_prove_nothing():
    assert find_transfers([replace(one, other_account="") for one in SIDES], OWN) == ()


_ENTRIES = st.lists(
    st.builds(
        entry, st.just(0), st.sampled_from([-900, 900, -500, 500]), day=st.integers(0, 4), account=st.integers(1, 2),
        other_account=st.sampled_from(["", "main", "reserve", "customer"]), sign=st.sampled_from(["", "text", "bank"]),
        end_to_end_id=st.sampled_from(["", "E1", "E2"]), name=st.sampled_from(["", "A Ltd"]),
    ),
    max_size=9,
).map(lambda made: [replace(one, id=key) for key, one in enumerate(made, 1)])  # fmt: skip


@given(_ENTRIES, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_pairs_of_opposite_sums_and_uses_nothing_twice(entries, chance):
    by_id = {one.id: one for one in entries}
    shuffled = chance.sample(entries, len(entries))
    returns, shuffled_returns = ([one for one in each if one.sign] for each in (entries, shuffled))

    found = find_returns(returns, entries)
    transfers = find_transfers(entries, OWN)

    assert (find_returns(shuffled_returns, shuffled), find_transfers(shuffled, OWN)) == (found, transfers)
    for pairs in (found, transfers):
        assert all(by_id[pair.earlier].amount_minor == -by_id[pair.later].amount_minor for pair in pairs)
        assert len({pair.earlier for pair in pairs}) == len({pair.later for pair in pairs}) == len(pairs)
    used = [key for pair in transfers for key in (pair.earlier, pair.later)]
    assert len(used) == len(set(used))
