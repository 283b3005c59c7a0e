import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from matching.rule_models import MatchingRule
from matching.services import rules
from matching.services.rules import RuleDraft, TooManyRules, UnusableRule
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW


def draft(**fields):
    return RuleDraft(**{"action": "ignore", "remittance_text": "salary", "ignore_reason": "payroll", **fields})


def create(by=None, **fields):
    return rules.create_rule(draft=draft(**fields), by=by, now=NOW)


def order():
    return list(MatchingRule.objects.filter(removed_at=None).order_by("position").values_list("name", flat=True))


def test_a_rule_is_saved_as_it_was_said(in_acme, owner):
    rule = create(owner, currency=" eur ", least_amount=Decimal("1.50"), name="")

    rule.refresh_from_db()
    assert (rule.name, rule.position, rule.currency, rule.least_amount) == (
        "Reference salary", 1, "EUR", Decimal("1.500"),
    )  # fmt: skip
    assert (rule.changed_by_name, rule.requeued_at, rule.is_paused) == (owner.display_name, None, False)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"action": "delete"}, "action is one of"),
        ({"remittance_text": ""}, "at least one condition"),
        ({"remittance_text": "(", "remittance_is_pattern": True}, "Reference: The pattern cannot be read: missing"),
        ({"payer_text": "x" * 201}, "Payer: The text to look for has more than 200"),
        ({"remittance_text": "", "currency": "EUR"}, "which payments are ignored"),
        ({"ignore_reason": "because"}, "Choose a reason"),
        ({"least_amount": Decimal(1)}, "Choose the currency"),
        ({"currency": "EUR", "least_amount": Decimal(2), "most_amount": Decimal(1)}, "above the largest"),
        ({"currency": "EUR", "least_amount": Decimal(-2)}, "zero or more"),
        ({"currency": "EUR", "least_amount": Decimal("NaN")}, "zero or more"),
        ({"currency": "JPY", "least_amount": Decimal("1.5")}, "more decimals than JPY"),
        ({"currency": "euro"}, "three letters"),
        ({"direction": "sideways"}, "direction is"),
        ({"action": "set_client"}, "Choose the client"),
        ({"action": "set_client", "client_id": 1, "remittance_text": "", "direction": "in"}, "whose payments"),
        ({"action": "set_client", "client_id": 1, "direction": "out"}, "settles no invoice"),
        ({"action": "write_off_fee", "currency": "EUR"}, "up to which amount"),
        ({"action": "write_off_fee", "fee_limit": Decimal(5)}, "Choose the currency"),
    ],
)
def test_an_unusable_rule_is_refused_with_a_sentence(in_acme, fields, says):
    with pytest.raises(UnusableRule, match=says):
        create(**fields)

    assert MatchingRule.objects.count() == 0


def test_what_an_action_does_not_use_is_not_kept(in_acme):
    rule = create(action="forbid_automation", client_id=rows.client().pk, fee_limit=Decimal(5), currency="EUR")

    assert (rule.client_id, rule.ignore_reason, rule.fee_limit) == (None, "", None)


def test_money_that_left_may_be_ignored_without_a_text(in_acme):
    assert create(remittance_text="", direction="out", ignore_reason="fee").direction == "out"


def test_an_account_is_kept_as_a_keyed_hash_and_four_characters(in_acme):
    key, last4 = rules.payer_account("DE89 3704 0044 0532 0130 00")

    assert (len(key), last4) == (64, "3000")
    assert key == rules.payer_account("de89370400440532013000")[0]
    assert rules.payer_account("") == ("", "")
    assert rules.payer_account("cus_ab12") == ("cus_ab12", "ab12")


def test_the_hash_of_an_account_is_another_one_at_another_tenant(in_acme, globex):
    mine, _ = rules.payer_account("DE89370400440532013000")

    with context.inside(globex):
        assert rules.payer_account("DE89370400440532013000")[0] != mine


def test_a_rule_changes_places_with_its_neighbour(in_acme):
    first, _, third = create(name="a"), create(name="b"), create(name="c")

    rules.move_rule(rule_id=third.public_id, up=True, by=None, now=NOW)
    assert order() == ["a", "c", "b"]
    rules.move_rule(rule_id=first.public_id, up=False, by=None, now=NOW)
    assert order() == ["c", "a", "b"]
    rules.move_rule(rule_id=third.public_id, up=True, by=None, now=NOW)
    assert order() == ["c", "a", "b"]


def test_a_change_lets_the_payments_be_looked_at_again(in_acme):
    rule = create()
    MatchingRule.objects.update(requeued_at=NOW)

    rules.pause_rule(rule_id=rule.public_id, is_paused=True, by=None, now=NOW)

    rule.refresh_from_db()
    assert (rule.is_paused, rule.requeued_at) == (True, None)


def test_a_removed_rule_is_gone_and_its_row_stays(in_acme):
    rule = create()

    rules.remove_rule(rule_id=rule.public_id, by=None, now=NOW)

    assert MatchingRule.objects.get().removed_at == NOW
    with pytest.raises(MatchingRule.DoesNotExist):
        rules.change_rule(rule_id=rule.public_id, draft=draft(), by=None, now=NOW)


def test_another_tenants_rule_does_not_exist(in_acme, globex):
    with context.inside(globex):
        foreign = create()

    with pytest.raises(MatchingRule.DoesNotExist):
        rules.pause_rule(rule_id=foreign.public_id, is_paused=True, by=None, now=NOW)


def test_there_are_never_more_rules_than_are_judged_in_time(in_acme, monkeypatch):
    monkeypatch.setattr(rules, "MOST_RULES", 2)
    create()
    create()

    with pytest.raises(TooManyRules, match="There are 2 rules"):
        create()

    assert MatchingRule.objects.count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "set_client"},
        {"action": "ignore", "ignore_reason": ""},
        {"action": "write_off_fee", "ignore_reason": ""},
        {"remittance_text": "", "action": "forbid_automation", "ignore_reason": ""},
        {"currency": "", "most_amount": 5, "action": "forbid_automation"},
    ],
)
def test_the_database_refuses_a_rule_that_makes_no_sense(in_acme, fields):
    values = {"name": "x", "position": 1, "remittance_text": "x", "action": "ignore", "ignore_reason": "other"}

    with pytest.raises(IntegrityError), transaction.atomic():
        MatchingRule.objects.create(**{**values, **fields}, changed_at=NOW)


def test_rules_made_at_the_same_time_stand_one_behind_the_other(committed_acme):
    def work(serial):
        with context.inside(committed_acme):
            create(name=f"rule {serial}")
        connection.close()

    threads = [threading.Thread(target=work, args=(serial,)) for serial in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert sorted(MatchingRule.objects.values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]
