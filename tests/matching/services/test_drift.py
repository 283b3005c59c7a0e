import threading
from datetime import timedelta

import pytest
from django.db import connection

from matching.models import AutomationStop, Decision, PayerProfile, Proposal
from matching.services import allocation, corrections, drift, policy, proposing, undoing
from matching.services.decisions import Actor
from payymo.audit.models import AuditEntry
from payymo.shared.errors import Conflict
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW
from tests.matching.services.test_proposing import _policy
from whmcs.models import Posting

NAMES = ("Adler", "Birke", "Coppola", "Dvorak", "Eriksen", "Farkas", "Grimm", "Hoffer", "Ivanov", "Jansen")


def approved_alone(count, *, at=NOW):
    """Automatic approvals of the past, without money: only what the watch looks at."""
    payment = rows.transfer("old", "1.00")
    Decision.objects.bulk_create(
        Decision(kind="APPROVE", source="policy", bank_transaction=payment, decided_at=at, probability=0.9995)
        for _ in range(count)
    )


def automatic(number):
    """Let the policy approve one payment and return its decision."""
    payment = rows.transfer(f"INV-{number}", f"{number}.00", name=f"{NAMES[number % 10]} Bau")
    rows.invoice(f"INV-{number}", f"{number}.00", of=rows.client(payment.counterparty_name))
    proposing.propose(receipts=[payment], now=NOW)
    policy.auto_approve(now=NOW)
    return Decision.objects.filter(bank_transaction=payment, source="policy").first()


@pytest.fixture
def corrected(in_acme, reviewer):
    """Correct automatic approvals until the watch stops them; the number that it took."""
    _policy(least_probability=0.99)
    for number in range(2000, 2020):
        decision = automatic(number)
        if decision is None:
            return number - 2000
        undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)
    pytest.fail("automation went on after 20 corrections in a row")


def test_automation_stops_when_its_approvals_are_corrected_one_after_the_other(corrected):
    stop = AutomationStop.objects.get()

    assert 2 <= corrected <= 8
    assert (stop.state, stop.approved, stop.corrected) == ("OPEN", corrected, corrected)
    assert stop.surprise >= 50_000
    assert stop.tolerated == pytest.approx(0.01)
    assert AuditEntry.objects.filter(action="automation.stopped").count() == 1


def test_while_it_is_stopped_suggestions_are_made_and_wait_for_a_person(corrected):
    rows.invoice("INV-9000", "55.00")
    payment = rows.transfer("INV-9000", "55.00")

    proposing.propose(receipts=[payment], now=NOW)

    assert policy.auto_approve(now=NOW).approved == 0
    assert Proposal.objects.get(rank=1, bank_transaction=payment, status="OPEN").is_certain


def test_a_person_resumes_and_the_watch_starts_anew(corrected, owner):
    later = NOW + timedelta(hours=1)

    stop = drift.resume(stop_id=drift.open_stop().public_id, by=owner, now=later)

    assert (stop.state, stop.resumed_by_name) == ("RESUMED", "Owner")
    assert drift.open_stop() is None
    assert policy.auto_approve(now=later).approved == 1
    again = Decision.objects.get(source="policy", undone_by=None)
    assert again.decided_at > stop.resumed_at - timedelta(seconds=1)
    undoing.undo_decision(decision_id=again.public_id, actor=Actor.person(owner), now=later)
    assert drift.open_stop() is None


def test_it_is_resumed_once(corrected, owner):
    stop_id = drift.open_stop().public_id
    drift.resume(stop_id=stop_id, by=owner, now=NOW)

    with pytest.raises(drift.NotStopped):
        drift.resume(stop_id=stop_id, by=owner, now=NOW)

    assert AuditEntry.objects.filter(action="automation.resumed").count() == 1


def test_a_correction_now_and_then_stops_nothing(in_acme, reviewer):
    _policy(least_probability=0.99)
    for number in (3000, 3001, 3002):
        approved_alone(150)
        decision = automatic(number)
        undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert drift.open_stop() is None


def test_what_a_person_took_back_is_not_approved_again_without_one(in_acme, reviewer):
    _policy(least_probability=0.99)
    decision = automatic(3500)
    undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert policy.auto_approve(now=NOW).approved == 0
    assert Proposal.objects.get(rank=1, status="OPEN", bank_transaction=decision.bank_transaction).is_certain


def test_corrected_decisions_of_people_do_not_concern_automation(in_acme, reviewer):
    for number in range(4000, 4012):
        rows.invoice(f"INV-{number}", "119.00")
        payment = rows.transfer(f"INV-{number}", "119.00")
        proposing.propose(receipts=[payment], now=NOW)
        best = Proposal.objects.get(rank=1, status="OPEN", bank_transaction=payment)
        decided = allocation.approve_proposal(proposal_id=best.public_id, actor=Actor.person(reviewer), now=NOW)
        undoing.undo_decision(decision_id=decided.decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert drift.open_stop() is None


def test_one_tenants_stop_leaves_anothers_automation_alone(corrected, globex):
    with context.inside(globex):
        assert drift.open_stop() is None


def posted(decision):
    Posting.objects.filter(invoicematch_set__decision=decision).update(state="POSTED", posted_at=NOW)
    return decision


def test_a_posted_approval_is_reported_as_wrong_and_teaches_nothing_any_more(in_acme, reviewer):
    _policy()
    decision = posted(automatic(5000))
    assert PayerProfile.objects.filter(hits=1).exists()

    wrong = corrections.report_wrong(
        decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW, reason="her sister paid"
    )

    assert (wrong.kind, wrong.corrects, wrong.reason) == ("WRONG", decision, "her sister paid")
    assert not PayerProfile.objects.filter(hits__gt=0).exists()
    assert PayerProfile.objects.filter(rejections=1).exists()
    decision.bank_transaction.refresh_from_db()
    assert decision.bank_transaction.state == "RECONCILED"
    assert Posting.objects.get().state == "POSTED"


def test_reports_of_posted_approvals_stop_automation_too(in_acme, reviewer):
    _policy()
    for number in range(6000, 6012):
        decision = automatic(number)
        if decision is None:
            break
        posted(decision)
        corrections.report_wrong(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)

    assert 2 <= drift.open_stop().corrected <= 8


def test_what_can_still_be_undone_or_was_reported_is_not_reported(in_acme, reviewer):
    _policy()
    decision = automatic(7000)
    actor = Actor.person(reviewer)

    with pytest.raises(corrections.NotReportable, match="Undo the decision"):
        corrections.report_wrong(decision_id=decision.public_id, actor=actor, now=NOW)
    posted(decision)
    wrong = corrections.report_wrong(decision_id=decision.public_id, actor=actor, now=NOW)
    for other in (decision, wrong):
        with pytest.raises(corrections.NotReportable):
            corrections.report_wrong(decision_id=other.public_id, actor=actor, now=NOW)
    with pytest.raises(Conflict):
        undoing.undo_decision(decision_id=wrong.public_id, actor=actor, now=NOW)

    assert Decision.objects.filter(kind="WRONG").count() == 1


def test_of_two_corrections_at_once_one_stop_comes(committed_acme, reviewer):
    _policy(least_probability=0.99)
    decisions = [automatic(number) for number in range(8000, 8010)]
    starting, errors = threading.Barrier(len(decisions)), []

    def undo(decision):
        try:
            with context.inside(committed_acme):
                starting.wait(timeout=120)
                undoing.undo_decision(decision_id=decision.public_id, actor=Actor.person(reviewer), now=NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=undo, args=(decision,)) for decision in decisions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert errors == []
    assert AutomationStop.objects.count() == 1
