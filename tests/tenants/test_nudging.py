"""Waking a worker after a commit, through the real broker."""

from types import SimpleNamespace

import pytest
from celery import current_app
from django.db import transaction
from django.test import override_settings
from kombu.exceptions import OperationalError

from banking.services.ingestion import ingest_entries
from tenants import context, nudging
from tenants.nudging import nudge
from tests.banking.entries import bank_account, fetched

QUEUE = "nudged-in-tests"


@pytest.fixture
def messages(committed_acme):
    """The names of the jobs that the broker was given since."""
    nudging._on_its_way.clear()
    old = current_app.conf.task_default_queue
    current_app.conf.task_default_queue = QUEUE
    current_app.amqp.queues.add(QUEUE)

    def taken():
        found = []
        with current_app.connection_for_read() as connection:
            simple = connection.SimpleQueue(QUEUE)
            while True:
                try:
                    message = simple.get_nowait()
                except simple.Empty:
                    break
                message.ack()
                found.append((message.headers["task"], message.payload[1]))
            simple.close()
        return found

    taken()
    with override_settings(NUDGES={"payments": "matching.tasks.propose_pending"}):
        yield taken
    current_app.conf.task_default_queue = old


def test_a_worker_is_woken_once_the_rows_are_committed(messages, committed_acme):
    with transaction.atomic():
        nudge("payments")
        assert messages() == []

    assert messages() == [("matching.tasks.propose_pending", {"tenant_id": str(committed_acme.public_id)})]


def test_nobody_is_woken_for_what_was_rolled_back(messages):
    with transaction.atomic():
        nudge("payments")
        transaction.set_rollback(True)

    assert messages() == []


def test_many_commits_share_a_message_when_they_may(messages):
    for _ in range(5):
        nudge("payments", within_seconds=30)

    assert len(messages()) == 1


def test_the_shared_message_is_worked_on_after_the_last_commit_that_it_covers(messages, monkeypatch):
    clock, sent = [1000.0], []
    monkeypatch.setattr(nudging, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(
        current_app, "send_task", lambda task, countdown, **_: sent.append((clock[0], clock[0] + countdown))
    )

    commits = [1000.0, 1000.0, 1000.9, 1001.0, 1001.5, 1004.0]
    for clock[0] in commits:
        nudge("payments", within_seconds=1)

    assert [began for began, _ in sent] == [1000.0, 1001.0, 1004.0]
    assert all(any(began <= at <= worked_on for began, worked_on in sent) for at in commits)


def test_each_tenant_is_woken_for_itself(messages, acme, globex, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for tenant in (acme, globex):
            with context.inside(tenant):
                nudge("payments", within_seconds=30)

    assert {each["tenant_id"] for _, each in messages()} == {str(acme.public_id), str(globex.public_id)}


def test_what_is_remembered_is_bounded(messages, monkeypatch):
    monkeypatch.setattr(nudging, "_MOST_KEPT", 3)
    nudging._on_its_way.update({(str(number), "payments"): 0.0 for number in range(3)})

    nudge("payments", within_seconds=30)

    assert len(nudging._on_its_way) == 1


def test_what_nothing_is_named_for_wakes_nobody(messages):
    nudge("invoices")

    assert messages() == []


def test_without_a_broker_nothing_is_lost_and_the_next_commit_tries_again(messages, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise OperationalError("nobody listens")

    with monkeypatch.context() as without:
        without.setattr(current_app, "send_task", refuse)
        nudge("payments", within_seconds=30)
    nudge("payments", within_seconds=30)

    assert "no broker" in caplog.text
    assert len(messages()) == 1


def test_stored_payments_wake_a_worker_and_known_ones_do_not(messages):
    account = bank_account()

    for _ in range(2):
        ingest_entries(account=account, entries=[fetched("INV-1", "5.00", internal="1")], source="gocardless_bad")

    assert len(messages()) == 1
