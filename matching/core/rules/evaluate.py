"""Which rules a payment meets, and which of them are followed. Pure and independent of the order of input."""

from __future__ import annotations

from collections.abc import Iterable

from matching.core.rules.patterns import find
from matching.core.rules.types import (
    NO_RULE,
    Action,
    Conditions,
    Direction,
    Facts,
    Match,
    Question,
    Rule,
    TextTest,
    Verdict,
)
from matching.core.types import Span


class RuleBook:
    """A tenant's active rules, ready to be asked about many payments."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.position, rule.id)))
        self._of_account: dict[str, list[int]] = {}
        self._of_anybody: list[int] = []
        for place, rule in enumerate(self.rules):
            if rule.conditions.payer_account:
                self._of_account.setdefault(rule.conditions.payer_account, []).append(place)
            else:
                self._of_anybody.append(place)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def judge(self, facts: Facts) -> Verdict:
        """Say which rules hold, and the one that is followed for each question.

        The first in order is followed, except that a rule against automation beats every rule for it.
        Source: docs/adr/0013-a-rule-answers-one-of-three-questions.md
        """
        of_account = self._of_account.get(facts.payer_account, ()) if facts.payer_account else ()
        places = sorted((*of_account, *self._of_anybody)) if of_account else self._of_anybody
        matched: list[Match] = []
        for place in places:
            spans = spans_of(self.rules[place].conditions, facts)
            if spans is not None:
                matched.append(Match(self.rules[place], spans))
        if not matched:
            return NO_RULE
        return Verdict(
            whose=_first(matched, Question.WHOSE),
            alone=_first([each for each in matched if each.rule.action is Action.FORBID_AUTOMATION], Question.ALONE)
            or _first(matched, Question.ALONE),
            shortage=_first(matched, Question.SHORTAGE),
            matched=tuple(matched),
        )


def _first(matched: list[Match], question: Question) -> Match | None:
    return next((match for match in matched if match.rule.question is question), None)


def spans_of(conditions: Conditions, facts: Facts) -> tuple[Span, ...] | None:
    """Where the payment meets the conditions, or None when one of them does not hold.

    Shape: empty when they hold and none of them is about a text; a condition about a whole field has an empty span.
    """
    if not _holds_without_texts(conditions, facts):
        return None
    spans: list[Span] = []
    if conditions.payer_account:
        spans.append(Span("counterparty_account", 0, 0))
    for test, texts in ((conditions.remittance, facts.texts), (conditions.payer, facts.payer)):
        if test is not None:
            span = _span(test, texts)
            if span is None:
                return None
            spans.append(span)
    return tuple(spans)


def _holds_without_texts(conditions: Conditions, facts: Facts) -> bool:
    if conditions.payer_account and conditions.payer_account != facts.payer_account:
        return False
    if conditions.bank_account is not None and conditions.bank_account != facts.bank_account:
        return False
    if conditions.currency and conditions.currency != facts.currency:
        return False
    if conditions.direction is Direction.IN and facts.amount_minor <= 0:
        return False
    if conditions.direction is Direction.OUT and facts.amount_minor >= 0:
        return False
    size = abs(facts.amount_minor)
    if conditions.least_minor is not None and size < conditions.least_minor:
        return False
    return conditions.most_minor is None or size <= conditions.most_minor


def _span(test: TextTest, texts: Iterable[tuple[str, str]]) -> Span | None:
    for field, text in texts:
        found = find(test, text) if text else None
        if found is not None:
            return Span(field, *found)
    return None
