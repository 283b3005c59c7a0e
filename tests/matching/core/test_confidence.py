from dataclasses import replace
from datetime import date, timedelta

import pytest

from matching.core.confidence import LOOKED_AT, look, sureness
from matching.core.doubts import HALF_LIFE_DAYS, Doubts
from matching.core.engine import propose
from matching.core.scoring import Model, shipped_model
from matching.core.trees import Trees
from matching.core.types import Source
from matching.core.weighing import weigh
from tests.matching.core.cast import ANNA, TODAY, book, invoice, receipt, settled

# One tree: a single leaf. Two trees: the first asks for number 1 (below 0.5 gives -2, else 1), the second always 0.25.
NOTHING_LEARNED = Trees([0], [0], [0.0], [0], [0], [0.0])
TWO = Trees([0, 3], [1, 0, 0, 0], [0.5, 0.0, 0.0, 0.0], [1, 1, 2, 3], [2, 1, 2, 3], [0.0, -2.0, 1.0, 0.25])


def seen(text="RE-2026-01042", *debts, model=None, **changes):
    known = book(*(debts or (invoice("RE-2026-01042"),)))
    return weigh(receipt(text, **{"counterparty_name": "Kowalska Bau", **changes}), known, model or shipped_model())


def numbers(weighed):
    return dict(zip(LOOKED_AT, look(weighed), strict=True))


@pytest.mark.parametrize(("row", "total"), [([9.0, 0.5], -1.75), ([9.0, 0.51], 1.25), ([9.0, -3.0], -1.75)])
def test_trees_add_up_the_leaf_that_each_leads_to(row, total):
    assert TWO.total(row) == total


def test_no_trees_add_nothing():
    assert Trees([], [], [], [], [], []).total([1.0]) == 0.0


def test_trees_survive_being_written_down():
    again = Trees.from_dict(TWO.to_dict())

    assert (again.to_dict(), again.total([0.0, 1.0])) == (TWO.to_dict(), TWO.total([0.0, 1.0]))


@pytest.mark.parametrize(
    "arrays",
    [
        ([0], [0], [0.0], [1], [0], [0.0]),
        ([5], [0], [0.0], [0], [0], [0.0]),
        ([0], [0, 0], [0.0], [0], [0], [0.0]),
        ([0], [0, 0], [0.0, 0.0], [1, 0], [1, 0], [0.0, 0.0]),
    ],
)
def test_trees_that_lead_astray_are_refused(arrays):
    with pytest.raises(ValueError, match="tree"):
        Trees(*arrays)


def test_a_quoted_number_and_an_equal_rival_are_seen():
    weighed = seen("RE-2026-01042", invoice("RE-2026-01042"), invoice("RE-2026-01050"))

    found = numbers(weighed)

    assert (found["grade"], found["covered"], found["debts"], found["used"]) == (2.0, 1.0, 1.0, 1.0)
    assert (found["rival_of_same_client"], found["rival_of_same_amount"]) == (1.0, 1.0)
    assert (found["alike"], found["rank"], found["open"], found["age"], found["past_due"]) == (2.0, 0.0, 2.0, 7.0, -7.0)


def test_a_list_that_the_bank_cut_off_is_seen():
    assert numbers(seen("Invoice RE-2026-01042, RE-20"))["cut_off"] == 1.0
    assert numbers(seen("RE-2026-01042 thank you"))["cut_off"] == 0.0


def test_a_number_that_nothing_accounts_for_is_seen():
    assert numbers(seen("RE-2026-01042 ref 889911"))["unexplained"] == 1.0
    assert numbers(seen("RE-2026-01042"))["unexplained"] == 0.0


def test_a_payment_that_comes_later_than_this_client_pays_is_seen():
    habit = [settled(f"RE-2026-0090{n}", issue_date=TODAY - timedelta(days=40), days_ago=30) for n in (1, 2, 3)]
    late = invoice("RE-2026-00800", issue_date=TODAY - timedelta(days=70))

    found = numbers(seen("hosting", late, *habit))

    assert (found["against_habit"], found["since_last"]) == (60.0, 30.0)


def test_trees_move_the_probability_and_never_the_order():
    debts = (invoice("RE-2026-01042"), invoice("RE-2026-01050"))
    place = LOOKED_AT.index("alike")
    down = Trees([0], [place, 0, 0], [1.5, 0.0, 0.0], [1, 1, 2], [2, 1, 2], [0.0, 0.0, -3.0])
    model = replace(shipped_model(), trees={"bank": NOTHING_LEARNED})
    transfer = receipt("RE-2026-01042", counterparty_name="Kowalska Bau")

    before = propose(transfer, book(*debts), model=model)
    after = propose(transfer, book(*debts), model=replace(model, trees={"bank": down}))

    assert after.candidates[0].probability < before.candidates[0].probability
    assert after.candidates[0].allocations == before.candidates[0].allocations


def test_without_trees_the_share_itself_is_the_sureness():
    model = Model("plain", shipped_model().weights)
    weighed = seen(model=model)

    assert sureness(weighed, model) == weighed.shares[0]


def test_doubts_add_up_and_fade_by_half():
    doubts = Doubts()
    doubts.add(7, 0.5, date(2026, 1, 1))
    doubts.add(7, 0.25, date(2026, 1, 1))

    assert doubts.of(7, date(2026, 1, 1).toordinal()) == 0.75
    assert doubts.of(7, date(2026, 1, 1).toordinal() + HALF_LIFE_DAYS) == 0.375
    assert doubts.of(8, date(2026, 1, 1).toordinal()) == 0.0


def test_what_was_as_good_as_sure_leaves_no_doubt():
    doubts = Doubts()
    doubts.add(7, 0.001, date(2026, 1, 1))

    assert doubts.of(7, date(2026, 1, 1).toordinal()) == 0.0


def test_a_doubtful_past_of_the_client_is_seen():
    known = book(invoice("RE-2026-01042"))
    known.doubts.add(ANNA.id, 0.4, TODAY)

    weighed = weigh(receipt("hosting", counterparty_name="Kowalska Bau"), known, shipped_model())

    assert numbers(weighed)["doubts"] == 0.4
    assert weighed.of.found.receipt.source is Source.BANK
