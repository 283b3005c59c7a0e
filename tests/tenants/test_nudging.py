"""Waking a worker after a commit, through the real broker."""

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings
from kombu.exceptions import OperationalError

from banking.services.ingestion import ingest_entries
from tenants.nudging import nudge
from tests.banking.entries import bank_account, fetched

QUEUE = "nudged-in-tests"


@pytest.fixture
def messages(committed_acme):
    """The names of the jobs that the broker was given since."""
    cache.clear()
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


def test_what_nothing_is_named_for_wakes_nobody(messages):
    nudge("invoices")

    assert messages() == []


def test_without_a_broker_nothing_is_lost(messages, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise OperationalError("nobody listens")

    monkeypatch.setattr(current_app, "send_task", refuse)

    nudge("payments")

    assert "no broker" in caplog.text


def test_stored_payments_wake_a_worker_and_known_ones_do_not(messages):
    account = bank_account()

    for _ in range(2):
        ingest_entries(account=account, entries=[fetched("INV-1", "5.00", internal="1")], source="gocardless_bad")

    assert len(messages()) == 1
