from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.rules.apply import apply
from matching.core.rules.evaluate import RuleBook
from matching.core.rules.types import Action, Conditions, Facts, Rule, TextTest
from matching.core.types import (
    Allocation,
    Band,
    Candidate,
    CandidateKind,
    NoneReason,
    ReasonCode,
    Suggestion,
)

ANNA, MAREK = 1, 2
PAYMENT = Facts((("remittance_information", "hosting for my son"),), (("counterparty_name", "Eva"),), "h1", 9500, "EUR")
OWED = {10: ("EUR", 9500), 11: ("EUR", 10000), 20: ("EUR", 9500), 30: ("USD", 10000)}


def candidate(invoice_id, amount=9500, *, client=ANNA, probability=0.9, band=Band.LIKELY, kind=CandidateKind.SINGLE):
    return Candidate((Allocation(invoice_id, amount),), client, kind, probability, band)


def suggestion(*candidates, tie=False, none=None, auto=False):
    return Suggestion("t1", candidates, tie, none, auto, "v1")


NOTHING = suggestion(none=NoneReason.NO_CANDIDATE)


def rule(action, serial=1, *, client=ANNA, limit=0, conditions=None):
    return Rule(
        serial, serial, f"Rule {serial}", conditions or Conditions(currency="EUR"), action, client, "other", limit
    )


def ruled(rules, answer, of_client=NOTHING):
    asked = []

    def ask(client_id):
        asked.append(client_id)
        return of_client

    return apply(RuleBook(rules).judge(PAYMENT), answer, ask=ask, owed=OWED.get), asked


def codes(reasons):
    return [(reason.code, str(reason.agrees)) for reason in reasons]


def test_without_a_matching_rule_nothing_changes():
    answer = suggestion(candidate(10), auto=True)
    missing = rule(Action.FORBID_AUTOMATION, conditions=Conditions(remittance=TextTest("salary")))

    outcome, asked = ruled([missing], answer)

    assert (outcome, asked) == (answer, [])


def test_a_client_rule_lets_only_that_clients_debts_explain_the_payment():
    answer = suggestion(candidate(20, client=MAREK, probability=0.6))
    of_anna = suggestion(candidate(10, probability=0.95, band=Band.EXACT), auto=True)

    outcome, asked = ruled([rule(Action.SET_CLIENT)], answer, of_anna)

    [best] = outcome.candidates
    assert (asked, best.client_id, best.probability) == ([ANNA], ANNA, 0.95)
    assert codes(best.reasons) == [(ReasonCode.RULE, "yes")]
    assert best.reasons[0].weight > 0
    assert not outcome.auto


def test_a_client_rule_that_the_engine_shares_only_signs_the_answer():
    answer = suggestion(candidate(10, band=Band.EXACT), auto=True)

    outcome, asked = ruled([rule(Action.SET_CLIENT)], answer)

    assert asked == []
    assert (outcome.auto, outcome.candidates[0].probability) == (True, 0.9)
    assert outcome.candidates[0].reasons[0].values["rule"] == "Rule 1"


def test_a_client_rule_settles_a_tie_between_two_clients_but_not_alone():
    answer = suggestion(
        candidate(10, probability=0.45), candidate(20, client=MAREK, probability=0.45), tie=True,
        none=NoneReason.AMBIGUOUS,
    )  # fmt: skip

    outcome, _ = ruled(
        [rule(Action.SET_CLIENT), rule(Action.ALLOW_AUTOMATION, 2)], answer, suggestion(candidate(10, probability=0.97))
    )

    assert [each.client_id for each in outcome.candidates] == [ANNA]
    assert (outcome.tie, outcome.auto) == (False, False)


def test_a_client_that_owes_nothing_leaves_no_suggestion():
    outcome, _ = ruled([rule(Action.SET_CLIENT)], suggestion(candidate(20, client=MAREK, probability=0.6)))

    assert (outcome.candidates, outcome.none_reason) == ((), NoneReason.NO_CANDIDATE)


def test_a_client_rule_never_hides_an_exact_match_of_somebody_else():
    exact = candidate(20, client=MAREK, probability=0.995, band=Band.EXACT)

    outcome, _ = ruled([rule(Action.SET_CLIENT)], suggestion(exact, auto=True), suggestion(candidate(10)))

    first, second = outcome.candidates
    assert (first.client_id, second.client_id, second.band) == (MAREK, ANNA, Band.POSSIBLE)
    assert codes(first.why_not) == [(ReasonCode.RULE, "no")]
    assert sum(each.probability for each in outcome.candidates) <= 1
    assert (outcome.tie, outcome.auto) == (True, False)


def test_a_suggested_client_comes_beside_the_engines_own():
    answer = suggestion(candidate(20, client=MAREK, probability=0.7))

    outcome, _ = ruled([rule(Action.SUGGEST_CLIENT)], answer, suggestion(candidate(10, probability=0.9)))

    first, second = outcome.candidates
    assert (first.client_id, second.client_id, second.band) == (MAREK, ANNA, Band.POSSIBLE)
    assert second.probability == pytest.approx(0.3)


def test_a_suggested_client_is_a_suggestion_where_there_was_none():
    outcome, _ = ruled([rule(Action.SUGGEST_CLIENT)], NOTHING, suggestion(candidate(10, probability=0.9)))

    [only] = outcome.candidates
    assert (only.band, outcome.none_reason) == (Band.POSSIBLE, None)


@pytest.mark.parametrize("none", [NoneReason.DEBIT, NoneReason.PAYOUT, NoneReason.OWN_TRANSFER])
def test_a_client_rule_makes_no_invoice_payment_of_a_payout_or_an_own_transfer(none):
    answer = suggestion(none=none)

    outcome, asked = ruled([rule(Action.SET_CLIENT)], answer, suggestion(candidate(10)))

    assert (outcome, asked) == (answer, [])


def test_an_ignore_rule_names_the_reason_and_keeps_the_suggestion_for_an_undo():
    answer = suggestion(candidate(10, probability=0.4, band=Band.POSSIBLE))

    outcome, _ = ruled([rule(Action.IGNORE)], answer)

    assert outcome.ignored_by == 1
    assert outcome.candidates == answer.candidates


def test_an_ignore_rule_yields_to_an_exact_match():
    outcome, _ = ruled([rule(Action.IGNORE)], suggestion(candidate(10, band=Band.EXACT), auto=True))

    assert outcome.ignored_by is None
    assert codes(outcome.candidates[0].why_not) == [(ReasonCode.RULE, "no")]
    assert not outcome.auto


def test_an_ignore_rule_leaves_a_payout_to_be_settled():
    outcome, _ = ruled([rule(Action.IGNORE)], replace(suggestion(none=NoneReason.PAYOUT), payout_id="po_1"))

    assert outcome.ignored_by is None


def test_an_ignore_rule_may_name_an_own_transfer():
    outcome, _ = ruled([rule(Action.IGNORE)], suggestion(none=NoneReason.OWN_TRANSFER))

    assert outcome.ignored_by == 1


def test_forbidding_beats_allowing_and_the_engine():
    rules = [rule(Action.ALLOW_AUTOMATION), rule(Action.FORBID_AUTOMATION, 2)]

    outcome, _ = ruled(rules, suggestion(candidate(10, band=Band.EXACT), auto=True))

    assert not outcome.auto


def test_allowing_lifts_the_engines_own_caution():
    outcome, _ = ruled([rule(Action.ALLOW_AUTOMATION)], suggestion(candidate(10)))

    assert outcome.auto


@pytest.mark.parametrize(
    "answer",
    [
        suggestion(candidate(10), tie=True, none=NoneReason.AMBIGUOUS),
        suggestion(candidate(10), none=NoneReason.PAID_TWICE),
        suggestion(candidate(10, band=Band.POSSIBLE)),
        suggestion(candidate(11, kind=CandidateKind.UNDER)),
        suggestion(candidate(30, kind=CandidateKind.FX)),
        suggestion(candidate(10, kind=CandidateKind.OVER)),
        suggestion(candidate(10, client=None, kind=CandidateKind.GROUP)),
        NOTHING,
    ],
)
def test_allowing_never_lifts_a_tie_a_doubt_or_an_odd_amount(answer):
    outcome, _ = ruled([rule(Action.ALLOW_AUTOMATION)], answer)

    assert not outcome.auto


def test_a_small_shortage_is_written_off_and_waits_for_a_person():
    short = suggestion(candidate(11, kind=CandidateKind.UNDER), auto=True)
    rules = [rule(Action.WRITE_OFF_FEE, limit=500), rule(Action.ALLOW_AUTOMATION, 2)]

    outcome, _ = ruled(rules, short)

    [best] = outcome.candidates
    assert best.allocations == (Allocation(11, 9500, fee_minor=500),)
    assert best.reasons[-1].values["fee"] == "500"
    assert not outcome.auto


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        (suggestion(candidate(11, kind=CandidateKind.UNDER)), 499),
        (suggestion(candidate(10)), 500),
        (suggestion(candidate(30, 9500, kind=CandidateKind.FX)), 500),
        (suggestion(candidate(99)), 500),
    ],
)
def test_nothing_else_is_written_off(answer, limit):
    outcome, _ = ruled([rule(Action.WRITE_OFF_FEE, limit=limit)], answer)

    assert outcome.candidates == answer.candidates


def test_two_short_invoices_are_not_written_off():
    both = replace(candidate(10, 9400), allocations=(Allocation(10, 9400), Allocation(11, 9900)))

    outcome, _ = ruled([rule(Action.WRITE_OFF_FEE, limit=500)], suggestion(both))

    assert outcome.candidates == (both,)


actions = st.lists(st.sampled_from(list(Action)), max_size=5)
answers = st.builds(
    Suggestion,
    st.just("t1"),
    st.lists(
        st.builds(
            candidate,
            st.sampled_from([10, 11, 20]),
            st.integers(1, 9500),
            client=st.sampled_from([ANNA, MAREK, None]),
            probability=st.sampled_from([0.01, 0.1, 0.3, 0.499]),
            band=st.sampled_from(list(Band)),
            kind=st.sampled_from(list(CandidateKind)),
        ),
        max_size=2,
    ).map(tuple),
    st.booleans(),
    st.none() | st.sampled_from(list(NoneReason)),
    st.just(False),
    st.just("v1"),
)


@given(actions, answers, answers, st.booleans())
def test_whatever_the_rules_no_answer_goes_alone_that_should_not(chosen, answer, of_client, auto):
    answer = replace(answer, auto=auto and bool(answer.candidates) and not answer.tie and answer.none_reason is None)
    rules = [rule(action, serial, limit=5000) for serial, action in enumerate(chosen, 1)]

    outcome, _ = ruled(rules, answer, of_client)

    result = outcome
    assert sum(each.probability for each in result.candidates) <= 1.0 + 1e-9
    assert len(result.candidates) <= 5
    if result.auto:
        assert not result.tie
        assert result.none_reason is None
        assert result.candidates[0].allocations == answer.candidates[0].allocations
        assert Action.FORBID_AUTOMATION not in chosen
        assert outcome.ignored_by is None
    for each in result.candidates:
        for line in each.allocations:
            assert 0 <= line.fee_minor <= 5000
            assert line.amount_minor + line.fee_minor <= max(OWED[line.invoice_id][1], line.amount_minor)
