"""One caller asks so often within a minute and no oftener, however many calls come at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection

from accounts.api.throttling import CallerThrottle
from tenants import context

BEGAN = datetime(2026, 11, 20, 10, 0, 15, tzinfo=UTC)
# Each test has minutes of its own: the counters of the one before are still there.
PLACES = count()
REVIEWER, OWNER = "reviewer@acme.example", "owner@acme.example"


@pytest.fixture(autouse=True)
def three_a_minute(settings):
    settings.API_CALLS_A_MINUTE = 3


@pytest.fixture
def at_ten():
    with time_machine.travel(BEGAN + timedelta(minutes=10 * next(PLACES)), tick=False) as clock:
        yield clock


def ask(api, token):
    return api.get("probe/connections/", token=token)


def test_a_call_too_many_is_429_until_the_next_minute(acme_api, at_ten):
    token = acme_api.sign_in(REVIEWER)["access"]

    statuses = [ask(acme_api, token).status_code for _ in range(3)]
    refused = ask(acme_api, token)

    assert statuses == [200] * 3
    assert (refused.status_code, refused["Retry-After"], refused["Content-Type"]) == (
        429, "46", "application/problem+json",
    )  # fmt: skip
    assert refused.json()["code"] == "throttled"
    at_ten.shift(46)
    assert ask(acme_api, token).status_code == 200


def test_each_caller_counts_alone(acme_api, at_ten):
    first, second = (acme_api.sign_in(email)["access"] for email in (REVIEWER, OWNER))
    for _ in range(4):
        ask(acme_api, first)

    assert ask(acme_api, first).status_code == 429
    assert ask(acme_api, second).status_code == 200


def test_each_company_counts_its_callers_apart(acme_api, globex_api, at_ten):
    token = acme_api.sign_in(REVIEWER)["access"]
    for _ in range(4):
        ask(acme_api, token)

    assert ask(globex_api, globex_api.sign_in("reviewer@globex.example")["access"]).status_code == 200


def test_of_twelve_calls_at_once_three_go_on(acme, reviewer, at_ten):
    together = threading.Barrier(12)

    def call(_):
        request = SimpleNamespace(auth=object(), user=reviewer)
        with context.inside(acme):
            together.wait(120)
            may_go_on = CallerThrottle().allow_request(request, None)
        connection.close()
        # A thread has a cache of its own, whose connection would outlive it.
        caches["default"]._cache.get_client(None, write=True).connection_pool.disconnect()
        return may_go_on

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(call, range(12))) == 3
