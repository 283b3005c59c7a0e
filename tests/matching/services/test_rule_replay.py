import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.models import Decision, Proposal
from matching.rule_models import RuleHit
from matching.services import allocation, proposing, rule_replay, rules, setting_aside, undoing
from matching.services.decisions import Actor
from matching.services.rules import RuleDraft
from payymo.shared.errors import BadInput
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW, TODAY

SINCE = TODAY - timedelta(days=90)


def rule(action, **fields):
    defaults = {"ignore": {"ignore_reason": "payroll"}, "write_off_fee": {"currency": "EUR"}}
    return rules.create_rule(draft=RuleDraft(action=action, **{**defaults.get(action, {}), **fields}), by=None, now=NOW)


def figures(*tried, **options):
    result = rule_replay.replay(rules=list(tried), since=SINCE, now=NOW, **options)
    return [(each.matches, each.changes, each.wrong) for each in result.rules]


def matched(payment, debt, user, amount=None):
    line = allocation.Line(debt.pk, Decimal(amount or payment.amount))
    return allocation.allocate_by_hand(receipt_id=payment.public_id, lines=[line], actor=Actor.person(user), now=NOW)


@pytest.fixture
def northwind(in_acme):
    return rows.client("Northwind Ltd")


def test_a_client_rule_is_compared_with_what_people_decided(northwind, reviewer):
    globex = rows.client("Globex")
    mine, theirs = rows.invoice("INV-1", "10.00", of=northwind), rows.invoice("INV-2", "20.00", of=globex)
    matched(rows.transfer("a", "10.00", name="Eva"), mine, reviewer)
    matched(rows.transfer("b", "20.00", name="Eva"), theirs, reviewer)
    salary = rows.transfer("c", "5.00", name="Eva")
    setting_aside.ignore_receipt(receipt_id=salary.public_id, reason="payroll", actor=Actor.person(reviewer), now=NOW)
    rows.transfer("d", "7.00", name="Eva")
    rows.transfer("e", "7.00", name="Somebody")

    assert figures(rule("set_client", payer_text="eva", client_id=northwind.pk)) == [(4, 3, 2)]


def test_an_undone_decision_says_nothing(northwind, reviewer):
    theirs = rows.invoice("INV-2", "20.00", of=rows.client("Globex"))
    decided = matched(rows.transfer("b", "20.00", name="Eva"), theirs, reviewer)
    undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert figures(rule("set_client", payer_text="eva", client_id=northwind.pk)) == [(1, 1, 0)]


def test_ignoring_what_paid_an_invoice_would_have_been_wrong(northwind, reviewer):
    matched(rows.transfer("salary 1", "10.00"), rows.invoice("INV-1", "10.00", of=northwind), reviewer)
    ignored = rows.transfer("salary 2", "10.00")
    setting_aside.ignore_receipt(receipt_id=ignored.public_id, reason="payroll", actor=Actor.person(reviewer), now=NOW)
    rows.transfer("salary 3", "10.00")

    made = rule("ignore", remittance_text="salary")

    assert figures(made) == [(3, 2, 1)]
    [result] = rule_replay.replay(rules=[made], since=SINCE, now=NOW).rules
    assert [each.outcome for each in result.examples] == ["wrong", "change", "same"]


def test_an_exact_match_would_not_be_ignored(northwind):
    rows.invoice("INV-1042", "119.00", of=northwind)
    proposing.propose(receipts=[rows.transfer("INV-1042", "119.00")], now=NOW)

    assert figures(rule("ignore", remittance_text="inv")) == [(1, 0, 0)]


def test_forbidding_concerns_what_is_certain(northwind):
    rows.invoice("INV-1042", "119.00", of=northwind)
    proposing.propose(receipts=[rows.transfer("INV-1042", "119.00")], now=NOW)
    rows.transfer("nothing", "1.00")

    assert figures(rule("forbid_automation", direction="in")) == [(2, 1, 0)]


def test_allowing_what_people_turned_down_would_have_been_wrong(northwind, reviewer):
    def decided(number, *, approved):
        rows.invoice(number, "10.00", of=northwind)
        payment = rows.transfer(number, "10.00", name="Northwind Ltd")
        proposing.propose(receipts=[payment], now=NOW)
        Proposal.objects.filter(bank_transaction=payment).update(is_certain=False, band="likely", is_tie=False)
        if approved:
            best = Proposal.objects.get(bank_transaction=payment, rank=1)
            allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)
        else:
            matched(payment, rows.invoice(f"{number}-B", "10.00", of=northwind), reviewer)

    decided("INV-1001", approved=True)
    decided("INV-1002", approved=False)

    assert figures(rule("allow_automation", payer_text="northwind")) == [(2, 2, 1)]


def test_a_write_off_is_wrong_where_the_rest_came_later(northwind, reviewer):
    kept, paid_up = rows.invoice("INV-1", "100.00", of=northwind), rows.invoice("INV-2", "100.00", of=northwind)
    matched(rows.transfer("a", "98.00"), kept, reviewer)
    matched(rows.transfer("b", "98.00"), paid_up, reviewer)
    rest = rows.transfer("rest", "2.00")
    allocation.allocate_by_hand(
        receipt_id=rest.public_id,
        lines=[allocation.Line(paid_up.pk, Decimal("2.00"))],
        actor=Actor.person(reviewer),
        now=NOW + timedelta(days=3),
    )

    assert figures(rule("write_off_fee", fee_limit=Decimal(5), currency="EUR")) == [(3, 2, 1)]
    assert figures(rule("write_off_fee", fee_limit=Decimal(1), currency="EUR")) == [(3, 0, 0)]


def test_a_rule_behind_another_matches_but_changes_nothing(northwind):
    rows.transfer("salary", "10.00")
    first, second = rule("ignore", remittance_text="sal"), rule("ignore", remittance_text="salary")

    assert figures(first, second) == [(1, 1, 0), (1, 0, 0)]


def test_a_paused_or_unsaved_rule_is_tried_as_if_it_were_followed(northwind):
    rows.transfer("salary", "10.00")
    paused = rule("ignore", remittance_text="salary")
    rules.pause_rule(rule_id=paused.public_id, is_paused=True, by=None, now=NOW)
    unsaved = rules.drafted(RuleDraft(action="ignore", remittance_text="sal", ignore_reason="other"))

    paused.refresh_from_db()
    assert figures(paused) == [(1, 1, 0)]
    assert figures(unsaved) == [(1, 1, 0)]
    assert unsaved.pk is None


def test_only_the_newest_payments_are_looked_at_and_it_is_said(northwind):
    for serial in range(5):
        rows.transfer(f"salary {serial}", "10.00", booking_date=TODAY - timedelta(days=serial))
    made = rule("ignore", remittance_text="salary")

    result = rule_replay.replay(rules=[made], since=SINCE, now=NOW, limit=3)

    assert (result.looked_at, result.is_cut, result.rules[0].matches) == (3, True, 3)
    assert not rule_replay.replay(rules=[made], since=SINCE, now=NOW).is_cut


@pytest.mark.parametrize("day", [TODAY + timedelta(days=1), TODAY - timedelta(days=401)])
def test_a_period_out_of_range_is_refused(northwind, day):
    with pytest.raises(BadInput, match="last 400 days"):
        rule_replay.replay(rules=[], since=day, now=NOW)


def test_a_replay_writes_nothing_and_costs_the_same_with_more_payments(northwind, reviewer):
    made = rule("set_client", payer_text="eva", client_id=northwind.pk)

    def more(count):
        for serial in range(count):
            debt = rows.invoice(f"INV-{count}{serial}", "10.00", of=northwind)
            matched(rows.transfer("a", "10.00", name="Eva"), debt, reviewer, "8.00")
            rows.charge("5.00", name="Eva")

    def cost():
        with CaptureQueriesContext(connection) as queries:
            figures(made)
        return len(queries)

    more(2)
    few = cost()
    more(10)

    assert cost() == few
    assert (RuleHit.objects.count(), Decision.objects.filter(source="rule").count()) == (0, 0)


def run(*arguments):
    from io import StringIO

    out = StringIO()
    call_command("replay_rules", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_each_rule(northwind, time_machine):
    # The command looks back from the present day.
    time_machine.move_to(NOW)
    rows.transfer("salary", "10.00")
    made = rule("ignore", remittance_text="salary")

    text = run("--tenant", "acme", "--since", "2026-11-01")
    printed = json.loads(run("--tenant", "acme", "--since", "2026-11-01", "--rule", str(made.public_id), "--json"))

    assert "1. Reference salary: would match 1, would change 1, would have been wrong 0" in text
    assert (printed["looked_at"], printed["rules"][0]["would_match"]) == (1, 1)
    assert printed["rules"][0]["examples"][0]["amount"] == "10.00"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--tenant", "nobody"), "nobody"),
        (("--tenant", "acme", "--since", "2001-01-01"), "last 400 days"),
        (("--tenant", "acme", "--rule", "00000000-0000-4000-8000-000000000000"), "There is no rule"),
    ],
)
def test_bad_input_of_the_command_is_one_clear_line(northwind, arguments, says):
    with pytest.raises(CommandError, match=says) as refused:
        run(*arguments)

    assert refused.value.returncode == 2


def test_another_tenants_rule_is_not_replayed(in_acme, globex):
    with context.inside(globex):
        foreign = rule("ignore", remittance_text="salary")

    with pytest.raises(CommandError, match="There is no rule"):
        run("--tenant", "acme", "--rule", str(foreign.public_id))
