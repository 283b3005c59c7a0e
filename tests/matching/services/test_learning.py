from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching import adapters
from matching.core.memory import HALF_LIFE_DAYS
from matching.models import PayerProfile, Proposal
from matching.services import allocation, learning, proposing, setting_aside, undoing
from matching.services.decisions import Actor
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW, TODAY

LATER = TODAY + timedelta(days=HALF_LIFE_DAYS)


@pytest.fixture
def payment(in_acme):
    return rows.transfer("hosting 2026", "50.00", counterparty_hash="HASH")


def known(kind="account"):
    found = PayerProfile.objects.filter(kind=kind).order_by("client_id")
    return [(row.hits, pytest.approx(row.weight), row.last_seen_date) for row in found]


def test_a_payer_is_known_by_account_by_name_and_by_name_and_text(payment):
    owner = rows.client()

    learning.learn(payment, {owner.pk}, on=TODAY)

    assert sorted(PayerProfile.objects.values_list("kind", flat=True)) == ["account", "name", "text"]
    assert known() == [(1, 1.0, TODAY)]


@pytest.mark.parametrize("days", [[TODAY, LATER], [LATER, TODAY]], ids=["in order", "late arrival"])
def test_what_was_learned_fades_by_half_in_half_a_year_in_any_order(payment, days):
    owner = rows.client()

    for day in days:
        learning.learn(payment, {owner.pk}, on=day)

    assert known() == [(2, 1.5, LATER)]
    memory = adapters.load_memory(PayerProfile.objects.all())
    assert memory.accounts.get("HASH", LATER) == {owner.pk: pytest.approx(1.5)}


def test_an_undo_takes_out_exactly_what_its_decision_taught(payment):
    owner = rows.client()
    learning.learn(payment, {owner.pk}, on=TODAY)
    learning.learn(payment, {owner.pk}, on=LATER)

    learning.unlearn(payment, {owner.pk}, on=TODAY)
    assert known() == [(1, 1.0, LATER)]

    learning.unlearn(payment, {owner.pk}, on=LATER)
    learning.unlearn(payment, {owner.pk}, on=LATER)
    assert known() == [(0, 0.0, LATER)]
    assert adapters.load_memory(PayerProfile.objects.all()).accounts.rows == {}


def test_what_weighs_more_by_now_counts(payment):
    owner = rows.client()
    memory = lambda: adapters.load_memory(PayerProfile.objects.all())  # noqa: E731

    learning.learn_rejection(payment, {owner.pk}, on=TODAY)
    assert memory().is_rejected("account:HASH", owner.pk, TODAY)
    learning.learn(payment, {owner.pk}, on=TODAY)
    assert not memory().is_rejected("account:HASH", owner.pk, TODAY)
    learning.learn_rejection(payment, {owner.pk}, on=LATER)
    assert memory().is_rejected("account:HASH", owner.pk, LATER)
    learning.unlearn_rejection(payment, {owner.pk}, on=LATER)
    assert not memory().is_rejected("account:HASH", owner.pk, LATER)


def test_undoing_a_rejection_and_an_approval_leaves_nothing_known(in_acme, reviewer):
    rows.invoice("INV-1042", "119.00")
    payment = rows.transfer("INV-1042", "119.00", counterparty_hash="HASH")
    actor = Actor.person(reviewer)
    for decide in (setting_aside.reject_proposal, allocation.approve_proposal):
        proposing.propose(receipts=[payment], now=NOW)
        best = Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)
        decided = decide(proposal_id=best.public_id, actor=actor, now=NOW)
        undoing.undo_decision(decision_id=decided.decision.public_id, actor=actor, now=NOW)

    assert not PayerProfile.objects.exclude(hits=0, weight=0, rejections=0, rejected_weight=0).exists()


def test_learning_costs_the_same_however_many_clients(payment):
    owners = {rows.client(f"Client {number}").pk for number in range(30)}

    with CaptureQueriesContext(
        connection,
    ) as few:
        learning.learn(payment, {min(owners)}, on=TODAY)
    with CaptureQueriesContext(connection) as many:
        learning.learn(payment, owners, on=TODAY)

    assert len(few) == len(many)
    assert PayerProfile.objects.filter(kind="account").count() == 30


def test_a_payer_is_forgotten_whole_and_nobody_else(payment):
    owner = rows.client()
    learning.learn(payment, {owner.pk}, on=TODAY)
    other = rows.transfer("web", "10.00", name="Somebody Else", counterparty_hash="OTHER")
    learning.learn(other, {owner.pk}, on=TODAY)

    assert learning.forget_payer(payment) == 3
    assert set(PayerProfile.objects.values_list("key", flat=True)) & {"HASH"} == set()
    assert PayerProfile.objects.filter(key="OTHER").exists()


def test_what_faded_away_is_deleted_and_the_rest_stays(payment):
    old, fresh, blocked = (rows.client(name) for name in ("Old", "Fresh", "Blocked"))
    long_ago = date(2024, 1, 1)
    learning.learn(payment, {old.pk, blocked.pk, fresh.pk}, on=long_ago)
    learning.learn_rejection(payment, {fresh.pk}, on=TODAY)
    PayerProfile.objects.filter(client=blocked).update(is_blocked=True)

    assert learning.forget_faded(on=TODAY) == 3
    assert set(PayerProfile.objects.values_list("client_id", flat=True)) == {fresh.pk, blocked.pk}


def test_a_tenant_knows_nothing_of_anothers_payers(payment, globex):
    learning.learn(payment, {rows.client().pk}, on=TODAY)

    with context.inside(globex):
        assert PayerProfile.objects.count() == 0
