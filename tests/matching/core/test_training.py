from datetime import date, timedelta
from decimal import Decimal

import pytest

from matching.core.feed import Verdict, by_day
from matching.core.replay import Replay
from matching.core.scoring import Model, score, shares, shipped_model
from matching.core.training import Case, Label, collect, corrected, fit, judge
from tests.matching.core.cast import ANNA, MAREK, TODAY, book, invoice, receipt
from tests.matching.core.test_replay import row, to_minor

LATER = TODAY + timedelta(days=10)


class FewDays:
    """A past in memory; its invoices are all known from the start."""

    def __init__(self, rows, invoices, verdicts, model=None):
        self._rows = [row(one) for one in sorted(rows, key=lambda one: one.booking_date)]
        kept = {one.id: one for one in verdicts}
        self.replay = Replay(book(*invoices), to_minor=to_minor, verdicts=kept, model=model or shipped_model())

    def days(self):
        yield from by_day(self._rows)

    def run_day(self, day: date, rows):
        return self.replay.run_day(rows)


def paid(name: str, *lines: tuple[int, str]) -> Verdict:
    return Verdict(name, tuple((invoice_id, Decimal(amount)) for invoice_id, amount in lines), "")


def labels(*verdicts: Verdict) -> dict[str, Label]:
    return {one.id: Label(one) for one in verdicts}


def likelihood(cases, added):
    model = Model("1", added)
    chance = 1.0
    for case in cases:
        scores = [known + score(model, names) for known, names in zip(case.scores, case.choices, strict=True)]
        chance *= shares(scores)[case.taken]
    return chance


def case(taken: int, *choices: tuple[str, ...], scores=()) -> Case:
    return Case(choices, tuple(scores) or (0.0,) * len(choices), taken)


CASES = [case(0, ("number", "named"), ("amount",), ("none",))] * 5 + [case(2, ("amount",), ("amount",), ("none",))] * 3


def test_a_fit_makes_what_people_chose_likelier_than_before():
    added = fit(CASES, ridge=0.3)

    assert likelihood(CASES, added) > likelihood(CASES, {})
    assert added["number"] > added["amount"]


def test_a_strong_ridge_leaves_the_weights_where_they_were():
    assert max(abs(weight) for weight in fit(CASES, ridge=1e9).values()) < 1e-6


def test_a_feature_seen_twice_teaches_nothing():
    rare = [*CASES, case(0, ("rare", "number"), ("none",)), case(0, ("rare", "number"), ("none",))]

    assert "rare" not in fit(rare, ridge=0.3)
    assert fit([], ridge=0.3) == {}


def test_what_is_known_already_is_not_learned_twice():
    known = [
        case(one.taken, *one.choices, scores=(50.0 if place == one.taken else 0.0 for place in range(3)))
        for one in CASES
    ]

    assert max(abs(weight) for weight in fit(known, ridge=0.3).values()) < 1e-6


def test_a_correction_is_added_to_the_weights_and_leaves_the_base_alone():
    base = Model("1", {"a": 1.0, "b": 2.0}, {"bank": (1.0, 0.0)})

    after = corrected(base, {"b": -0.5, "c": 0.25})

    assert after.weights == {"a": 1.0, "b": 1.5, "c": 0.25}
    assert base.weights == {"a": 1.0, "b": 2.0}
    assert after.curves == base.curves


def two_payments():
    first = receipt("RE-2026-01042", id="early", counterparty_name="Kowalska Bau")
    second = receipt("hosting", id="late", amount_minor=4900, counterparty_name="Marek Novak", booking_date=LATER)
    debts = (
        invoice("RE-2026-01042"),
        invoice("RE-2026-01043", 4900, client=MAREK),
        invoice("RE-2026-01044", 5900, client=ANNA),
    )
    return [first, second], debts


def test_every_labelled_choice_before_the_cut_is_collected():
    rows, debts = two_payments()
    verdicts = (paid("early", (202601042, "119.00")), paid("late", (202601043, "49.00")))

    cases, missed = collect(FewDays(rows, debts, verdicts), labels(*verdicts), until=LATER)

    assert (len(cases), missed) == (1, 0)
    assert cases[0].taken == 0
    assert len(cases[0].choices) == len(cases[0].scores)


def test_an_answer_that_was_never_offered_is_counted_as_missed():
    rows, debts = two_payments()
    verdict = paid("early", (202601043, "1.00"), (202601044, "1.00"))

    assert collect(FewDays(rows, debts, (verdict,)), labels(verdict)) == ([], 1)


def test_what_happened_automatically_teaches_no_weight_but_is_judged():
    rows, debts = two_payments()
    verdict = paid("early", (202601042, "119.00"))
    alone = {"early": Label(verdict, by_person=False)}

    assert collect(FewDays(rows, debts, (verdict,)), alone) == ([], 0)
    [found] = judge(FewDays(rows, debts, (verdict,)), alone)
    assert (found.right, found.by_person, found.provable) == (True, False, True)


def test_a_held_back_receipt_is_judged_without_its_verdict():
    rows, debts = two_payments()
    wrong = paid("late", (202601044, "49.00"))

    [found] = judge(FewDays(rows, debts, (wrong,)), labels(wrong), since=LATER)

    assert (found.day, found.source, found.kind, found.right) == (LATER, "bank", "single", False)
    assert 0.5 < found.share < 1.0


def test_before_the_cut_verdicts_shape_the_state_and_after_it_they_do_not():
    twice = [
        receipt("hosting", id="a", counterparty_name="Kowalska Bau GmbH"),
        receipt("hosting", id="b", counterparty_name="Kowalska Bau GmbH", booking_date=LATER),
    ]
    verdicts = (paid("a", (202601044, "119.00")), paid("b", (202601042, "119.00")))
    debts = (invoice("RE-2026-01042"), invoice("RE-2026-01044"))

    [known] = judge(FewDays(twice, debts, verdicts), labels(verdicts[1]), since=LATER)
    [unknown] = judge(FewDays(twice, debts, verdicts), labels(verdicts[1]), since=TODAY)

    assert (known.right, unknown.right) == (True, False)


@pytest.mark.parametrize(
    ("refused", "said"), [(((202601042, Decimal("119.00")),), [False]), (((202601044, Decimal("59.00")),), [])]
)
def test_a_rejection_alone_counts_only_against_what_was_rejected(refused, said):
    rows, debts = two_payments()

    found = judge(FewDays(rows, debts, ()), {"early": Label(None, (refused,))})

    assert [one.right for one in found] == said
