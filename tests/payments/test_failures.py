"""When Stripe does not answer as it should: what the connection says, and when it is tried again."""

import pytest

from payments.clients import stripe_http
from payments.models import StripePayment
from payments.services import connecting
from payments.tasks import sync_due_connections
from payymo.shared.errors import Refused, Retryable
from tests.payments.refusing_proxy import RefusingProxy


def state_of(connection):
    connection.refresh_from_db()
    return connection.state, connection.failures, connection.last_error_code, connection.last_error


@pytest.mark.parametrize(
    ("fault", "times", "code", "said"),
    [
        ("rate_limited", 1, "rate_limited", "Stripe asks to slow down."),
        ("server_error", 1, "unreachable", "Stripe cannot be reached just now."),
        ("html", 1, "unreachable", "Stripe cannot be reached just now."),
    ],
)
def test_a_passing_failure_is_tried_again_later_and_later(
    connection, account, sync, now, later, fault, times, code, said
):  # fmt: skip
    waits = []
    for _ in range(2):
        account.fault(fault, times=times)
        with pytest.raises(Retryable):
            sync(connection, now)
        connection.refresh_from_db()
        waits.append(connection.next_sync_at)
    assert waits == [later(minutes=1), later(minutes=5)]
    assert state_of(connection) == ("ACTIVE", 2, code, said)
    assert (connection.synced_until, StripePayment.objects.count()) == (None, 0)

    sync(connection, later(minutes=5))

    assert state_of(connection) == ("ACTIVE", 0, "", "")
    assert StripePayment.objects.count() == len(account.received())


def test_the_wait_ends_at_one_hour(connection, account, sync, now, later):
    type(connection).objects.update(failures=40)
    account.fault("rate_limited")

    with pytest.raises(Retryable):
        sync(connection, now)

    connection.refresh_from_db()
    assert (connection.next_sync_at, connection.failures) == (later(hours=1), 41)


def test_an_answer_that_does_not_come_is_not_waited_for(connection, account, sync, now, later, monkeypatch):
    monkeypatch.setattr(stripe_http, "READ_SECONDS", 0.3)
    account.fault("slow", times=1, seconds=2)

    with pytest.raises(Retryable):
        sync(connection, now)

    assert state_of(connection) == ("ACTIVE", 1, "unreachable", "Stripe cannot be reached just now.")
    assert connection.next_sync_at == later(minutes=1)


def test_a_refused_key_stops_the_connection(connection, account, sync, now):
    account.fault("unauthorized")

    with pytest.raises(Refused):
        sync(connection, now)

    assert state_of(connection) == (
        "BROKEN", 1, "credentials_invalid", "Stripe does not accept the key. Paste a new one.",
    )  # fmt: skip
    assert connection.next_sync_at is None


def test_a_permission_taken_away_stops_the_connection(connection, account, sync, now, settings):
    with RefusingProxy(account.process.base_url, refused=("refunds",)) as proxy:
        settings.STRIPE_URL = proxy.url
        with pytest.raises(Refused):
            sync(connection, now)

    assert state_of(connection) == ("BROKEN", 1, "permission_missing", "The key lacks a read permission.")


@pytest.mark.parametrize("body", ["[]", "{}", '"text"', '{"object": "list", "data": [7]}', '{"object": "list"}'])
def test_json_that_is_no_list_of_stripe_is_a_failure_and_stores_nothing(
    connection, account, sync, now, settings, body
):  # fmt: skip
    with RefusingProxy(account.process.base_url, canned={"charges": body}) as proxy:
        settings.STRIPE_URL = proxy.url
        with pytest.raises((Refused, Retryable)):
            sync(connection, now)

    assert state_of(connection)[:2] == ("ACTIVE", 1)
    assert not StripePayment.objects.exists()


def test_no_secret_reaches_the_row_or_the_log(connection, account, sync, now, caplog):
    account.fault("unauthorized")

    with pytest.raises(Refused):
        sync(connection, now)

    assert account.keys.restricted_key not in caplog.text + " ".join(map(str, state_of(connection)))


def test_the_task_reads_only_what_is_due_and_goes_on_after_a_failure(connection, account, acme, now, later):
    type(connection).objects.update(next_sync_at=later(hours=1))
    sync_due_connections(tenant_id=str(acme.public_id))
    assert not StripePayment.objects.exists()

    type(connection).objects.update(next_sync_at=now)
    account.fault("rate_limited")
    sync_due_connections(tenant_id=str(acme.public_id))
    assert state_of(connection)[2] == "rate_limited"

    type(connection).objects.update(next_sync_at=now)
    sync_due_connections(tenant_id=str(acme.public_id))
    assert StripePayment.objects.count() == len(account.received())
    assert connecting.api_for(connection).account().account_id == account.keys.account_id
