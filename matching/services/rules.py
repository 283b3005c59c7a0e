"""A tenant's own rules: made, changed, paused, put in order, removed. What they do is in `ruling` and `rule_ignoring`.

A change leaves `requeued_at` empty; the next round puts every open payment that it may concern back in line.
"""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from accounts.models import User
from banking.adapters import compact_iban, iban_hash
from matching import locks
from matching.core.rules.patterns import UnusablePattern, check
from matching.core.rules.types import TextTest
from matching.models import Decision
from matching.rule_models import MatchingRule
from matching.services.setting_aside import IGNORE_REASONS
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.money import UnknownCurrency, UnreadableAmount, check_currency, to_minor
from tenants import sealing

Action = MatchingRule.Action
MOST_RULES = 200
_CLIENT_ACTIONS = (Action.SET_CLIENT, Action.SUGGEST_CLIENT)


class UnusableRule(BadInput):
    """The rule does not make sense or would do too much."""

    code = "unusable_rule"


class TooManyRules(Conflict):
    """The tenant has as many rules as are judged within a bounded time."""

    code = "too_many_rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """What a rule is to say.

    Shape: `client_id` and `bank_account_id` are primary keys of this tenant; `payer_account_hash` comes from
    `payer_account` or from a payment's row; an empty name is made of the conditions.
    """

    action: str
    name: str = ""
    remittance_text: str = ""
    remittance_is_pattern: bool = False
    payer_text: str = ""
    payer_is_pattern: bool = False
    payer_account_hash: str = ""
    payer_account_last4: str = ""
    direction: str = ""
    bank_account_id: int | None = None
    currency: str = ""
    least_amount: Decimal | None = None
    most_amount: Decimal | None = None
    client_id: int | None = None
    ignore_reason: str = ""
    fee_limit: Decimal | None = None


def payer_account(text: str) -> tuple[str, str]:
    """Return the key under which payments carry this account number or card customer, and its last four characters.

    Shape: two empty texts for an empty one.
    """
    compact = compact_iban(text)
    if not compact:
        return "", ""
    if text.strip().startswith("cus_"):
        return text.strip()[:64], text.strip()[-4:]
    return iban_hash(compact, key=sealing.data_key()), compact[-4:]


def checked(draft: RuleDraft) -> RuleDraft:
    """Return the draft as it is saved: trimmed, without what its action does not use, named.

    Raises: UnusableRule with a sentence that says what to change.
    """
    if draft.action not in Action.values:
        raise UnusableRule(gettext("action is one of %(names)s.") % {"names": ", ".join(Action.values)})
    values = asdict(draft)
    for field in ("name", "remittance_text", "payer_text", "payer_account_hash"):
        values[field] = values[field].strip()
    values["currency"] = _currency(draft.currency)
    if draft.action not in _CLIENT_ACTIONS:
        values["client_id"] = None
    if draft.action != Action.IGNORE:
        values["ignore_reason"] = ""
    if draft.action != Action.WRITE_OFF_FEE:
        values["fee_limit"] = None
    trimmed = RuleDraft(**values)
    _check_texts(trimmed)
    _check_amounts(trimmed)
    _check_action(trimmed)
    return RuleDraft(**{**values, "name": (trimmed.name or _name_of(trimmed))[:80]})


def _currency(text: str) -> str:
    try:
        return check_currency(text) if text.strip() else ""
    except UnknownCurrency as error:
        raise UnusableRule(gettext("The currency is a code of three letters, such as EUR.")) from error


def _check_texts(draft: RuleDraft) -> None:
    for text, is_pattern, where in (
        (draft.remittance_text, draft.remittance_is_pattern, "Reference"),
        (draft.payer_text, draft.payer_is_pattern, "Payer"),
    ):
        if text:
            try:
                check(TextTest(text, is_pattern))
            except UnusablePattern as error:
                raise UnusableRule(gettext("%(where)s: %(error)s") % {"where": where, "error": error}) from error
    if draft.direction not in ("", *MatchingRule.Direction.values):
        raise UnusableRule(gettext("direction is in, out or empty."))
    conditions = (
        draft.remittance_text, draft.payer_text, draft.payer_account_hash, draft.direction, draft.currency,
        draft.bank_account_id,
    )  # fmt: skip
    if not any(conditions):
        raise UnusableRule(gettext("Give at least one condition: a rule without any would concern every payment."))


def _check_amounts(draft: RuleDraft) -> None:
    amounts = [each for each in (draft.least_amount, draft.most_amount, draft.fee_limit) if each is not None]
    if amounts and not draft.currency:
        raise UnusableRule(gettext("Choose the currency of the amounts."))
    for amount in amounts:
        if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 12:
            raise UnusableRule(gettext("An amount is zero or more, without a sign."))
        try:
            to_minor(amount, draft.currency)
        except UnreadableAmount as error:
            raise UnusableRule(f"{error}.") from error
    if draft.least_amount is not None and draft.most_amount is not None and draft.least_amount > draft.most_amount:
        raise UnusableRule(gettext("The least amount is above the largest."))


def _check_action(draft: RuleDraft) -> None:
    names_a_payer = bool(draft.remittance_text or draft.payer_text or draft.payer_account_hash)
    if draft.action in _CLIENT_ACTIONS:
        if draft.client_id is None:
            raise UnusableRule(gettext("Choose the client."))
        if not names_a_payer:
            raise UnusableRule(gettext("Say whose payments are this client's: a reference, a payer or an account."))
        if draft.direction == MatchingRule.Direction.OUT:
            raise UnusableRule(gettext("Money that left the account settles no invoice, so it has no client."))
    if draft.action == Action.IGNORE:
        if draft.ignore_reason not in IGNORE_REASONS:
            raise UnusableRule(gettext("Choose a reason: %(names)s.") % {"names": ", ".join(IGNORE_REASONS)})
        if not (names_a_payer or draft.direction == MatchingRule.Direction.OUT):
            raise UnusableRule(gettext("Say which payments are ignored: a reference, a payer or an account."))
    if draft.action == Action.WRITE_OFF_FEE and not (draft.fee_limit and draft.fee_limit > 0):
        raise UnusableRule(gettext("Say up to which amount a shortage is written off."))


def _name_of(draft: RuleDraft) -> str:
    if draft.payer_text:
        return f"Payer {draft.payer_text}"
    if draft.remittance_text:
        return f"Reference {draft.remittance_text}"
    if draft.payer_account_hash:
        return f"Account … {draft.payer_account_last4}"
    return str(Action(draft.action).label)


def _signed(by: User | None, now: datetime) -> dict[str, object]:
    return {
        "changed_by_id": by.pk if by else None,
        "changed_by_name": by.display_name if by else "",
        "changed_at": now,
    }


@transaction.atomic
def create_rule(*, draft: RuleDraft, by: User | None, now: datetime, made_from: Decision | None = None) -> MatchingRule:
    """Save a new rule behind the others.

    Raises: UnusableRule, TooManyRules; nothing is written.
    """
    values = checked(draft)
    locks.lock_rules()
    kept = MatchingRule.objects.filter(removed_at=None)
    if kept.count() >= MOST_RULES:
        raise TooManyRules(
            gettext("There are %(most_rules)s rules. Remove one that is no longer needed.") % {"most_rules": MOST_RULES}
        )
    last = kept.aggregate(last=Max("position"))["last"] or 0
    rule = MatchingRule.objects.create(position=last + 1, made_from=made_from, **asdict(values), **_signed(by, now))
    audit.record(action="rule.made", about=rule, details={"action": rule.action})
    return rule


def drafted(draft: RuleDraft) -> MatchingRule:
    """Return the rule as it would stand behind the others, without saving it: to be tried first.

    Raises: UnusableRule.
    """
    last = MatchingRule.objects.filter(removed_at=None).aggregate(last=Max("position"))["last"] or 0
    return MatchingRule(position=last + 1, **asdict(checked(draft)))


def _locked(rule_id: uuid.UUID | str) -> MatchingRule:
    """Raises: MatchingRule.DoesNotExist for a removed rule too."""
    locks.lock_rules()
    return MatchingRule.objects.select_for_update().get(public_id=rule_id, removed_at=None)


def _save(
    rule: MatchingRule, by: User | None, now: datetime, what: str, act: str = "rule.changed", **values: object
) -> MatchingRule:
    for field, value in {**values, **_signed(by, now), "requeued_at": None}.items():
        setattr(rule, field, value)
    rule.save()
    audit.record(action=act, about=rule, details={"action": rule.action, "what": what})
    return rule


@transaction.atomic
def change_rule(*, rule_id: uuid.UUID | str, draft: RuleDraft, by: User | None, now: datetime) -> MatchingRule:
    """Save what a rule now says.

    Raises: MatchingRule.DoesNotExist; UnusableRule; nothing is written.
    """
    values = checked(draft)
    return _save(_locked(rule_id), by, now, "conditions", **asdict(values))


@transaction.atomic
def pause_rule(*, rule_id: uuid.UUID | str, is_paused: bool, by: User | None, now: datetime) -> MatchingRule:
    """Stop following a rule, or follow it again.

    Raises: MatchingRule.DoesNotExist.
    """
    return _save(_locked(rule_id), by, now, "paused" if is_paused else "resumed", is_paused=is_paused)


@transaction.atomic
def remove_rule(*, rule_id: uuid.UUID | str, by: User | None, now: datetime) -> MatchingRule:
    """Take a rule away for good; what it did stays explained by its row.

    Raises: MatchingRule.DoesNotExist.
    """
    return _save(_locked(rule_id), by, now, "removed", "rule.removed", removed_at=now)


@transaction.atomic
def move_rule(*, rule_id: uuid.UUID | str, up: bool, by: User | None, now: datetime) -> MatchingRule:
    """Let a rule change places with the one before it or after it; at the end nothing happens.

    Raises: MatchingRule.DoesNotExist.
    """
    rule = _locked(rule_id)
    ordered = list(MatchingRule.objects.filter(removed_at=None).order_by("position", "pk"))
    place = next(place for place, each in enumerate(ordered) if each.pk == rule.pk)
    target = place - 1 if up else place + 1
    if not 0 <= target < len(ordered):
        return rule
    ordered[place], ordered[target] = ordered[target], ordered[place]
    for position, each in enumerate(ordered, 1):
        if each.position != position:
            MatchingRule.objects.filter(pk=each.pk).update(position=position)
    # What two rules say about the same payment may change with their order.
    MatchingRule.objects.filter(pk__in=[rule.pk, ordered[place].pk]).update(requeued_at=None, **_signed(by, now))
    audit.record(action="rule.changed", about=rule, details={"action": rule.action, "what": "order"})
    rule.refresh_from_db()
    return rule


def note_run(*, now: datetime) -> None:
    """Record that the active rules were asked."""
    MatchingRule.objects.filter(is_paused=False, removed_at=None).update(last_run_at=now)
