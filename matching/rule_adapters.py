"""Rows of rules and payments to the values that rules are judged with, and verdicts back to a row's JSON."""

from decimal import Decimal

from banking.models import BankTransaction
from matching.core.rules import types as rules
from matching.core.rules.evaluate import RuleBook
from matching.rule_models import MatchingRule
from payments.models import StripePayment
from payymo.shared.money import to_minor


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else to_minor(amount, currency)


def _test(text: str, is_pattern: bool) -> rules.TextTest | None:
    return rules.TextTest(text, is_pattern) if text else None


def to_conditions(row: MatchingRule) -> rules.Conditions:
    """Describe what a payment must be like."""
    return rules.Conditions(
        remittance=_test(row.remittance_text, row.remittance_is_pattern),
        payer=_test(row.payer_text, row.payer_is_pattern),
        payer_account=row.payer_account_hash,
        direction=rules.Direction(row.direction) if row.direction else None,
        bank_account=row.bank_account_id,
        currency=row.currency,
        least_minor=_minor(row.least_amount, row.currency),
        most_minor=_minor(row.most_amount, row.currency),
    )


def to_rule(row: MatchingRule) -> rules.Rule:
    """Describe a rule, paused or not; one that is not saved yet has the id 0."""
    return rules.Rule(
        id=row.pk or 0,
        position=row.position,
        name=row.name,
        conditions=to_conditions(row),
        action=rules.Action(row.action),
        client_id=row.client_id,
        ignore_reason=row.ignore_reason,
        limit_minor=_minor(row.fee_limit, row.currency) or 0,
    )


def load_rules(*, besides: int | None = None) -> RuleBook:
    """Read the active rules by one query; `besides` leaves one out."""
    rows = MatchingRule.objects.filter(is_paused=False, removed_at=None)
    return RuleBook(to_rule(row) for row in rows.order_by("position", "pk") if row.pk != besides)


def to_facts(row: BankTransaction | StripePayment) -> rules.Facts:
    """Describe what rules may look at in a payment. Units: its whole amount, whatever is allocated already."""
    if isinstance(row, BankTransaction):
        return rules.Facts(
            texts=(
                ("remittance_information", row.remittance_information),
                ("structured_reference", row.structured_reference),
            ),
            payer=(("counterparty_name", row.counterparty_name),),
            payer_account=row.counterparty_hash,
            amount_minor=to_minor(row.amount, row.currency),
            currency=row.currency,
            bank_account=row.account_id,
        )
    return rules.Facts(
        texts=(("description", row.description),),
        payer=(("counterparty_name", row.name), ("email", row.email)),
        payer_account=row.customer_id,
        amount_minor=to_minor(row.amount, row.currency),
        currency=row.currency,
    )
