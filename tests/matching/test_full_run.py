"""The nightly look at everything."""

from datetime import UTC, datetime, timedelta

import pytest

from banking.models import BankTransaction
from matching.models import FullRun, Proposal
from matching.services import full_run, proposing
from tests.factories import rows
from tests.factories.rows import NOW

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
