"""What rules would have done to the payments of a period, compared with what people decided. Nothing is written.

The engine is not asked again, since the debts of that day are gone: a rule is compared with what is there, which is the
decision, or the suggestion that waits for one. Source: docs/adr/0013-a-rule-answers-one-of-three-questions.md
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import islice
from operator import or_

from django.db.models import Q
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching import rule_adapters
from matching.core.rules.evaluate import RuleBook
from matching.core.rules.types import Rule
from matching.locks import Receipt
from matching.rule_models import MatchingRule
from matching.services.rule_outcomes import Outcome, Past, load_pasts, outcome_of
from matching.services.rule_requeue import scope
from payments.models import StripePayment
from payymo.shared.errors import BadInput

MOST_PAYMENTS = 20_000
MOST_DAYS = 400
MOST_EXAMPLES = 20
DEFAULT_DAYS = 90
_CHUNK = 1000
_BANK_FIELDS = (
    "public_id", "account_id", "booking_date", "amount", "currency", "counterparty_name", "counterparty_hash",
    "remittance_information", "structured_reference", "state", "ignored_reason", "allocated",
)  # fmt: skip
_CHARGE_FIELDS = (
    "public_id", "charged_at", "amount", "currency", "name", "email", "customer_id", "description", "state",
    "ignored_reason", "allocated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """One payment that a rule concerns, and what following the rule would have been."""

    receipt_id: str
    day: date
    name: str
    text: str
    amount: Decimal
    currency: str
    outcome: Outcome


@dataclass(slots=True)
class Replayed:
    """What one rule would have done.

    Shape: `wrong` are among `changes`, which are among `matches`; `examples` are the most telling, wrong ones first.
    """

    rule: MatchingRule
    matches: int = 0
    changes: int = 0
    wrong: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Replay:
    """A period and what each rule would have done in it. `is_cut` says that only the newest payments were looked at."""

    since: date
    looked_at: int
    is_cut: bool
    rules: tuple[Replayed, ...]


def since_day(*, now: datetime, since: date | None = None) -> date:
    """Return the first day of a replay, by default of the last 90 days.

    Raises: BadInput for a day that is to come or too long ago.
    """
    today = now.date()
    day = since or today - timedelta(days=DEFAULT_DAYS)
    if not today - timedelta(days=MOST_DAYS) <= day <= today:
        raise BadInput(gettext("Choose a day of the last %(most_days)s days.") % {"most_days": MOST_DAYS})
    return day


def replay(*, rules: Sequence[MatchingRule], since: date, now: datetime, limit: int = MOST_PAYMENTS) -> Replay:
    """Try rules on the payments from a day on, beside the tenant's other active rules and in their place among them.

    Shape: a rule may be paused or not saved yet (without a primary key); at most `limit` payments, the newest first.
    Raises: BadInput for a day out of range.
    """
    day = since_day(now=now, since=since)
    tried = {rule.pk or 0: rule for rule in rules}
    others = [rule for rule in rule_adapters.load_rules().rules if rule.id not in tried]
    book = RuleBook([*others, *(rule_adapters.to_rule(rule) for rule in rules)])
    results = {key: Replayed(rule) for key, rule in tried.items()}
    looked_at = 0
    payments = _payments(rules, day)
    while chunk := list(islice(payments, min(_CHUNK, limit - looked_at))):
        looked_at += len(chunk)
        _replay_chunk(chunk, book, results)
    is_cut = next(payments, None) is not None
    for result in results.values():
        result.examples.sort(key=lambda each: (_ORDER[each.outcome], each.day), reverse=True)
        del result.examples[MOST_EXAMPLES:]
    return Replay(day, looked_at, is_cut, tuple(results.values()))


_ORDER = {Outcome.SAME: 0, Outcome.CHANGE: 1, Outcome.WRONG: 2}


def _payments(rules: Sequence[MatchingRule], day: date) -> Iterator[Receipt]:
    scopes = [scope(rule) for rule in rules]
    bank = _any([of_bank for of_bank, _ in scopes])
    charges = _any([of_charges for _, of_charges in scopes if of_charges is not None])
    if bank is not None:
        transactions = BankTransaction.objects.filter(bank, booking_date__gte=day).only(*_BANK_FIELDS)
        yield from transactions.order_by("-booking_date", "-pk").iterator(chunk_size=_CHUNK)
    if charges is not None:
        paid = StripePayment.objects.filter(charges, charged_at__date__gte=day).only(*_CHARGE_FIELDS)
        yield from paid.order_by("-charged_at", "-pk").iterator(chunk_size=_CHUNK)


def _any(scopes: list[Q]) -> Q | None:
    """Join scopes by "or"; one without a condition lets everything through, which joining by "or" would lose."""
    if not scopes:
        return None
    return Q() if not all(scopes) else reduce(or_, scopes)


def _replay_chunk(chunk: Iterable[Receipt], book: RuleBook, results: dict[int, Replayed]) -> None:
    concerned: list[tuple[Receipt, list[tuple[Rule, bool]]]] = []
    for receipt in chunk:
        verdict = book.judge(rule_adapters.to_facts(receipt))
        followed = {match.rule.id for match in verdict.followed}
        tried = [(match.rule, match.rule.id in followed) for match in verdict.matched if match.rule.id in results]
        if tried:
            concerned.append((receipt, tried))
    pasts = load_pasts([receipt for receipt, _ in concerned])
    for receipt, tried in concerned:
        for rule, is_followed in tried:
            _count(results[rule.id], receipt, rule, pasts[str(receipt.public_id)], is_followed=is_followed)


def _count(result: Replayed, receipt: Receipt, rule: Rule, past: Past, *, is_followed: bool) -> None:
    outcome = outcome_of(rule, past) if is_followed else Outcome.SAME
    result.matches += 1
    result.changes += outcome is not Outcome.SAME
    result.wrong += outcome is Outcome.WRONG
    kept = sum(1 for each in result.examples if each.outcome is outcome)
    if kept < MOST_EXAMPLES:
        result.examples.append(_example(receipt, outcome))


def _example(receipt: Receipt, outcome: Outcome) -> Example:
    if isinstance(receipt, BankTransaction):
        day, name, text = receipt.booking_date, receipt.counterparty_name, receipt.remittance_information
    else:
        day, name, text = receipt.charged_at.date(), receipt.name, receipt.description
    return Example(str(receipt.public_id), day, name, text, receipt.amount, receipt.currency, outcome)
