import threading

import pytest
from django.db import connection

from matching import queue_selectors, selectors
from matching.models import Decision, InvoiceMatch, Proposal
from matching.rule_models import RuleHit
from matching.services import allocation, proposing, rounds, rule_ignoring, rules, setting_aside, undoing
from matching.services.decisions import Actor, AlreadyDecided
from matching.services.rules import RuleDraft
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW


def ignoring(**fields):
    values = {"remittance_text": "salary", "ignore_reason": "payroll", **fields}
    return rules.create_rule(draft=RuleDraft(action="ignore", **values), by=None, now=NOW)


def state(payment):
    payment.refresh_from_db()
    return payment.state, payment.ignored_reason


def undo(decision, user):
    return undoing.undo_decision(
        decision_id=decision.public_id, actor=Actor.person(user), now=NOW, may_undo_others=False
    )


def test_a_rule_ignores_with_a_reason_a_decision_and_a_place_in_the_activity(in_acme):
    made = ignoring()
    payment = rows.transfer("Salary November", "900.00", name="Employer")

    rounds.run(now=NOW)

    decision = Decision.objects.get()
    assert state(payment) == ("IGNORED", "payroll")
    assert (decision.kind, decision.source, decision.rule, decision.reason) == ("IGNORE", "rule", made, "payroll")
    assert decision.decided_by_name == "Rule “Reference salary”"
    assert [each.pk for each in selectors.activity()] == [decision.pk]
    assert Proposal.objects.get().status == "SUPERSEDED"
    assert RuleHit.objects.get().rule == made


def test_what_a_person_takes_back_no_rule_ignores_again(in_acme, reviewer):
    ignoring()
    payment = rows.transfer("Salary November", "900.00", name="Employer")
    rounds.run(now=NOW)

    undo(Decision.objects.get(), reviewer)
    rounds.run(now=NOW)
    rounds.run(now=NOW)

    assert state(payment) == ("UNRECONCILED", "")
    assert [each.bank_transaction for each in queue_selectors.queue(on=NOW.date())] == [payment]
    assert RuleHit.objects.get().is_wrong


def test_an_exact_match_is_left_to_a_person(in_acme):
    ignoring(remittance_text="inv")
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00")

    rounds.run(now=NOW)

    assert state(payment) == ("UNRECONCILED", "")
    best = Proposal.objects.get(rank=1)
    assert (best.is_certain, best.why_not[-1]["code"]) == (False, "rule")


def test_what_a_person_put_off_waits(in_acme, reviewer):
    payment = rows.transfer("Salary November", "900.00", name="Employer")
    setting_aside.hold_receipt(
        receipt_id=payment.public_id, until=NOW.date().replace(day=28), actor=Actor.person(reviewer), now=NOW
    )
    ignoring()

    rounds.run(now=NOW)

    assert state(payment) == ("UNRECONCILED", "")


def test_a_payment_matched_in_part_is_not_ignored(in_acme, reviewer):
    debt = rows.invoice("INV-1", "10.00")
    payment = rows.transfer("salary", "900.00")
    allocation.allocate_by_hand(
        receipt_id=payment.public_id, lines=[allocation.Line(debt.pk, 10)], actor=Actor.person(reviewer), now=NOW
    )
    ignoring()

    rounds.run(now=NOW)

    assert state(payment) == ("PARTLY_ALLOCATED", "")


def test_a_rule_paused_after_the_look_ignores_nothing(in_acme):
    made = ignoring()
    payment = rows.transfer("Salary November", "900.00")
    proposing.propose(receipts=[payment], now=NOW)
    rules.pause_rule(rule_id=made.public_id, is_paused=True, by=None, now=NOW)

    assert rule_ignoring.ignore_ruled(now=NOW) == 0
    assert state(payment) == ("UNRECONCILED", "")


def test_money_that_left_gets_the_rules_reason_and_the_rest_the_usual_one(in_acme, reviewer):
    ignoring(remittance_text="", direction="out", payer_text="landlord", ignore_reason="private")
    rent, other = rows.transfer("rent", "-900.00", name="Landlord"), rows.transfer("tax", "-5.00", name="Office")

    rounds.run(now=NOW)

    assert (state(rent), state(other)) == (("IGNORED", "private"), ("IGNORED", "debit"))
    undo(Decision.objects.get(), reviewer)
    rounds.run(now=NOW)
    assert state(rent) == ("IGNORED", "debit")


def test_no_transaction_is_lost_to_a_rule(in_acme):
    ignoring(remittance_text="a")
    for serial in range(5):
        rows.transfer(f"a {serial}", "5.00")

    rounds.run(now=NOW)

    assert Decision.objects.filter(kind="IGNORE", source="rule").count() == 5


def test_a_charge_may_be_ignored_too(in_acme):
    ignoring(remittance_text="test charge", ignore_reason="other")
    charge = rows.charge("1.00", description="Test charge")

    rounds.run(now=NOW)

    assert state(charge) == ("IGNORED", "other")


def test_another_tenants_rule_ignores_nothing_here(in_acme, globex):
    with context.inside(globex):
        ignoring()
    payment = rows.transfer("Salary November", "900.00")

    rounds.run(now=NOW)

    assert state(payment) == ("UNRECONCILED", "")


@pytest.mark.parametrize("attempt", range(3))
def test_a_rule_and_a_person_deciding_at_once_make_one_decision(committed_acme, reviewer, attempt):
    ignoring()
    rows.invoice("INV-1", "900.00", of=rows.client("Employer"))
    payment = rows.transfer("salary", "900.00", name="Employer")
    proposing.propose(receipts=[payment], now=NOW)
    best = Proposal.objects.get(rank=1)
    assert (best.band != "exact", best.ignore_rule_id is not None, best.lines.count()) == (True, True, 1)
    start, outcomes = threading.Barrier(2), {}

    def run(name, act):
        with context.inside(committed_acme):
            start.wait(timeout=60)
            try:
                outcomes[name] = bool(act())
            except AlreadyDecided:
                outcomes[name] = False
        connection.close()

    def approve():
        return allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)

    threads = [
        threading.Thread(target=run, args=("rule", lambda: rule_ignoring.ignore_ruled(now=NOW))),
        threading.Thread(target=run, args=("person", approve)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert sorted(outcomes.values()) == [False, True]
    assert Decision.objects.count() == 1
    expected = ("IGNORED", 0) if outcomes["rule"] else ("RECONCILED", 1)
    assert (state(payment)[0], InvoiceMatch.objects.count()) == expected
