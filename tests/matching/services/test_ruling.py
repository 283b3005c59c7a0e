from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.models import AutoApprovalPolicy, Decision, InvoiceMatch, Proposal
from matching.rule_models import MatchingRule, RuleHit
from matching.services import allocation, policy, proposing, rounds, rule_requeue, rules, undoing
from matching.services.decisions import Actor, NothingLeftToAllocate
from matching.services.rules import RuleDraft
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW
from whmcs.models import Posting


def rule(action, by=None, **fields):
    defaults = {"ignore": {"ignore_reason": "payroll"}, "write_off_fee": {"currency": "EUR"}}
    return rules.create_rule(draft=RuleDraft(action=action, **{**defaults.get(action, {}), **fields}), by=by, now=NOW)


def proposed(payment):
    BankRow = type(payment)
    BankRow.objects.filter(pk=payment.pk).update(proposed_at=None)
    proposing.propose(receipts=[payment], now=NOW)
    return Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)


def approve(proposal, user):
    return allocation.approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(user), now=NOW)


def test_a_client_rule_finds_the_invoice_of_a_payer_nobody_knows(in_acme):
    northwind = rows.client("Northwind Ltd")
    debt = rows.invoice("INV-1", "95.00", of=northwind)
    rows.invoice("INV-2", "95.00", of=rows.client("Globex"))
    payment = rows.transfer("hosting", "95.00", name="Eva Kowalska")
    before = proposed(payment).probability

    made = rule("set_client", payer_text="kowalska", client_id=northwind.pk)
    after = proposed(payment)

    assert [line.invoice for line in after.lines.all()] == [debt]
    assert (after.client, after.is_certain) == (northwind, False)
    assert after.probability > before
    assert after.rules == [
        {"id": made.pk, "name": "Payer kowalska", "action": "set_client", "spans": [["counterparty_name", 4, 12]]}
    ]
    [reason] = [each for each in after.reasons if each["code"] == "rule"]
    assert (reason["agrees"], reason["spans"]) == ("yes", [["counterparty_name", 4, 12]])
    assert reason["weight"] > 0


def test_the_same_run_twice_changes_nothing_under_a_rule(in_acme):
    northwind = rows.client("Northwind Ltd")
    rows.invoice("INV-1", "95.00", of=northwind)
    payment = rows.transfer("hosting", "95.00", name="Eva Kowalska")
    rule("set_client", payer_text="kowalska", client_id=northwind.pk)
    first = proposed(payment)

    again = proposing.propose(receipts=[payment], now=NOW)

    assert (again.changed, Proposal.objects.get(rank=1).pk) == ([], first.pk)
    assert RuleHit.objects.count() == 1


def test_a_dry_run_under_a_rule_writes_nothing(in_acme):
    rule("forbid_automation", payer_text="northwind")
    payment = rows.transfer("hosting", "95.00")

    proposing.propose(receipts=[payment], now=NOW, dry_run=True)

    assert (Proposal.objects.count(), RuleHit.objects.count()) == (0, 0)
    assert MatchingRule.objects.get().last_run_at is None


def test_a_run_says_when_the_rules_were_asked(in_acme):
    made = rule("forbid_automation", payer_text="nobody")

    proposed(rows.transfer("hosting", "95.00"))

    made.refresh_from_db()
    assert (made.last_run_at, made.hits.count()) == (NOW, 0)


def test_a_paused_rule_says_nothing(in_acme):
    northwind = rows.client("Northwind Ltd")
    made = rule("set_client", payer_text="kowalska", client_id=northwind.pk)
    rules.pause_rule(rule_id=made.public_id, is_paused=True, by=None, now=NOW)

    assert proposed(rows.transfer("hosting", "95.00", name="Eva Kowalska")).rules == []


def test_another_tenants_rule_says_nothing(in_acme, globex):
    with context.inside(globex):
        rule("forbid_automation", payer_text="northwind")

    assert proposed(rows.transfer("hosting", "95.00")).rules == []


def test_a_charge_is_known_by_its_customer_and_its_name(in_acme):
    northwind = rows.client("Northwind Ltd")
    rows.invoice("INV-1", "95.00", of=northwind)
    made = rule("set_client", payer_account_hash="cus_1", payer_account_last4="us_1", client_id=northwind.pk)
    charge = rows.charge("95.00", customer_id="cus_1", name="Eva")

    proposing.propose(receipts=[charge], now=NOW)

    assert Proposal.objects.get(rank=1, stripe_payment=charge).rules[0]["id"] == made.pk
    assert RuleHit.objects.get().stripe_payment == charge


def policy_for(account):
    row = AutoApprovalPolicy.objects.create(is_on=True, bands=["exact", "likely"], least_probability=0.9)
    row.bank_accounts.set([account.pk])


def test_forbidding_keeps_a_certain_payment_for_a_person(in_acme):
    account = rows.account()
    policy_for(account)
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00", into=account)
    assert proposed(payment).is_certain
    rule("forbid_automation", currency="EUR", least_amount=Decimal(100))

    assert not proposed(payment).is_certain
    assert policy.auto_approve(now=NOW).approved == 0


def test_forbidding_holds_before_the_payment_was_looked_at_again(in_acme):
    account = rows.account()
    policy_for(account)
    rows.invoice("INV-1042", "119.00")
    assert proposed(rows.transfer("INV-1042", "119.00", into=account)).is_certain
    rule("forbid_automation", payer_text="northwind")

    assert (policy.auto_approve(now=NOW).approved, policy.auto_approve(now=NOW).left) == (0, 1)
    assert Posting.objects.count() == 0


def test_allowing_leaves_the_policys_probability_and_amount_in_force(in_acme):
    account = rows.account()
    policy_for(account)
    AutoApprovalPolicy.objects.update(largest_amount=Decimal("100.00"))
    rows.invoice("INV-1042", "119.00")
    rule("allow_automation", payer_text="northwind")
    proposed(rows.transfer("INV-1042", "119.00", into=account))

    assert policy.auto_approve(now=NOW).approved == 0


def test_a_new_rule_puts_the_payments_it_may_concern_back_in_line(in_acme):
    concerned, other = rows.transfer("a", "95.00", name="Eva"), rows.transfer("b", "5.00", name="Eva")
    proposing.propose(receipts=proposing.waiting(), now=NOW)
    rule("forbid_automation", currency="EUR", least_amount=Decimal(50))

    assert rule_requeue.requeue_for_changed_rules(now=NOW) == 1
    assert rule_requeue.requeue_for_changed_rules(now=NOW) == 0

    assert proposing.waiting() == [concerned]
    other.refresh_from_db()
    assert other.proposed_at == NOW


def test_a_changed_rule_puts_back_what_it_did_before(in_acme):
    northwind = rows.client("Northwind Ltd")
    rows.invoice("INV-1", "95.00", of=northwind)
    payment = rows.transfer("hosting", "95.00", name="Eva Kowalska")
    fields = {"payer_text": "kowalska", "client_id": northwind.pk, "currency": "EUR"}
    made = rule("set_client", **fields)
    rounds.run(now=NOW)
    assert Proposal.objects.get(rank=1, status="OPEN").rules

    changed = RuleDraft(action="set_client", **fields, least_amount=Decimal(1000))
    rules.change_rule(rule_id=made.public_id, draft=changed, by=None, now=NOW)
    rounds.run(now=NOW)

    assert Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment).rules == []


def test_a_fee_is_written_off_shown_posted_and_taken_back(in_acme, reviewer):
    debt = rows.invoice("INV-1042", "100.00")
    payment = rows.transfer("INV-1042", "95.00")
    rule("write_off_fee", fee_limit=Decimal("5.00"))
    proposal = proposed(payment)
    [line] = proposal.lines.all()
    assert (line.amount, line.fee, proposal.is_certain) == (Decimal("95.000"), Decimal("5.000"), False)

    decided = approve(proposal, reviewer)

    match, posting = InvoiceMatch.objects.get(), Posting.objects.get()
    payment.refresh_from_db()
    debt.refresh_from_db()
    assert (match.amount, match.fee) == (Decimal("95.000"), Decimal("5.000"))
    assert (posting.amount, posting.fees) == (Decimal("100.000"), Decimal("5.000"))
    assert (payment.allocated, payment.state, debt.outstanding) == (Decimal("95.000"), "RECONCILED", Decimal(0))

    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    debt.refresh_from_db()
    payment.refresh_from_db()
    assert (debt.outstanding, payment.allocated) == (Decimal("100.000"), Decimal(0))
    assert sum(each.fee for each in InvoiceMatch.objects.all()) == 0


def test_a_larger_shortage_stays_open(in_acme):
    rows.invoice("INV-1042", "100.01")
    rule("write_off_fee", fee_limit=Decimal("5.00"))

    [line] = proposed(rows.transfer("INV-1042", "95.00")).lines.all()

    assert line.fee == 0


def test_a_fee_is_refused_when_the_invoice_owes_less_meanwhile(in_acme, reviewer):
    debt = rows.invoice("INV-1042", "100.00")
    rule("write_off_fee", fee_limit=Decimal("5.00"))
    proposal = proposed(rows.transfer("INV-1042", "95.00"))
    type(debt).objects.update(balance=Decimal("97.00"))

    with pytest.raises(NothingLeftToAllocate):
        approve(proposal, reviewer)

    assert (Decision.objects.count(), Posting.objects.count()) == (0, 0)


def test_a_decision_for_another_client_makes_the_hit_wrong(in_acme, reviewer):
    northwind, globex = rows.client("Northwind Ltd"), rows.client("Globex")
    rows.invoice("INV-1", "95.00", of=northwind)
    other = rows.invoice("INV-2", "95.00", of=globex)
    payment = rows.transfer("hosting", "95.00", name="Eva Kowalska")
    rule("set_client", payer_text="kowalska", client_id=northwind.pk)
    proposed(payment)

    decided = allocation.allocate_by_hand(
        receipt_id=payment.public_id,
        lines=[allocation.Line(other.pk, Decimal("95.00"))],
        actor=Actor.person(reviewer),
        now=NOW,
    )

    assert RuleHit.objects.get().is_wrong
    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)
    assert not RuleHit.objects.get().is_wrong


def test_a_decision_for_the_rules_client_keeps_the_hit_right(in_acme, reviewer):
    northwind = rows.client("Northwind Ltd")
    rows.invoice("INV-1", "95.00", of=northwind)
    payment = rows.transfer("hosting", "95.00", name="Eva Kowalska")
    rule("set_client", payer_text="kowalska", client_id=northwind.pk)

    approve(proposed(payment), reviewer)

    assert not RuleHit.objects.get().is_wrong


def cost_of(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_the_queries_of_the_rules_do_not_grow_with_payments_rules_or_invoices(in_acme):
    from matching.services import ruling

    def more(count):
        for serial in range(count):
            owner = rows.client(f"Client {serial} {count}")
            rows.invoice(f"INV-{count}{serial}", "50.00", of=owner)
            rule("set_client", payer_text=f"payer {count} {serial}", client_id=owner.pk)
            rows.transfer("hosting", "50.00", name=f"Payer {count} {serial}")
        rule("ignore", remittance_text=f"hosting {count}")

    def run():
        todo = proposing.since(NOW.date().replace(day=1))
        ruling.prepare(todo, today=NOW.date()).record(now=NOW)

    more(2)
    few = cost_of(run)
    more(12)

    assert cost_of(run) == few
