"""A tenant's rules over the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.rule_models import MatchingRule
from matching.services import proposing, rules
from matching.services.rules import RuleDraft
from payymo.audit.models import AuditEntry
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW

IGNORING = {"action": "ignore", "remittance_text": "salary", "ignore_reason": "payroll"}


def count_of(tenant):
    with context.inside(tenant):
        return MatchingRule.objects.filter(removed_at=None).count()


def saved(tenant, **fields):
    with context.inside(tenant):
        return rules.create_rule(draft=RuleDraft(**{**IGNORING, **fields}), by=None, now=NOW)


def test_an_administrator_makes_changes_pauses_and_removes_a_rule(acme):
    admin = Caller("admin")
    with context.inside(acme):
        client = rows.client()
    body = {
        "action": "set_client", "client": str(client.public_id), "payer_account": "DE89 3704 0044 0532 0130 00",
        "currency": "EUR", "least_amount": "10", "name": "Eva pays",
    }  # fmt: skip

    made = admin.post("matching-rules/", body)
    assert made.status_code == 201, made.content
    rule = made.json()
    assert (rule["payer_account"], rule["least_amount"], rule["client"]) == ("… 3000", "10.00", str(client.public_id))
    assert (rule["hits"], rule["wrong_hits"], rule["position"]) == (0, 0, 1)
    path = f"matching-rules/{rule['id']}/"
    changed = admin.put(path, {**{key: value for key, value in body.items() if key != "payer_account"}, "name": "Eva"})
    assert (changed.status_code, changed.json()["name"], changed.json()["payer_account"]) == (200, "Eva", "… 3000")
    assert admin.patch(path, {"is_paused": True}).json()["is_paused"] is True
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    with context.inside(acme):
        kept = MatchingRule.objects.get()
        assert "3704" not in str(vars(kept))
        acts = [each.action for each in AuditEntry.objects.filter(object_id=kept.public_id).order_by("pk")]
    assert acts == ["rule.made", "rule.changed", "rule.changed", "rule.removed"]


def test_rules_are_listed_in_order_and_moved(acme):
    first, second = saved(acme, name="a"), saved(acme, name="b")
    admin = Caller("admin")

    assert [each["name"] for each in admin.get("matching-rules/").json()["results"]] == ["a", "b"]
    assert admin.post(f"matching-rules/{second.public_id}/move/", {"to": "up"}).status_code == 200
    assert [each["name"] for each in admin.get("matching-rules/?page_size=1").json()["results"]] == ["b"]
    assert admin.get(f"matching-rules/{first.public_id}/").json()["position"] == 2


def test_a_replay_says_what_would_have_been(acme):
    rule = saved(acme)
    # A replay looks back 400 days at most.
    day = timezone.now().date() - timedelta(days=6)
    with context.inside(acme):
        payment = rows.transfer("salary", "10.00", booking_date=day)

    since = {"since": (day - timedelta(days=17)).isoformat()}
    answer = Caller("reviewer").post(f"matching-rules/{rule.public_id}/replay/", since)

    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["would_match"], said["would_change"], said["would_have_been_wrong"]) == (1, 1, 0)
    assert said["examples"] == [
        {"receipt": str(payment.public_id), "day": day.isoformat(), "amount": "10.00", "currency": "EUR",
         "outcome": "change"}
    ]  # fmt: skip


def call(who, method, path, body):
    return getattr(Caller(who), method)(path, *([] if body is None else [body]))


ACTS = [
    ("post", "matching-rules/", IGNORING),
    ("put", "matching-rules/{rule}/", {**IGNORING, "name": "changed"}),
    ("patch", "matching-rules/{rule}/", {"is_paused": True}),
    ("delete", "matching-rules/{rule}/", None),
    ("post", "matching-rules/{rule}/move/", {"to": "up"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_a_reviewer_changes_nothing(acme, method, path, body):
    saved(acme)
    rule = saved(acme)

    answer = call("reviewer", method, path.format(rule=rule.public_id), body)

    assert answer.status_code == 403
    assert count_of(acme) == 2
    with context.inside(acme):
        after = MatchingRule.objects.get(pk=rule.pk)
        assert (after.name, after.is_paused, after.position) == (rule.name, False, 2)


@pytest.mark.parametrize("path", ["matching-rules/", "matching-rules/{rule}/"])
def test_a_viewer_sees_no_rules(acme, path):
    assert Caller("viewer").get(path.format(rule=saved(acme).public_id)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [*ACTS[1:], ("get", "matching-rules/{rule}/", None), ("post", "matching-rules/{rule}/replay/", {})],
)
def test_another_tenants_rule_does_not_exist(acme, globex, method, path, body):
    foreign = saved(globex)
    answer = call("admin", method, path.format(rule=foreign.public_id), body)

    assert answer.status_code == 404
    assert count_of(globex) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({**IGNORING, "remittance_text": "(", "remittance_is_pattern": True}, "missing )"),
        ({**IGNORING, "code": "import os"}, "code"),
        ({"action": "run"}, "run"),
        ({"action": "set_client", "remittance_text": "x", "client": "00000000-0000-4000-8000-000000000000"}, "client"),
        ({**IGNORING, "bank_account": "00000000-0000-4000-8000-000000000000"}, "bank_account"),
        ({**IGNORING, "least_amount": "NaN"}, "least_amount"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(acme, body, says):
    answer = Caller("admin").post("matching-rules/", body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert says in answer.content.decode()
    assert count_of(acme) == 0


def test_another_tenants_client_cannot_be_named(acme, globex):
    with context.inside(globex):
        foreign = rows.client()
    body = {"action": "set_client", "remittance_text": "x", "client": str(foreign.public_id)}

    assert Caller("admin").post("matching-rules/", body).status_code == 400


def test_a_suggestion_says_which_rules_had_a_say_and_what_it_was_measured_against(acme):
    with context.inside(acme):
        rows.invoice("INV-1042", "100.00")
        payment = rows.transfer("INV-1042", "95.00")
    saved(
        acme, action="write_off_fee", remittance_text="inv", currency="EUR", fee_limit=Decimal(5), name="Bank keeps 5"
    )
    with context.inside(acme):
        proposing.propose(receipts=[payment], now=NOW)

    [said] = Caller("viewer").get(f"proposals/?receipt={payment.public_id}").json()["results"]

    assert said["rules"] == [
        {"name": "Bank keeps 5", "action": "write_off_fee", "spans": [["remittance_information", 0, 3]]}
    ]
    assert said["lines"][0]["fee"] == "5.00"
    assert (said["rival"]["rank"], "number" in {each["code"] for each in said["rival"]["behind"]}) == (0, True)
    assert all("weight" in reason for reason in said["reasons"])


def test_the_list_costs_the_same_with_more_rules(acme):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    caller = Caller("admin")

    def cost():
        with CaptureQueriesContext(connection) as queries:
            caller.get("matching-rules/")
        return len(queries)

    saved(acme)
    cost()
    few = cost()
    for _ in range(8):
        saved(acme)

    assert cost() == few
