"""The closed vocabulary of rules.

Units: amounts are unsigned integers in minor units of the rule's currency; a debit is compared by its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from matching.core.types import Span


class Direction(StrEnum):
    """Which way the money went, from the account's view."""

    IN = "in"
    OUT = "out"


class Action(StrEnum):
    """What a rule does with a payment that meets all its conditions."""

    SET_CLIENT = "set_client"
    SUGGEST_CLIENT = "suggest_client"
    IGNORE = "ignore"
    ALLOW_AUTOMATION = "allow_automation"
    FORBID_AUTOMATION = "forbid_automation"
    WRITE_OFF_FEE = "write_off_fee"


class Question(StrEnum):
    """What a rule answers; of the rules that answer the same question one is followed."""

    WHOSE = "whose"
    ALONE = "alone"
    SHORTAGE = "shortage"


QUESTION_OF = {
    Action.SET_CLIENT: Question.WHOSE,
    Action.SUGGEST_CLIENT: Question.WHOSE,
    Action.IGNORE: Question.WHOSE,
    Action.ALLOW_AUTOMATION: Question.ALONE,
    Action.FORBID_AUTOMATION: Question.ALONE,
    Action.WRITE_OFF_FEE: Question.SHORTAGE,
}


@dataclass(frozen=True, slots=True)
class TextTest:
    """Words that a text must hold, or a pattern that must be found in it; letters' case does not matter."""

    text: str
    is_pattern: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a payment must be like. What is empty or None asks for nothing; all the others must hold.

    Shape: `payer_account` is the keyed hash that the payment carries; `bank_account` is the account's key; `currency`
    is set whenever an amount is.
    """

    remittance: TextTest | None = None
    payer: TextTest | None = None
    payer_account: str = ""
    direction: Direction | None = None
    bank_account: int | None = None
    currency: str = ""
    least_minor: int | None = None
    most_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Shape: `client_id`, `ignore_reason` and `limit_minor` belong to the actions that need them."""

    id: int
    position: int
    name: str
    conditions: Conditions
    action: Action
    client_id: int | None = None
    ignore_reason: str = ""
    limit_minor: int = 0

    @property
    def question(self) -> Question:
        """What this rule answers."""
        return QUESTION_OF[self.action]


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may look at in one payment.

    Shape: `texts` are (field, text) in the order they are searched; `payer` likewise; `bank_account` is None for a
    charge.
    Units: `amount_minor` is signed from the account's view.
    """

    texts: tuple[tuple[str, str], ...]
    payer: tuple[tuple[str, str], ...]
    payer_account: str
    amount_minor: int
    currency: str
    bank_account: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A rule whose conditions a payment meets, and where in its texts."""

    rule: Rule
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about one payment: at most one answer a question.

    Shape: `matched` holds every rule whose conditions hold, in order, followed or not.
    """

    whose: Match | None = None
    alone: Match | None = None
    shortage: Match | None = None
    matched: tuple[Match, ...] = ()

    @property
    def followed(self) -> tuple[Match, ...]:
        """The rules that decide something."""
        return tuple(match for match in (self.whose, self.alone, self.shortage) if match is not None)


NO_RULE = Verdict()
