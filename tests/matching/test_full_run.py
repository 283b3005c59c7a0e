"""The nightly look at everything."""

import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from banking.models import BankTransaction
from matching import second_process
from matching.models import FullRun, Proposal
from matching.services import full_run, proposing, requeueing
from tenants import context
from tests.factories import rows
from tests.factories.rows import NOW
from tests.matching import world

LATER = NOW + timedelta(hours=20)


def propose_everything():
    return proposing.propose(receipts=proposing.waiting(), now=NOW)


def test_a_run_sees_what_changed_without_a_word(in_acme):
    payment = rows.transfer("INV-1042", "119.00")
    propose_everything()
    rows.invoice("INV-1042", "119.00", matched_at=NOW)

    outcome = full_run.run_all(now=LATER)

    assert outcome.changed == [str(payment.public_id)]
    assert Proposal.objects.get(rank=1, status="OPEN").band == "exact"
    run = FullRun.objects.get()
    assert (run.looked_at, run.changed, run.finished_at) == (1, 1, LATER)


@pytest.mark.parametrize("seed", [5, 6])
def test_a_run_with_the_whole_book_says_what_was_said_of_each_payment_alone(in_acme, seed, monkeypatch):
    payments = world.make_payments(world.make_host(seed), 50)
    requeueing.requeue_for_changed_invoices(now=NOW)
    monkeypatch.setattr(proposing, "INVOICES_PER_PAYMENT", 1)
    for payment in payments:
        proposing.propose(receipts=[payment], now=NOW)
    said = Proposal.objects.filter(status="OPEN").count()
    monkeypatch.setattr(proposing, "INVOICES_PER_PAYMENT", 2500)

    outcome = full_run.run_all(now=NOW + timedelta(minutes=1))

    assert (outcome.looked_at, outcome.changed) == (len(payments), [])
    assert Proposal.objects.count() == said > 50


def test_a_run_that_was_stopped_goes_on_with_what_is_left(in_acme, monkeypatch):
    monkeypatch.setattr(proposing, "_MANY", 2)
    for number in range(5):
        rows.transfer(f"INV-{number}", "5.00")
    propose_everything()
    answers = iter([True, False, False])

    first = full_run.run_all(now=LATER, goes_on=lambda: next(answers))
    assert (first.looked_at, FullRun.objects.get().finished_at) == (2, None)
    second = full_run.run_all(now=LATER + timedelta(minutes=5))

    run = FullRun.objects.get()
    assert (second.looked_at, run.looked_at, run.started_at) == (3, 5, LATER)
    assert run.finished_at == LATER + timedelta(minutes=5)
    assert not full_run.is_due(now=LATER + timedelta(hours=1))


def test_what_waits_or_was_proposed_meanwhile_is_left_to_the_rounds(in_acme):
    FullRun.objects.create(started_at=NOW - timedelta(hours=1))
    rows.transfer("INV-1", "5.00", proposed_at=NOW)
    rows.transfer("INV-2", "5.00")

    assert full_run.run_all(now=NOW).looked_at == 0
    assert BankTransaction.objects.filter(proposed_at=None).count() == 1


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, (20, 9), True),
        ((20, 1), (20, 9), False),
        ((19, 23), (20, 0), False),
        ((19, 23), (20, 1), True),
    ],
)
def test_a_run_is_due_once_a_night(in_acme, last, now, due):
    def moment(day, hour):
        return datetime(2026, 11, day, hour, tzinfo=UTC)

    if last:
        FullRun.objects.create(started_at=moment(*last), finished_at=moment(*last))

    assert full_run.is_due(now=moment(*now)) is due


def looked_at_again(run):
    return BankTransaction.objects.filter(proposed_at__gte=run.started_at).order_by("pk")


def test_two_processes_meet_in_the_middle(in_acme, monkeypatch):
    monkeypatch.setattr(proposing, "_MANY", 2)
    monkeypatch.setattr(full_run, "WORTH_TWO", 5)
    payments = [rows.transfer(f"INV-{number}", "5.00") for number in range(5)]
    rows.charge("5.00")
    propose_everything()
    joined = []

    @contextmanager
    def second():
        answers = iter([True, True, False])
        joined.append(full_run.join(now=LATER, goes_on=lambda: next(answers)))
        yield

    outcome = full_run.run_all(now=LATER, second=second)

    run = FullRun.objects.get()
    assert (joined[0].looked_at, outcome.looked_at) == (4, 2)
    assert (run.looked_at, run.finished_at) == (6, LATER)
    assert [row.pk for row in looked_at_again(run)] == [payment.pk for payment in payments]


def test_a_few_payments_are_left_to_one_process(in_acme):
    rows.transfer("INV-1", "5.00")
    propose_everything()

    assert full_run.run_all(now=LATER, second=lambda: pytest.fail("one payment is not worth it")).looked_at == 1


def test_without_an_unfinished_run_there_is_nothing_to_join(in_acme):
    rows.transfer("INV-1", "5.00", proposed_at=NOW)
    FullRun.objects.create(started_at=LATER, finished_at=LATER)

    assert full_run.join(now=LATER, goes_on=lambda: True).looked_at == 0


@pytest.fixture
def unfinished(committed_acme, committed_globex):
    """A run over three payments in one tenant, and another tenant that is none of its business."""
    with context.inside(committed_globex):
        rows.transfer("INV-1042", "119.00", proposed_at=NOW)
    with context.inside(committed_acme):
        rows.invoice("INV-1042", "119.00", matched_at=NOW)
        for _ in range(3):
            rows.transfer("INV-1042", "119.00", proposed_at=NOW)
        yield FullRun.objects.create(started_at=timezone.now())


def test_a_second_process_works_in_the_tenants_schema_alone(
    unfinished, committed_acme, committed_globex, process_env, monkeypatch
):
    for name, value in process_env.items():
        monkeypatch.setenv(name, value)

    with second_process.joined(committed_acme) as process:
        assert process.wait(300) == 0

    unfinished.refresh_from_db()
    assert looked_at_again(unfinished).count() == 3
    assert (unfinished.looked_at, unfinished.changed, unfinished.finished_at) == (3, 3, None)
    with context.inside(committed_globex):
        assert not looked_at_again(unfinished).exists()


def test_a_second_process_stops_with_the_first(unfinished, committed_acme, process_env, monkeypatch):
    for name, value in process_env.items():
        monkeypatch.setenv(name, value)

    monkeypatch.setattr(second_process, "_LAST_PIECE_SECONDS", 300)  # a busy machine starts it slowly
    with second_process.joined(committed_acme) as process:
        pass

    assert process.returncode == 0
    assert not looked_at_again(unfinished).exists()


def test_a_killed_second_process_loses_nothing(unfinished, committed_acme, process_env, monkeypatch):
    for name, value in process_env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(full_run, "WORTH_TWO", 1)

    @contextmanager
    def second():
        with second_process.joined(committed_acme) as process:
            process.send_signal(signal.SIGKILL)
            assert process.wait(300) == -signal.SIGKILL
            yield

    full_run.run_all(now=timezone.now(), second=second)

    assert looked_at_again(unfinished).count() == 3
    assert FullRun.objects.get().finished_at is not None


def test_only_one_process_joins_a_run(unfinished, committed_acme, other_connection):
    with other_connection(committed_acme, "join-full-run"):
        call_command("join_full_run", "--tenant", str(committed_acme.public_id))

    assert not looked_at_again(unfinished).exists()


def test_an_unknown_tenants_run_is_not_joined(db):
    with pytest.raises(CommandError, match="no tenant"):
        call_command("join_full_run", "--tenant", "00000000-0000-0000-0000-000000000000")
