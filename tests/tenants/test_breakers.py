"""What is broken is left alone: for one tenant, by every process, and no longer than needed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payymo.shared import http
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.http import BreakerOpen
from payymo.shared.secret_store.base import SecretMissing
from tenants import breakers, context
from tenants.breakers import LEFT_ALONE, ProviderBreaker, SecretOff
from tenants.models import Breaker
from tests.shared import tls_server

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(in_acme, clock):
    return ProviderBreaker("whmcs:1", clock=clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def test_four_failures_leave_it_closed_and_the_fifth_opens_it(breaker):
    fail(breaker, 4)
    breaker.enter()
    breaker.failed()

    with pytest.raises(BreakerOpen) as refused:
        breaker.enter()
    assert refused.value.retry_after == 60


def test_an_answer_in_between_begins_the_count_anew(breaker):
    fail(breaker, 4)
    breaker.enter()
    breaker.passed()
    fail(breaker, 4)

    breaker.enter()


def test_a_healthy_provider_costs_one_query_and_no_row(breaker):
    with CaptureQueriesContext(connection) as found:
        breaker.enter()
        breaker.passed()

    # The backend names the schema before each of them.
    asked = [query["sql"] for query in found if "search_path" not in query["sql"]]
    assert (len(asked), Breaker.objects.count()) == (1, 0)


def test_after_a_minute_one_call_tries_and_its_answer_closes_it(breaker, clock):
    fail(breaker, 5)
    clock.now += LEFT_ALONE

    breaker.enter()
    with pytest.raises(BreakerOpen):
        ProviderBreaker("whmcs:1", clock=clock).enter()
    breaker.passed()

    ProviderBreaker("whmcs:1", clock=clock).enter()
    assert Breaker.objects.count() == 0


def test_a_failed_trial_leaves_it_open_for_one_more_minute(breaker, clock):
    fail(breaker, 5)
    clock.now += LEFT_ALONE
    breaker.enter()
    breaker.failed()

    clock.now += LEFT_ALONE - timedelta(seconds=1)
    with pytest.raises(BreakerOpen):
        breaker.enter()
    clock.now += timedelta(seconds=1)
    breaker.enter()
    assert Breaker.objects.get().opened_at == NOW


def test_one_tenants_dead_server_is_not_anothers(breaker, globex, clock):
    fail(breaker, 5)

    with context.inside(globex):
        ProviderBreaker("whmcs:1", clock=clock).enter()
    ProviderBreaker("whmcs:2", clock=clock).enter()


def in_threads(tenant, count, act):
    ready = threading.Barrier(count, timeout=60)

    def run(_):
        try:
            with context.inside(tenant):
                ready.wait()
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_failures_of_many_processes_count_together(committed_acme):
    in_threads(committed_acme, 5, lambda: ProviderBreaker("bank").failed())

    row = Breaker.objects.get()
    assert (row.failures, row.opened_at is None) == (5, False)


def test_of_eight_callers_after_the_minute_one_tries(committed_acme, clock):
    breaker = ProviderBreaker("bank", clock=clock)
    fail(breaker, 5)
    clock.now += LEFT_ALONE

    def enter():
        try:
            ProviderBreaker("bank", clock=clock).enter()
        except BreakerOpen:
            return "refused"
        return "tries"

    assert sorted(in_threads(committed_acme, 8, enter)) == ["refused"] * 7 + ["tries"]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"])
def test_a_dead_server_is_not_called_any_more_after_five_calls(breaker, tmp_path, answer):
    path = tls_server.certificate(tmp_path)
    with tls_server.serving(path, lambda connection: connection.sendall(answer)) as (url, bodies):
        for _ in range(9):
            try:
                http.send("GET", url, breaker=breaker, verify=str(path))
            except (http.AnswerLost, BreakerOpen):
                continue

    assert len(bodies) == 5


@pytest.mark.parametrize("status", [200, 301, 404, 429])
def test_an_answer_of_a_living_server_never_opens_it(breaker, tmp_path, status):
    path = tls_server.certificate(tmp_path)
    answer = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status
    with tls_server.serving(path, lambda connection: connection.sendall(answer)) as (url, bodies):
        for _ in range(7):
            http.send("GET", url, breaker=breaker, verify=str(path))

    assert len(bodies) == 7


def test_an_address_that_is_refused_is_the_customers_mistake_and_counts_for_nothing(breaker):
    for _ in range(6):
        with pytest.raises(http.AddressRefused):
            http.send("GET", "https://127.0.0.1/", customer_url=True, breaker=breaker)

    assert Breaker.objects.count() == 0


@pytest.mark.parametrize("error", [UnreadableSecret("no key"), SecretMissing("NAME", "it is not there.")])
def test_a_secret_that_cannot_be_had_switches_one_feature_off_until_it_is_back(in_acme, globex, error):
    with pytest.raises(SecretOff) as refused, breakers.needs_secret("stripe"):
        raise error

    assert (refused.value.reason, refused.value.retry_after) == ("secret_unavailable", 60)
    assert list(breakers.features_off()) == ["stripe"]
    with context.inside(globex):
        assert breakers.features_off() == {}

    with breakers.needs_secret("bank"):
        pass
    assert list(breakers.features_off()) == ["stripe"]
    with breakers.needs_secret("stripe"):
        pass
    assert breakers.features_off() == {}


def test_what_else_goes_wrong_is_no_secrets_fault(in_acme):
    with pytest.raises(ZeroDivisionError), breakers.needs_secret("stripe"):
        _ = 1 / 0

    assert breakers.features_off() == {}
