from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core.rules.evaluate import RuleBook, spans_of
from matching.core.rules.types import QUESTION_OF, Action, Conditions, Direction, Facts, Rule, TextTest
from matching.core.types import Span

PAYMENT = Facts(
    texts=(("remittance_information", "Lohn 11/2026 KD 4711"), ("structured_reference", "RF18539007547034")),
    payer=(("counterparty_name", "Müller GmbH"),),
    payer_account="h1",
    amount_minor=11900,
    currency="EUR",
    bank_account=7,
)


def rule(serial, action=Action.IGNORE, position=None, **conditions):
    return Rule(
        id=serial,
        position=serial if position is None else position,
        name=f"Rule {serial}",
        conditions=Conditions(**conditions),
        action=action,
        client_id=1,
        ignore_reason="other",
    )


@pytest.mark.parametrize(
    "conditions",
    [
        {"remittance": TextTest("lohn")},
        {"remittance": TextTest("rf18")},
        {"payer": TextTest(r"^M.ller", is_pattern=True)},
        {"payer_account": "h1"},
        {"direction": Direction.IN},
        {"bank_account": 7},
        {"currency": "EUR"},
        {"currency": "EUR", "least_minor": 11900, "most_minor": 11900},
        {"payer_account": "h1", "remittance": TextTest("kd 4711"), "payer": TextTest("gmbh"), "bank_account": 7},
    ],
)
def test_a_payment_meets_the_conditions(conditions):
    assert spans_of(Conditions(**conditions), PAYMENT) is not None


@pytest.mark.parametrize(
    "conditions",
    [
        {"remittance": TextTest("miete")},
        {"remittance": TextTest("müller")},
        {"payer": TextTest("lohn")},
        {"payer_account": "h2"},
        {"direction": Direction.OUT},
        {"bank_account": 8},
        {"currency": "USD"},
        {"currency": "EUR", "least_minor": 11901},
        {"currency": "EUR", "most_minor": 11899},
        {"payer_account": "h1", "remittance": TextTest("miete")},
    ],
)
def test_one_condition_that_does_not_hold_is_enough(conditions):
    assert spans_of(Conditions(**conditions), PAYMENT) is None


def test_a_debit_is_compared_by_its_size_and_zero_goes_neither_way():
    out = replace(PAYMENT, amount_minor=-500)
    nothing = replace(PAYMENT, amount_minor=0)

    assert spans_of(Conditions(direction=Direction.OUT, currency="EUR", most_minor=500), out) is not None
    assert spans_of(Conditions(direction=Direction.OUT), nothing) is None
    assert spans_of(Conditions(direction=Direction.IN), nothing) is None


def test_a_match_says_where():
    conditions = Conditions(remittance=TextTest("4711"), payer=TextTest("müller"), payer_account="h1")

    assert spans_of(conditions, PAYMENT) == (
        Span("counterparty_account", 0, 0),
        Span("remittance_information", 16, 20),
        Span("counterparty_name", 0, 6),
    )


def test_the_first_rule_answers_a_question():
    verdict = RuleBook([rule(2, Action.SET_CLIENT), rule(1, Action.IGNORE), rule(3, Action.WRITE_OFF_FEE)]).judge(
        PAYMENT
    )

    assert (verdict.whose.rule.id, verdict.shortage.rule.id, verdict.alone) == (1, 3, None)
    assert [match.rule.id for match in verdict.matched] == [1, 2, 3]


def test_forbidding_beats_an_earlier_permission():
    verdict = RuleBook([rule(1, Action.ALLOW_AUTOMATION), rule(2, Action.FORBID_AUTOMATION)]).judge(PAYMENT)

    assert verdict.alone.rule.id == 2


def test_a_payment_without_an_account_meets_no_rule_about_one():
    assert RuleBook([rule(1, payer_account="h1")]).judge(replace(PAYMENT, payer_account="")).matched == ()


texts = st.text(alphabet="abKD 1ü", max_size=12)
tests = st.builds(TextTest, st.sampled_from(["a", "kd", "1", "ü", "b b"]))
conditions = st.builds(
    Conditions,
    remittance=st.none() | tests,
    payer=st.none() | tests,
    payer_account=st.sampled_from(["", "h1", "h2"]),
    direction=st.none() | st.sampled_from(list(Direction)),
    bank_account=st.none() | st.integers(1, 2),
    currency=st.just("EUR"),
    least_minor=st.none() | st.integers(0, 50),
    most_minor=st.none() | st.integers(0, 50),
)
facts = st.builds(
    Facts,
    texts=st.tuples(st.tuples(st.just("remittance_information"), texts)),
    payer=st.tuples(st.tuples(st.just("counterparty_name"), texts)),
    payer_account=st.sampled_from(["", "h1", "h2"]),
    amount_minor=st.integers(-60, 60),
    currency=st.sampled_from(["EUR", "USD"]),
    bank_account=st.none() | st.integers(1, 2),
)


@st.composite
def rule_lists(draw):
    count = draw(st.integers(0, 8))
    return [
        Rule(serial, draw(st.integers(0, 3)), f"r{serial}", draw(conditions), draw(st.sampled_from(list(Action))))
        for serial in range(1, count + 1)
    ]


@given(rule_lists(), facts, st.randoms(use_true_random=False))
def test_the_order_of_input_does_not_matter(rules, payment, random):
    shuffled = list(rules)
    random.shuffle(shuffled)

    assert RuleBook(rules).judge(payment) == RuleBook(shuffled).judge(payment)


@given(rule_lists(), facts)
def test_the_verdict_is_what_its_definition_says(rules, payment):
    verdict = RuleBook(rules).judge(payment)

    ordered = sorted(rules, key=lambda each: (each.position, each.id))
    holding = [each for each in ordered if spans_of(each.conditions, payment) is not None]
    assert [match.rule for match in verdict.matched] == holding
    whose = [each for each in holding if QUESTION_OF[each.action] == "whose"]
    assert (verdict.whose.rule if verdict.whose else None) == (whose[0] if whose else None)
    forbidding = [each for each in holding if each.action is Action.FORBID_AUTOMATION]
    allowing = [each for each in holding if each.action is Action.ALLOW_AUTOMATION]
    expected = (forbidding or allowing or [None])[0]
    assert (verdict.alone.rule if verdict.alone else None) == expected


@given(rule_lists(), facts, conditions, st.sampled_from(list(Action)))
def test_a_later_rule_changes_no_answer_that_was_given(rules, payment, added, action):
    before = RuleBook(rules).judge(payment)
    after = RuleBook([*rules, Rule(99, 9, "later", added, action)]).judge(payment)

    assert before.whose is None or after.whose == before.whose
    assert before.shortage is None or after.shortage == before.shortage
    if before.alone is not None and before.alone.rule.action is Action.FORBID_AUTOMATION:
        assert after.alone == before.alone


@given(rule_lists(), facts)
def test_every_span_lies_in_its_text(rules, payment):
    lengths = {field: len(text) for field, text in (*payment.texts, *payment.payer)}
    for match in RuleBook(rules).judge(payment).matched:
        for span in match.spans:
            assert 0 <= span.start <= span.end <= lengths.get(span.field, 0)
