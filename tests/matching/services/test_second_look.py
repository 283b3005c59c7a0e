"""Above the tenant's amount two persons approve, and the first is not also the second."""

import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Membership, User
from banking.models import BankTransaction
from matching.models import AutoApprovalPolicy, Decision, InvoiceMatch, TwoPersonLimit
from matching.services import allocation, bulk, proposing, second_look, undoing
from matching.services import policy as policies
from matching.services.decisions import Actor
from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW
from whmcs.models import Posting


@pytest.fixture
def limit(in_acme):
    TwoPersonLimit.objects.create(currency="EUR", amount="100.00")


@pytest.fixture
def payment(limit):
    rows.invoice("INV-1", "150.00")
    row = rows.transfer("INV-1 hosting", "150.00")
    proposing.propose(receipts=[row], now=NOW)
    return row


def approve(payment, user):
    best = payment.proposals.get(status="OPEN", rank=1)
    return allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(user), now=NOW)


def test_the_first_approval_writes_no_match_and_the_second_posts_once(payment, reviewer, owner):
    first = approve(payment, reviewer)

    assert (first.decision.kind, InvoiceMatch.objects.count(), Posting.objects.count()) == ("FIRST", 0, 0)
    second = approve(payment, owner)
    assert (second.decision.kind, InvoiceMatch.objects.count(), Posting.objects.count()) == ("APPROVE", 1, 1)


def test_the_same_person_is_not_the_second(payment, reviewer):
    approve(payment, reviewer)

    with pytest.raises(second_look.SecondPersonNeeded):
        approve(payment, reviewer)

    assert (Decision.objects.count(), Posting.objects.count()) == (1, 0)


def test_another_use_of_the_money_by_the_second_person_is_a_first_approval_again(payment, reviewer, owner):
    approve(payment, reviewer)
    other = rows.invoice("INV-2", "150.00")
    lines = [allocation.Line(other.pk, Decimal("150.00"))]

    def by_hand(user):
        return allocation.allocate_by_hand(
            receipt_id=payment.public_id, lines=lines, actor=Actor.person(user), now=NOW
        ).decision.kind

    assert by_hand(owner) == "FIRST"
    assert Posting.objects.count() == 0
    assert by_hand(reviewer) == "ALLOCATE"
    assert Posting.objects.get().amount == 150


def test_an_undone_first_approval_does_not_count(payment, reviewer, owner):
    first = approve(payment, reviewer)
    undoing.undo_decision(decision_id=first.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert approve(payment, owner).decision.kind == "FIRST"
    assert Posting.objects.count() == 0


def test_up_to_the_limit_one_person_is_enough(limit, reviewer):
    rows.invoice("INV-3", "100.00")
    row = rows.transfer("INV-3 hosting", "100.00")
    proposing.propose(receipts=[row], now=NOW)

    assert approve(row, reviewer).decision.kind == "APPROVE"


def test_nothing_large_happens_alone_or_in_bulk(payment):
    best = payment.proposals.get(status="OPEN", rank=1)
    with pytest.raises(allocation.AutomationForbidden):
        allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.policy(), now=NOW)

    [row] = bulk.preview(proposals=[best], now=NOW)
    assert (row.held, Decision.objects.count()) == (bulk.Held.TWO_PERSONS, 0)


@pytest.mark.parametrize("program", [True, False])
def test_a_key_and_staff_are_never_the_second(payment, reviewer, owner, program):
    staff = User.objects.get(email="staff@payymo.example")
    approve(payment, reviewer)
    best = payment.proposals.get(status="OPEN", rank=1)
    actor = Actor.person(owner, by_key=True) if program else Actor.staff(staff)

    with pytest.raises(second_look.SecondPersonNeeded):
        allocation.approve_proposal(proposal_id=best.public_id, actor=actor, now=NOW)

    assert (Decision.objects.count(), InvoiceMatch.objects.count(), Posting.objects.count()) == (1, 0, 0)
    assert approve(payment, owner).decision.kind == "APPROVE"


def test_a_program_with_a_colleagues_key_is_refused_over_the_api(payment, in_acme, reviewer):
    approve(payment, reviewer)
    best = payment.proposals.get(status="OPEN", rank=1)
    owner = Caller("owner")
    key = owner.post("api-keys/", {"name": "x", "scopes": ["review.view", "review.decide"]}).json()["key"]

    def call(authorization, idempotency_key):
        return owner.client.post(
            f"/api/v1/proposals/{best.public_id}/approve/", {}, content_type="application/json",
            headers={"host": owner.host, "authorization": authorization, "idempotency-key": idempotency_key},
        )  # fmt: skip

    refused = call(f"Api-Key {key}", "a")
    context.enter_for_request(in_acme)
    assert (refused.status_code, refused.json()["code"]) == (409, "second_person_needed")
    assert (Decision.objects.count(), Posting.objects.count()) == (1, 0)

    assert call(f"Bearer {owner.token}", "b").json()["kind"] == "APPROVE"
    context.enter_for_request(in_acme)
    assert Posting.objects.count() == 1


def test_of_eight_attempts_of_one_person_at_once_none_is_the_second(committed_acme, reviewer, owner):
    TwoPersonLimit.objects.create(currency="EUR", amount="100.00")
    rows.invoice("INV-1", "150.00")
    row = rows.transfer("INV-1 hosting", "150.00")
    proposing.propose(receipts=[row], now=NOW)
    outcomes, start = [], threading.Barrier(8)

    def attempt():
        try:
            start.wait(timeout=60)
            with context.inside(committed_acme):
                outcomes.append(str(approve(row, reviewer).decision.kind))
        except second_look.SecondPersonNeeded:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert sorted(outcomes) == ["FIRST"] + ["refused"] * 7
    assert (InvoiceMatch.objects.count(), Posting.objects.count()) == (0, 0)
    assert approve(row, owner).decision.kind == "APPROVE"


def test_the_amount_of_one_tenant_holds_for_no_other(limit, globex):
    assert second_look.limits() == {"EUR": 100}
    with context.inside(globex):
        assert second_look.limits() == {}


@pytest.mark.parametrize(("currency", "amount", "large"), [("EUR", "100", False), ("EUR", "100.01", True),
                                                           ("JPY", "10000", False), ("JPY", "10001", True),
                                                           ("CHF", "0.05", True)])  # fmt: skip
def test_each_currency_has_its_amount_and_one_without_always_needs_two(limit, currency, amount, large):
    TwoPersonLimit.objects.create(currency="JPY", amount="10000")

    assert second_look.is_large(BankTransaction(currency=currency, amount=Decimal(amount))) == large


def test_without_any_amount_one_person_is_enough(in_acme):
    assert not second_look.is_large(BankTransaction(currency="EUR", amount=Decimal("99999999")))


@pytest.mark.parametrize("amounts", [{"EUR": "0"}, {"EUR": "-1"}, {"EUR": "1.005"}, {"JPY": "0.5"}, {"EURO": "1"},
                                     {f"A{a}{b}": "1" for a in "ABCDE" for b in "ABCDE"}])  # fmt: skip
def test_an_amount_that_makes_no_sense_is_refused_and_the_old_ones_stay(limit, amounts):
    with pytest.raises(second_look.UnusableLimit):
        second_look.replace_limits({currency: Decimal(amount) for currency, amount in amounts.items()})

    assert second_look.limits() == {"EUR": 100}


def test_nobody_asks_for_a_second_person_who_is_not_there(in_acme):
    Membership.objects.filter(tenant=in_acme, role__code__in=["admin", "reviewer"]).update(is_active=False)

    with pytest.raises(second_look.UnusableLimit, match="Invite"):
        second_look.replace_limits({"EUR": Decimal(100)})

    assert second_look.limits() == {}


def test_the_second_decision_names_the_first_and_undoing_it_leaves_the_first_standing(payment, reviewer, owner):
    first = approve(payment, reviewer).decision
    for _ in range(2):
        second = approve(payment, owner).decision
        assert (second.seconds, second.first_person_id) == (first, reviewer.pk)
        undoing.undo_decision(decision_id=second.public_id, actor=Actor.person(owner), now=NOW)


@pytest.mark.parametrize("fields", [{"decided_by_id": 7, "first_person_id": 7}, {"decided_by_id": None},
                                    {"first_person_id": None}, {"source": "staff"}, {"seconds": None}])  # fmt: skip
def test_the_database_takes_nobody_for_two_persons(payment, reviewer, owner, fields):
    first = approve(payment, reviewer).decision
    whole = {
        "kind": "APPROVE", "source": "person", "bank_transaction": payment, "decided_by_id": owner.pk, "seconds": first,
        "first_person_id": reviewer.pk, "decided_at": NOW,
    }  # fmt: skip

    with pytest.raises(IntegrityError, match="a_second_person_is_another"), transaction.atomic():
        Decision.objects.create(**{**whole, **fields})

    assert Decision.objects.create(**whole).pk


def test_automation_does_not_use_up_its_run_on_what_two_persons_decide(payment, in_acme):
    account = payment.account
    policy = AutoApprovalPolicy.objects.create(is_on=True, bands=["exact", "likely"], least_probability=0.9)
    policy.bank_accounts.add(account)

    assert policies.auto_approve(now=NOW) == policies.PolicyOutcome()
