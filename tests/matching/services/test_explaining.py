import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from matching.models import Proposal
from matching.services import allocation, explaining, learning, proposing, rules, undoing
from matching.services.decisions import Actor
from matching.services.rules import RuleDraft
from matching.services.why_none import why_none
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW, TODAY
from whmcs.models import Posting


def codes(payment):
    return [fact.code for fact in why_none(payment)]


def words(payment):
    return " ".join(fact.text for fact in why_none(payment))


def test_what_the_text_names_and_why_it_does_not_fit(in_acme):
    paid_at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    rows.invoice("INV-1", "0.00", status="Paid", total=Decimal(20), paid_at=paid_at)
    rows.invoice("INV-2", "20.00", currency="USD")
    rows.invoice("INV-3", "21.20")
    rows.invoice("INV-4", "20.00", status="Cancelled")
    payment = rows.transfer("inv-1 INV-2, INV-3 und INV-4", "20.00")

    said = words(payment)

    assert "INV-1 was paid on 3 Nov 2026." in said
    assert "INV-2 is in USD." in said
    assert "The amount is 1.20\u00a0EUR below INV-3." in said
    assert "INV-4 is Cancelled." in said


def test_what_is_said_is_in_the_readers_language_and_figures(in_acme):
    rows.invoice("INV-1", "0.00", status="Paid", total=Decimal(20), paid_at=datetime(2026, 11, 3, 9, tzinfo=UTC))
    rows.invoice("INV-3", "3021.20")
    rows.invoice("INV-4", "20.00", status="Cancelled")
    payment = rows.transfer("inv-1 INV-3 und INV-4", "1500.00")

    with override("de"):
        said = words(payment)

    assert "INV-1 wurde am 03.11.2026 bezahlt." in said
    assert "1.521,20\u00a0EUR" in said
    assert "„Storniert“" in said
    assert "1.500,00\u00a0EUR" in said


def test_a_text_without_or_with_a_foreign_number_is_said(in_acme):
    assert codes(rows.transfer("hosting", "20.00"))[0] == "no_number"
    assert codes(rows.transfer("RE 99887", "20.00"))[0] == "number_unknown"
    assert codes(rows.transfer(f"id {'9' * 40}", "20.00"))[0] == "number_unknown"


def test_a_known_payer_who_owes_nothing_is_said(in_acme):
    northwind = rows.client("Northwind Ltd")
    payment = rows.transfer("hosting", "20.00", name="Eva Kowalska")
    assert "payer_new" in codes(payment)
    learning.learn(payment, {northwind.pk}, on=TODAY)

    assert "Northwind Ltd, for whom this payer paid before, owes nothing." in words(payment)


def test_how_many_owe_the_amount_is_said(in_acme):
    payment = rows.transfer("hosting", "49.00")
    assert "No open invoice owes 49.00\u00a0EUR." in words(payment)
    rows.invoice("INV-1", "49.00")
    rows.invoice("INV-2", "49.00")

    assert "2 invoices of 49.00\u00a0EUR are open: pick one." in words(payment)


def test_money_that_left_needs_no_explanation(in_acme):
    assert why_none(rows.transfer("rent", "-20.00")) == ()


def cost(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_saying_why_not_costs_the_same_with_more_invoices(in_acme):
    payment = rows.transfer(" ".join(f"INV-{serial}" for serial in range(30)), "20.00")
    rows.invoice("INV-1", "20.00")
    few = cost(lambda: why_none(payment))
    for serial in range(2, 20):
        rows.invoice(f"INV-{serial}", "20.00", of=rows.client(f"Client {serial}"))

    assert cost(lambda: why_none(payment)) == few <= 6


@pytest.fixture
def decided(in_acme, reviewer):
    rows.invoice("INV-1042", "100.00")
    rows.invoice("INV-1043", "95.00")
    rules.create_rule(
        draft=RuleDraft(action="write_off_fee", name="Bank", currency="EUR", fee_limit=Decimal(5)), by=None, now=NOW
    )
    payment = rows.transfer("INV-1042 hosting", "95.00")
    proposing.propose(receipts=[payment], now=NOW)
    return payment


def test_a_trail_holds_weights_spans_rival_and_rules(decided):
    trail = explaining.trail(decided.public_id)

    best = trail["suggestions"][0]
    number = next(each for each in best["reasons"] if each["code"] == "number")
    assert "1042" in {span["text"] for span in number["spans"]}
    assert number["weight"] > 0
    assert best["rival"]["rank"] in (0, 2)
    assert best["rival"]["behind"]
    assert best["rules"] == [{"name": "Bank", "action": "write_off_fee"}]
    assert best["lines"][0]["fee"] == "5.00"
    assert trail["why_none"] == []
    json.dumps(trail)


def test_a_trail_goes_on_to_decision_allocation_and_posting(decided, reviewer):
    best = Proposal.objects.get(rank=1, status="OPEN")
    allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)

    trail = explaining.trail(decided.public_id)

    assert [each["kind"] for each in trail["decisions"]] == ["APPROVE"]
    [match] = trail["matches"]
    assert (match["amount"], match["fee"], match["posting"]["amount"]) == ("95.00", "5.00", "100.00")
    assert match["posting"]["transaction_id"] == Posting.objects.get().transaction_id
    assert [move["to"] for move in match["posting"]["moves"]] == ["QUEUED"]
    assert (trail["suggestions"], trail["earlier_suggestions"][0]["status"] != "OPEN") == ([], True)


def test_a_trail_costs_the_same_with_more_history(decided, reviewer):
    def undone():
        best = Proposal.objects.get(rank=1, status="OPEN")
        actor = Actor.person(reviewer)
        made = allocation.approve_proposal(proposal_id=best.public_id, actor=actor, now=NOW)
        undoing.undo_decision(decision_id=made.decision.public_id, actor=actor, now=NOW + timedelta(seconds=1))

    undone()
    few = cost(lambda: explaining.trail(decided.public_id))
    undone()
    undone()

    assert cost(lambda: explaining.trail(decided.public_id)) == few


def run(*arguments):
    out = StringIO()
    call_command("explain_match", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_whole_trail(decided, reviewer):
    waiting = run("--tenant", "acme", str(decided.public_id))
    best = Proposal.objects.get(rank=1, status="OPEN")
    allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)
    after = run("--tenant", "acme", str(decided.public_id))

    for piece in (
        "95.00 EUR from Northwind Ltd",
        "INV-1042 95.00 + fee 5.00 EUR",
        "“1042”",
        "rule “Bank”",
        "against",
    ):
        assert piece in waiting
    for piece in ("APPROVE by Reviewer", "Matched: INV-1042", "posting PM-", "QUEUED approved"):
        assert piece in after


def test_the_command_says_why_there_is_none(in_acme):
    payment = rows.transfer("hosting", "49.00")
    proposing.propose(receipts=[payment], now=NOW)

    text = run("--tenant", "acme", str(payment.public_id))

    assert "No suggestion: no_candidate" in text
    assert "No open invoice owes 49.00\u00a0EUR." in text
    printed = json.loads(run("--tenant", "acme", str(payment.public_id), "--json"))
    assert [each["code"] for each in printed["why_none"]] == ["no_number", "payer_new", "amount_nobody"]


def test_a_charge_is_explained_too(in_acme):
    charge = rows.charge("49.00", description="Invoice 77", metadata={"invoice": "77"})
    proposing.propose(receipts=[charge], now=NOW)

    assert explaining.trail(charge.public_id)["receipt"]["charge"] == charge.charge_id


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--tenant", "nobody", str(uuid.uuid4())), "nobody"),
        (("--tenant", "acme", "17"), "is not an id"),
        (("--tenant", "acme", str(uuid.uuid4())), "There is no payment"),
    ],
)
def test_bad_input_of_the_command_is_one_clear_line(in_acme, arguments, says):
    with pytest.raises(CommandError, match=says) as refused:
        run(*arguments)

    assert refused.value.returncode == 2


def test_another_tenants_payment_is_not_explained(in_acme, globex):
    with context.inside(globex):
        foreign = rows.transfer("hosting", "49.00")

    with pytest.raises(CommandError, match="There is no payment"):
        run("--tenant", "acme", str(foreign.public_id))
