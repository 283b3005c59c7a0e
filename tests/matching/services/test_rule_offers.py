from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.rule_models import MatchingRule
from matching.services import allocation, rule_offers, rules, setting_aside, undoing
from matching.services.decisions import Actor
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW


@pytest.fixture
def northwind(in_acme):
    return rows.client("Northwind Ltd")


def ignored(user, text="Salary", reason="payroll", **fields):
    payment = rows.transfer(text, "900.00", **{"name": "Employer AG", **fields})
    actor = Actor.person(user)
    return setting_aside.ignore_receipt(receipt_id=payment.public_id, reason=reason, actor=actor, now=NOW).decision


def paid(user, client, **fields):
    debt = rows.invoice("INV-1", "10.00", of=client)
    payment = rows.transfer("hosting", "10.00", **{"name": "Eva Kowalska", **fields})
    line = allocation.Line(debt.pk, Decimal("10.00"))
    actor = Actor.person(user)
    return allocation.allocate_by_hand(receipt_id=payment.public_id, lines=[line], actor=actor, now=NOW).decision


def offered():
    return [(str(each.draft.action), each.times, each.draft.payer_text) for each in rule_offers.suggest_rules(now=NOW)]


def test_the_same_answer_three_times_asks_for_a_rule(northwind, reviewer):
    for _ in range(2):
        ignored(reviewer)
        paid(reviewer, northwind)
    assert offered() == []

    latest = ignored(reviewer)
    paid(reviewer, northwind)

    assert sorted(offered()) == [("ignore", 3, "Employer AG"), ("set_client", 3, "Eva Kowalska")]
    [first, *_] = [each for each in rule_offers.suggest_rules(now=NOW) if each.draft.action == "ignore"]
    assert (first.decision, first.draft.ignore_reason) == (latest, "payroll")


def test_answers_that_differ_ask_for_nothing(northwind, reviewer):
    for _ in range(3):
        ignored(reviewer)
    ignored(reviewer, reason="other")
    for client in (northwind, northwind, northwind, rows.client("Globex")):
        paid(reviewer, client)

    assert offered() == []


def test_an_undone_decision_does_not_count(northwind, reviewer):
    for _ in range(3):
        last = ignored(reviewer)
    undoing.undo_decision(decision_id=last.public_id, actor=Actor.person(reviewer), now=NOW)

    assert offered() == []


def test_what_a_rule_answers_already_is_not_offered(northwind, reviewer):
    for _ in range(3):
        last = ignored(reviewer)
    made = rules.create_rule(draft=rule_offers.draft_of(last), by=reviewer, now=NOW, made_from=last)
    assert offered() == []
    rules.pause_rule(rule_id=made.public_id, is_paused=True, by=reviewer, now=NOW)
    assert offered() == []

    rules.remove_rule(rule_id=made.public_id, by=reviewer, now=NOW)

    assert len(offered()) == 1


def test_a_payer_with_an_account_is_known_by_it(northwind, reviewer):
    for _ in range(3):
        paid(reviewer, northwind, counterparty_hash="h1", counterparty_last4="3000")

    [offer] = rule_offers.suggest_rules(now=NOW)

    assert (offer.draft.payer_account_hash, offer.draft.payer_account_last4, offer.draft.payer_text) == (
        "h1", "3000", "",
    )  # fmt: skip
    made = rules.create_rule(draft=offer.draft, by=reviewer, now=NOW, made_from=offer.decision)
    assert (made.client, made.made_from) == (northwind, offer.decision)


def test_a_text_without_a_payer_is_known_by_its_words(northwind, reviewer):
    for _ in range(3):
        last = ignored(reviewer, text="MIETE GARAGE 11/2026", name="")

    assert rule_offers.draft_of(last).remittance_text == "MIETE GARAGE"
    assert offered() == [("ignore", 3, "")]


def test_the_third_decision_brings_the_offer(northwind, reviewer):
    assert rule_offers.offer_after(paid(reviewer, northwind)) is None
    assert rule_offers.offer_after(paid(reviewer, northwind)) is None

    offer = rule_offers.offer_after(paid(reviewer, northwind))

    assert (offer.draft.client_id, offer.times) == (northwind.pk, 3)


def test_a_rejection_brings_no_offer_but_a_draft(northwind, reviewer):
    rows.invoice("INV-1042", "119.00", of=northwind)
    payment = rows.transfer("INV-1042", "119.00")
    from matching.models import Proposal
    from matching.services import proposing

    proposing.propose(receipts=[payment], now=NOW)
    best = Proposal.objects.get(rank=1)
    decided = setting_aside.reject_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)

    assert rule_offers.offer_after(decided.decision) is None
    assert rule_offers.draft_of(decided.decision).action == MatchingRule.Action.FORBID_AUTOMATION


def test_another_tenants_decisions_ask_for_nothing_here(in_acme, globex, stranger):
    with context.inside(globex):
        for _ in range(3):
            ignored(stranger)

    assert offered() == []


def test_offers_cost_the_same_with_more_decisions(northwind, reviewer):
    def cost(call):
        with CaptureQueriesContext(connection) as queries:
            call()
        return len(queries)

    def more():
        for _ in range(4):
            last = ignored(reviewer)
            paid(reviewer, northwind)
        return last

    last = more()
    few = cost(lambda: rule_offers.suggest_rules(now=NOW)), cost(lambda: rule_offers.offer_after(last))
    last = more()

    assert (cost(lambda: rule_offers.suggest_rules(now=NOW)), cost(lambda: rule_offers.offer_after(last))) == few
