"""Rules that a repeated decision asks for: the same payer, the same answer at least three times, and no rule yet."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from banking.models import BankTransaction
from matching import adapters, rule_adapters
from matching.core.memory import payer_name_key, repeated_text_key
from matching.core.rules.evaluate import RuleBook
from matching.locks import Receipt
from matching.models import Decision, DismissedOffer, InvoiceMatch, StripeInvoiceMatch
from matching.rule_models import MatchingRule
from matching.services.rules import RuleDraft
from payymo.audit.services import recording as audit

LEAST_TIMES = 3
LOOK_BACK_DAYS = 180
MOST_DECISIONS = 5000
MOST_OFFERS = 10
_RECENT = 2000
_LONGEST_TEXT = 60
Action = MatchingRule.Action
_DECIDING = (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE, Decision.Kind.IGNORE)
_BY_PEOPLE = (Decision.Source.PERSON, Decision.Source.STAFF)


@dataclass(frozen=True, slots=True)
class Offer:
    """A rule to make: what it would say, how often people decided so, and the latest of those decisions."""

    draft: RuleDraft
    times: int
    decision: Decision


def suggest_rules(*, now: datetime) -> tuple[Offer, ...]:
    """Return the rules that people's decisions of the last half year ask for, the most frequent first.

    Shape: at most ten; every decision about the payer agrees, and no rule, paused or not, concerns its payments.
    """
    since = now - timedelta(days=LOOK_BACK_DAYS)
    return _offers(list(_decisions().filter(decided_at__gte=since)[:MOST_DECISIONS]))[:MOST_OFFERS]


def dismiss(*, decision: Decision, by: User, now: datetime) -> bool:
    """Never again offer the rule that this decision asks for; return whether one was offered."""
    offer = next((each for each in suggest_rules(now=now) if each.decision.pk == decision.pk), None)
    if offer is None:
        return False
    values = {"dismissed_by_id": by.pk, "dismissed_at": now}
    DismissedOffer.objects.get_or_create(key_hash=_hash_of(offer), defaults=values)
    audit.record(action="rule.dismissed", about=decision)
    return True


def _hash_of(offer: Offer) -> str:
    """Name an offer by its payer and its answer; the payer cannot be read from it."""
    answer = f"{offer.draft.action}|{offer.draft.client_id}|{offer.draft.ignore_reason}"
    return hashlib.sha256(f"{_key_of(offer)}|{answer}".encode()).hexdigest()


def offer_after(decision: Decision) -> Offer | None:
    """Return the rule that this decision makes worth offering, looking at the latest decisions only."""
    receipt = _receipt_of(decision)
    if decision.kind not in _DECIDING or decision.source not in _BY_PEOPLE:
        return None
    recent = _decisions().filter(pk__gt=decision.pk - _RECENT, pk__lte=decision.pk)
    if isinstance(receipt, BankTransaction):
        same = {"bank_transaction__counterparty_name": receipt.counterparty_name}
        if receipt.counterparty_hash:
            same = {"bank_transaction__counterparty_hash": receipt.counterparty_hash}
    else:
        same = {"stripe_payment__customer_id": receipt.customer_id, "stripe_payment__name": receipt.name}
    key = _key(receipt)
    return next((each for each in _offers(list(recent.filter(**same)[:50])) if _key_of(each) == key), None)


def draft_of(decision: Decision) -> RuleDraft:
    """Return a rule prefilled from one decision: its payer, and what was decided."""
    receipt = _receipt_of(decision)
    clients = _clients_of([decision]).get(decision.pk, set())
    return _draft(decision, receipt, clients)


def _decisions() -> QuerySet[Decision]:
    return (
        Decision.objects.filter(kind__in=_DECIDING, source__in=_BY_PEOPLE, undone_by=None)
        .select_related("bank_transaction", "stripe_payment")
        .defer("bank_transaction__raw_sealed", "stripe_payment__raw_sealed")
        .order_by("-pk")
    )


def _receipt_of(decision: Decision) -> Receipt:
    receipt = decision.bank_transaction or decision.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    return receipt


def _key(receipt: Receipt) -> str:
    value = adapters.to_receipt(receipt)
    if value.counterparty_account:
        return f"account:{value.counterparty_account}"
    name = payer_name_key(value)
    return f"name:{name}" if name else f"text:{repeated_text_key(value)}"


def _key_of(offer: Offer) -> str:
    return _key(_receipt_of(offer.decision))


def _clients_of(decisions: Iterable[Decision]) -> dict[int, set[int]]:
    keys = [each.pk for each in decisions]
    found: dict[int, set[int]] = {}
    for model in (InvoiceMatch, StripeInvoiceMatch):
        rows = model.objects.filter(decision__in=keys, reverses=None)
        for decision_id, client_id in rows.values_list("decision", "invoice__client"):
            found.setdefault(decision_id, set()).add(client_id)
    return found


def _offers(decisions: Sequence[Decision]) -> tuple[Offer, ...]:
    clients = _clients_of(decisions)
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        key = _key(_receipt_of(decision))
        if not key.endswith(":"):
            groups.setdefault(key, []).append(decision)
    repeated = [group for group in groups.values() if len(group) >= LEAST_TIMES]
    if not repeated:
        return ()
    kept = MatchingRule.objects.filter(removed_at=None).order_by("position", "pk")
    known = RuleBook(rule_adapters.to_rule(rule) for rule in kept)
    offers = []
    for group in repeated:
        answers = {
            each.reason if each.kind == Decision.Kind.IGNORE else frozenset(clients.get(each.pk, ())) for each in group
        }
        receipt = _receipt_of(group[0])
        draft = _draft(group[0], receipt, clients.get(group[0].pk, set()))
        answered = known.judge(rule_adapters.to_facts(receipt)).whose is not None
        if len(answers) == 1 and draft.action in (Action.SET_CLIENT, Action.IGNORE) and not answered:
            offers.append(Offer(draft, len(group), group[0]))
    unwanted = DismissedOffer.objects.filter(key_hash__in=[_hash_of(each) for each in offers])
    dismissed = set(unwanted.values_list("key_hash", flat=True)) if offers else set()
    wanted = [each for each in offers if _hash_of(each) not in dismissed]
    return tuple(sorted(wanted, key=lambda offer: (-offer.times, -offer.decision.pk)))


def _draft(decision: Decision, receipt: Receipt, clients: set[int]) -> RuleDraft:
    about = _about(receipt)
    if decision.kind == Decision.Kind.IGNORE:
        return RuleDraft(action=Action.IGNORE, ignore_reason=decision.reason, **about)
    if len(clients) == 1:
        return RuleDraft(action=Action.SET_CLIENT, client_id=next(iter(clients)), **about)
    return RuleDraft(action=Action.FORBID_AUTOMATION, **about)


def _about(receipt: Receipt) -> dict[str, Any]:
    """Name the payer by the account, else by the name, else by the words of the text without its figures."""
    if isinstance(receipt, BankTransaction):
        key, last4, name = receipt.counterparty_hash, receipt.counterparty_last4, receipt.counterparty_name
        text = receipt.remittance_information
    else:
        key, last4, name, text = receipt.customer_id, receipt.customer_id[-4:], receipt.name, receipt.description
    if key:
        return {"payer_account_hash": key, "payer_account_last4": last4, "name": f"{name} … {last4}".strip()[:80]}
    if name.strip():
        return {"payer_text": " ".join(name.split())[:200]}
    words: list[str] = []
    for word in text.split():
        if any(character.isdigit() for character in word) or len(" ".join([*words, word])) > _LONGEST_TEXT:
            break
        words.append(word)
    return {"remittance_text": " ".join(words) or " ".join(text.split())[:_LONGEST_TEXT]}
