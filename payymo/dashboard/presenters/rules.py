"""Rules in words: what a payment must be like, what then happens, and what that would have done."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banking.models import BankAccount
from matching import rule_selectors
from matching.core.rules.types import Action
from matching.rule_models import MatchingRule
from matching.services.rule_offers import Offer
from matching.services.rule_outcomes import Outcome
from matching.services.rule_replay import Example, Replay
from matching.services.rules import RuleDraft
from payymo.dashboard import formats, forms_rules, paging, saved_views, tables, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import Amount, Chip, Choice, Fact, FilterChip, Filters, FilterSelect
from payymo.dashboard.pages.rules import OfferCard, RulePage, RuleRow, RulesPage, RuleTest, TestedPayment
from payymo.dashboard.presenters import receipts
from whmcs.models import Client

Said = RuleDraft | MatchingRule


def _quoted(text: str, is_pattern: bool) -> str:
    return _("the pattern %s") % text if is_pattern else f"“{text}”"


def _money(amount: Decimal, currency: str) -> str:
    return formats.money(Amount(amount, currency))


def when(rule: Said, account: BankAccount | None = None) -> str:
    """Say what a payment must be like."""
    parts = []
    if rule.payer_text:
        parts.append(_("the payer's name holds %s") % _quoted(rule.payer_text, rule.payer_is_pattern))
    if rule.payer_account_hash:
        parts.append(_("it comes from account %s") % receipts.masked(rule.payer_account_last4))
    if rule.remittance_text:
        parts.append(_("the reference holds %s") % _quoted(rule.remittance_text, rule.remittance_is_pattern))
    if rule.direction:
        parts.append(_("money came in") if rule.direction == MatchingRule.Direction.IN else _("money left"))
    if rule.bank_account_id:
        name = f"{account.name or _('Account')} {receipts.masked(account.iban_last4)}" if account else _("one account")
        parts.append(_("it is on %s") % name.strip())
    parts += _amounts(rule)
    return _("When %s") % _(" and ").join(parts) if parts else _("Always")


def _amounts(rule: Said) -> list[str]:
    if rule.least_amount is not None and rule.most_amount is not None:
        least, most = _money(rule.least_amount, rule.currency), _money(rule.most_amount, rule.currency)
        return [_("the amount is between %(least)s and %(most)s") % {"least": least, "most": most}]
    if rule.least_amount is not None:
        return [_("the amount is at least %s") % _money(rule.least_amount, rule.currency)]
    if rule.most_amount is not None:
        return [_("the amount is at most %s") % _money(rule.most_amount, rule.currency)]
    return [_("it is in %s") % rule.currency] if rule.currency else []


def then(rule: Said, client: Client | None = None) -> str:
    """Say what happens to such a payment."""
    name = client.display_name if client is not None else _("the client")
    sentences = {
        Action.SET_CLIENT: _("It pays for %s.") % name,
        Action.SUGGEST_CLIENT: _("Suggest %s.") % name,
        Action.IGNORE: _("Ignore it: %s.") % words.ignore_reason(rule.ignore_reason),
        Action.ALLOW_AUTOMATION: _("It may be approved automatically."),
        Action.FORBID_AUTOMATION: _("A person always decides."),
    }
    if rule.action == Action.WRITE_OFF_FEE:
        limit = _money(rule.fee_limit or Decimal(0), rule.currency)
        return _("Write off up to %s that is missing, as a fee.") % limit
    return sentences[Action(rule.action)]


def _state(rule: MatchingRule) -> Chip:
    return Chip(_("Paused"), "neutral") if rule.is_paused else Chip(_("Active"), "ok")


def listing(request: HttpRequest, *, offers: tuple[OfferCard, ...], may_change: bool, now: datetime) -> RulesPage:
    """Build the list in the rules' own order, whole or narrowed; a part of it cannot be moved."""
    text, state = paging.asked_text(request), paging.asked_choice(request, "state", ("active", "paused"))
    found = list(rule_selectors.rules_in_order())
    last = 0 if text or state else len(found)
    rows = [_row(rule, place, last=last, may_change=may_change, now=now) for place, rule in enumerate(found, 1)]
    shown = [
        each
        for each in rows
        if (not state or each.is_paused == (state == "paused"))
        and text.casefold() in f"{each.name} {each.when} {each.then}".casefold()
    ]
    return RulesPage(
        rows=tuple(shown),
        filters=_filters(request, text, state),
        table=tables.table(request, "rules"),
        offers=offers,
        new_url=link("rule_new") if may_change else "",
        empty="" if shown else "filtered" if text or state else "nothing",
        views=saved_views.of(request, "rules"),
    )


def _filters(request: HttpRequest, text: str, state: str) -> Filters:
    names = {"active": _("Active"), "paused": _("Paused")}
    states = (Choice("", _("All")), *(Choice(code, name, code == state) for code, name in names.items()))
    chips = []
    if text:
        chips.append(FilterChip(f"“{text}”", paging.without(request, "q")))
    if state:
        chips.append(FilterChip(names[state], paging.without(request, "state")))
    select = FilterSelect("state", _("State"), states)
    return Filters(q=text, selects=(select,), chips=tuple(chips), clear_url=request.path)


def _row(rule: MatchingRule, place: int, *, last: int, may_change: bool, now: datetime) -> RuleRow:
    return RuleRow(
        url=link("rule", rule.public_id),
        place=place,
        name=rule.name,
        when=when(rule, rule.bank_account),
        then=then(rule, rule.client),
        state=_state(rule),
        hits=rule.hit_count,
        wrong=rule.wrong_count,
        last_run=formats.moment(rule.last_run_at, now) if rule.last_run_at else None,
        up_url=link("rule_move", rule.public_id, "up") if may_change and 1 < place <= last else "",
        down_url=link("rule_move", rule.public_id, "down") if may_change and place < last else "",
        pause_url=link("rule_pause", rule.public_id) if may_change else "",
        is_paused=rule.is_paused,
    )


def offers(found: Iterable[Offer], *, may_change: bool) -> tuple[OfferCard, ...]:
    """Show the rules that decisions ask for; their clients are read by one query."""
    listed = list(found)
    clients = Client.objects.in_bulk([each.draft.client_id for each in listed if each.draft.client_id])
    return tuple(_offer(each, clients.get(each.draft.client_id or 0), may_change=may_change) for each in listed)


def _offer(offer: Offer, client: Client | None, *, may_change: bool) -> OfferCard:
    initial = {**forms_rules.initial_of(offer.draft, client), "from": str(offer.decision.public_id)}
    given = {name: value for name, value in initial.items() if value not in ("", None, False)}
    fields = ((name, "on" if value is True else str(value)) for name, value in given.items())
    return OfferCard(
        when=when(offer.draft),
        then=then(offer.draft, client),
        times=offer.times,
        edit_url=f"{link('rule_new')}?from={offer.decision.public_id}" if may_change else "",
        create_url=link("rule_new") if may_change else "",
        fields=tuple(fields) if may_change else (),
        dismiss_url=link("rule_offer_dismiss", offer.decision.public_id) if may_change else "",
    )


def _outcome(outcome: Outcome) -> Chip:
    if outcome is Outcome.WRONG:
        return Chip(_("Would be wrong"), "bad")
    return Chip(_("Would change"), "info") if outcome is Outcome.CHANGE else Chip(_("Nothing new"), "neutral")


def _tested(example: Example) -> TestedPayment:
    return TestedPayment(
        url=offer("transaction", example.receipt_id),
        day=example.day,
        name=example.name,
        text=example.text,
        amount=Amount(example.amount, example.currency),
        outcome=_outcome(example.outcome),
    )


def test_of(replayed: Replay) -> RuleTest:
    """Show what the one rule of a replay would have done."""
    [tried] = replayed.rules
    return RuleTest(
        since=replayed.since,
        looked_at=replayed.looked_at,
        matches=tried.matches,
        changes=tried.changes,
        wrong=tried.wrong,
        payments=tuple(_tested(each) for each in tried.examples),
        is_cut=replayed.is_cut,
    )


def detail(rule: MatchingRule, *, may_change: bool, now: datetime) -> RulePage:
    """Show one rule, without its form and its test."""
    facts = [
        Fact(_("When"), text=when(rule, rule.bank_account)),
        Fact(_("Then"), text=then(rule, rule.client)),
        Fact(_("Followed"), text=ngettext("%d payment", "%d payments", rule.hit_count) % rule.hit_count),
        Fact(_("Wrong"), text=ngettext("%d payment", "%d payments", rule.wrong_count) % rule.wrong_count),
        Fact(_("Last run"), moment=formats.moment(rule.last_run_at, now) if rule.last_run_at else None),
        Fact(_("Changed"), moment=formats.moment(rule.changed_at, now)),
        Fact(_("By"), text=rule.changed_by_name),
    ]
    return RulePage(
        title=rule.name,
        state=_state(rule),
        facts=tuple(facts),
        test_url=f"{link('rule', rule.public_id)}?test=1",
        pause_url=link("rule_pause", rule.public_id) if may_change else "",
        remove_url=link("rule_remove", rule.public_id) if may_change else "",
        is_paused=rule.is_paused,
    )
