"""The Rules pages on a tenant's host."""

from decimal import Decimal

import pytest
from django.utils import timezone

from matching.models import Decision
from matching.rule_models import MatchingRule
from matching.services import allocation, proposing, rules, setting_aside
from matching.services.decisions import Actor
from matching.services.rules import RuleDraft
from tests.factories import rows
from tests.factories.rows import NOW

IGNORING = {"payer_text": "Employer", "action": "ignore", "ignore_reason": "payroll"}


def saved(**fields):
    draft = RuleDraft(**{"action": "ignore", "remittance_text": "rent", "ignore_reason": "private", **fields})
    return rules.create_rule(draft=draft, by=None, now=NOW)


def ignored(user, times):
    for serial in range(times):
        payment = rows.transfer(f"Salary {serial}", "900.00", name="Employer AG")
        done = setting_aside.ignore_receipt(
            receipt_id=payment.public_id, reason="payroll", actor=Actor.person(user), now=timezone.now()
        )
    return done.decision


def text_of(answer):
    return answer.content.decode()


def test_without_rules_the_page_says_how_to_begin(as_admin):
    assert "No rules yet." in text_of(as_admin.get("/rules/"))


def test_a_rule_is_listed_in_words(as_reviewer):
    saved(payer_text="Eva", name="Garage")

    page = as_reviewer.get("/rules/").context["page"]

    [row] = page.rows
    assert (row.name, row.place, row.hits, row.wrong) == ("Garage", 1, 0, 0)
    assert row.when == "When the payer's name holds “Eva” and the reference holds “rent”"
    assert row.then == "Ignore it: Private."
    assert (row.up_url, row.pause_url, page.new_url) == ("", "", "")


def test_an_administrator_makes_a_rule(as_admin):
    client = rows.client("Northwind Ltd")
    form = {
        "payer_account": "DE89 3704 0044 0532 0130 00",
        "action": "set_client",
        "client": f"#{client.whmcs_id} Northwind",
    }

    answer = as_admin.post("/rules/new/", {**form, "do": "save"})

    rule = MatchingRule.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/rules/{rule.public_id}/")
    assert (rule.client, rule.payer_account_last4, rule.changed_by_name) == (client, "3000", "Admin")
    assert "… 3000" in text_of(as_admin.get(f"/rules/{rule.public_id}/"))


def test_each_field_of_a_rule_is_in_one_of_its_two_parts(as_admin):
    form = as_admin.get("/rules/new/").context["page"].form

    assert [title for title, _fields in form.groups()] == ["When all of this holds", "Then"]
    shown = [field.name for _title, fields in form.groups() for field in fields]
    assert sorted([*shown, "account_key", "account_last4"]) == sorted(form.fields)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({**IGNORING, "payer_text": ""}, "at least one condition"),
        ({**IGNORING, "payer_text": "(", "payer_is_pattern": "on"}, "missing )"),
        ({"payer_text": "Eva", "action": "set_client", "client": "Nobody"}, "No client has this"),
        ({"payer_text": "Eva", "action": "set_client", "client": "Twin Ltd"}, "More than one client"),
    ],
)
def test_an_unusable_rule_is_refused_with_a_sentence_and_the_form_is_kept(as_admin, form, says):
    rows.client("Twin Ltd")
    rows.client("Twin Ltd")

    answer = as_admin.post("/rules/new/", form)

    assert answer.status_code == 422
    assert says in text_of(answer)
    assert f'value="{form["payer_text"]}"' in text_of(answer) or not form["payer_text"]
    assert MatchingRule.objects.count() == 0


def test_a_rule_is_tried_before_it_is_saved(as_admin):
    rows.transfer("Salary", "900.00", name="Employer AG", booking_date=_today())

    answer = as_admin.post("/rules/new/", {**IGNORING, "do": "test"})

    test = answer.context["page"].test
    assert (test.matches, test.changes, test.wrong) == (1, 1, 0)
    assert MatchingRule.objects.count() == 0
    assert "Would change" in text_of(answer)


def _today():
    return timezone.now().date()


def test_a_rule_is_prefilled_from_a_decision_and_created_by_one_click(as_admin, reviewer):
    decision = ignored(reviewer, 3)

    form = as_admin.get(f"/rules/new/?from={decision.public_id}").context["page"].form
    assert (form["payer_text"].value(), form["action"].value(), form["ignore_reason"].value()) == (
        "Employer AG", "ignore", "payroll",
    )  # fmt: skip
    [offer] = as_admin.get("/rules/").context["page"].offers
    assert offer.times == 3
    assert as_admin.post(offer.create_url, dict(offer.fields)).status_code == 302

    rule = MatchingRule.objects.get()
    assert (rule.made_from, rule.payer_text, rule.ignore_reason) == (decision, "Employer AG", "payroll")
    assert as_admin.get("/rules/").context["page"].offers == ()


def test_a_client_of_an_offer_survives_the_click(as_admin, reviewer):
    northwind = rows.client("Northwind Ltd")
    for _ in range(3):
        debt = rows.invoice("INV-1", "10.00", of=northwind)
        payment = rows.transfer("x", "10.00", name="Eva", counterparty_hash="h" * 64, counterparty_last4="1234")
        line = allocation.Line(debt.pk, payment.amount)
        allocation.allocate_by_hand(
            receipt_id=payment.public_id, lines=[line], actor=Actor.person(reviewer), now=timezone.now()
        )

    [offer] = as_admin.get("/rules/").context["page"].offers
    as_admin.post(offer.create_url, dict(offer.fields))

    rule = MatchingRule.objects.get()
    assert (rule.client, rule.payer_account_hash, rule.payer_account_last4) == (northwind, "h" * 64, "1234")


def test_a_reviewer_sees_an_offer_and_cannot_take_it(as_reviewer, reviewer):
    decision = ignored(reviewer, 3)

    [offer] = as_reviewer.get("/rules/").context["page"].offers

    assert (offer.create_url, offer.edit_url, offer.fields) == ("", "", ())
    assert as_reviewer.get(f"/rules/new/?from={decision.public_id}").status_code == 403
    assert as_reviewer.post("/rules/new/", IGNORING).status_code == 403
    assert MatchingRule.objects.count() == 0


def test_rules_are_reordered_paused_changed_and_removed(as_admin):
    first, second = saved(name="a"), saved(name="b")

    as_admin.post(f"/rules/{second.public_id}/move/up/")
    as_admin.post(f"/rules/{first.public_id}/pause/", {"do": "pause"})
    names = [(row.name, row.is_paused) for row in as_admin.get("/rules/").context["page"].rows]
    assert names == [("b", False), ("a", True)]

    as_admin.post(f"/rules/{first.public_id}/pause/", {"do": "resume"})
    changed = as_admin.post(f"/rules/{first.public_id}/", {**IGNORING, "name": "c"})
    as_admin.post(f"/rules/{second.public_id}/remove/")

    assert changed.status_code == 302
    [left] = MatchingRule.objects.filter(removed_at=None)
    assert (left.name, left.payer_text, left.is_paused) == ("c", "Employer", False)
    assert as_admin.get(f"/rules/{second.public_id}/").status_code == 404


def test_a_reviewer_tries_a_rule_and_changes_nothing(as_reviewer):
    rule = saved()

    page = as_reviewer.get(f"/rules/{rule.public_id}/?test=1").context["page"]

    assert (page.form, page.pause_url, page.remove_url) == (None, "", "")
    assert page.test.matches == 0
    assert as_reviewer.post(f"/rules/{rule.public_id}/", IGNORING).status_code == 403
    rule.refresh_from_db()
    assert rule.payer_text == ""


def test_an_account_left_empty_stays(as_admin):
    key, last4 = rules.payer_account("DE89370400440532013000")
    rule = saved(remittance_text="", payer_account_hash=key, payer_account_last4=last4)
    form = as_admin.get(f"/rules/{rule.public_id}/").context["page"].form
    values = {field.html_name: field.value() or "" for field in form if field.value() not in (None, False)}

    as_admin.post(f"/rules/{rule.public_id}/", values)

    rule.refresh_from_db()
    assert (rule.payer_account_hash, rule.payer_account_last4) == (key, "3000")


def test_a_rule_of_a_decision_elsewhere_does_not_exist(as_admin):
    assert as_admin.get("/rules/new/?from=00000000-0000-4000-8000-000000000000").status_code == 404
    assert as_admin.get("/rules/new/?from=%00").status_code == 200
    assert Decision.objects.count() == 0


def test_a_repeated_decision_offers_its_rule_in_the_undo_bar(as_admin, as_reviewer, reviewer):
    ignored(reviewer, 2)
    for browser, offered in ((as_admin, True), (as_reviewer, False)):
        payment = rows.transfer("Salary", "900.00", name="Employer AG")

        answer = browser.fragment("post", f"/review/{payment.public_id}/ignore/", {"reason": "payroll"})

        decision = Decision.objects.get(bank_transaction=payment)
        assert (f"/rules/new/?from={decision.public_id}" in text_of(answer)) is offered


def test_the_panel_shows_weights_the_rival_rules_and_a_fee(as_reviewer):
    rows.invoice("INV-1042", "100.00")
    rows.invoice("INV-1043", "95.00")
    payment = rows.transfer("INV-1042 hosting", "95.00")
    saved(action="write_off_fee", name="Bank keeps 5", remittance_text="inv", currency="EUR", fee_limit=Decimal(5))
    proposing.propose(receipts=[payment], now=NOW)

    answer = as_reviewer.fragment("get", f"/review/{payment.public_id}/panel/")

    card = answer.context["page"].candidates[0]
    assert card.remainder == "5.00\u00a0EUR is missing and written off as a fee, by your rule"
    assert card.rules == ("Bank keeps 5",)
    assert card.rival
    assert any(reason.weight.startswith("+") for reason in card.reasons)
    text = text_of(answer)
    for piece in ('data-pm-key="w"', "Bank keeps 5", "Weight", "says so"):
        assert piece in text


def test_the_panel_says_why_there_is_no_suggestion(as_reviewer):
    payment = rows.transfer("hosting", "49.00")
    proposing.propose(receipts=[payment], now=NOW)

    assert "No open invoice owes 49.00\u00a0EUR." in text_of(
        as_reviewer.fragment("get", f"/review/{payment.public_id}/panel/")
    )
