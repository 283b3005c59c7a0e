import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AttemptCounter, Membership, SecurityEvent
from accounts.services import attempts
from tests.accounts.conftest import PASSWORD
from tests.accounts.counting import CountingHasher, hashes_of

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL = "reviewer@acme.example"


def _try(api, email=EMAIL, password="wrong", **headers):
    return api.post("auth/token/", {"email": email, "password": password}, **headers)


def _fail(tenant, now, email=EMAIL, address="192.0.2.1"):
    attempts.count_attempt(email=email, address=address, tenant=tenant, now=now)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as travelled:
        yield travelled


def test_five_failures_make_the_sixth_wait_and_the_right_password_too(acme_api, clock):
    failures = [_try(acme_api).status_code for _ in range(5)]
    sixth = _try(acme_api)
    right = _try(acme_api, password=PASSWORD)

    assert failures == [401] * 5
    assert (sixth.status_code, sixth["Retry-After"], sixth.json()["code"]) == (429, "31", "too_many_attempts")
    assert right.status_code == 429
    clock.shift(timedelta(seconds=31))
    assert _try(acme_api, password=PASSWORD).status_code == 200


def test_the_pause_doubles_up_to_fifteen_minutes(acme):
    now, pauses = START, []
    for _ in range(4):
        _fail(acme, now)
    for number in range(8):
        _fail(acme, now, address=f"192.0.2.{number + 2}")
        with pytest.raises(attempts.TooManyAttempts) as refused:
            _fail(acme, now, address="198.51.100.1")
        pauses.append(refused.value.retry_after - 1)
        now += timedelta(seconds=refused.value.retry_after)

    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]


def test_hammering_during_a_pause_does_not_lengthen_it(acme_api, clock):
    for _ in range(5):
        _try(acme_api)
    for _ in range(10):
        clock.shift(timedelta(seconds=2))
        assert _try(acme_api).status_code == 429

    clock.shift(timedelta(seconds=11))

    assert _try(acme_api, password=PASSWORD).status_code == 200


def test_a_success_begins_anew(acme_api, clock):
    for _ in range(3):
        for _ in range(4):
            assert _try(acme_api).status_code == 401
        assert _try(acme_api, password=PASSWORD).status_code == 200

    assert AttemptCounter.objects.get(subject__startswith="account:").failures == 0
    assert AttemptCounter.objects.get(subject__startswith="address:").failures == 12
    assert AttemptCounter.objects.get(subject__startswith="tenant:").failures == 12


def test_an_unknown_account_is_limited_in_the_same_words(acme_api, clock):
    known = [_try(acme_api) for _ in range(6)]
    unknown = [_try(acme_api, email="nobody@acme.example") for _ in range(6)]

    def seen(answer):
        body = json.loads(answer.content)
        body.pop("request_id")
        return answer.status_code, body, answer.get("Retry-After")

    assert [seen(answer) for answer in known] == [seen(answer) for answer in unknown]


def test_one_address_gets_twenty_failures_over_all_accounts_in_fifteen_minutes(acme_api, clock):
    statuses = [_try(acme_api, email=f"user{number}@acme.example").status_code for number in range(21)]

    assert statuses == [401] * 20 + [429]
    refused = _try(acme_api, password=PASSWORD)
    assert (refused.status_code, refused["Retry-After"]) == (429, "901")
    clock.shift(timedelta(minutes=15, seconds=1))
    assert _try(acme_api, password=PASSWORD).status_code == 200


def test_one_tenant_gets_two_hundred_failures_over_all_addresses(acme, globex):
    for number in range(200):
        _fail(acme, START, email=f"user{number}@acme.example", address=f"192.0.2.{number}")

    with pytest.raises(attempts.TooManyAttempts):
        _fail(acme, START + timedelta(minutes=14), email="one@acme.example", address="198.51.100.1")
    _fail(globex, START, email="one@globex.example", address="198.51.100.1")
    _fail(acme, START + timedelta(minutes=15, seconds=1), email="two@acme.example", address="198.51.100.2")


def test_a_refusal_of_one_rule_uses_nothing_of_the_next_ones(acme):
    for number in range(20):
        _fail(acme, START, email=f"user{number}@acme.example")
    with pytest.raises(attempts.TooManyAttempts):
        _fail(acme, START)

    assert AttemptCounter.objects.get(subject__startswith="tenant:").failures == 20
    assert AttemptCounter.objects.filter(subject__startswith="account:").count() == 20


def test_each_tenant_and_the_staff_host_count_for_themselves(acme, globex):
    for _ in range(5):
        _fail(acme, START)
    with pytest.raises(attempts.TooManyAttempts):
        _fail(acme, START)

    _fail(globex, START)
    for _ in range(5):
        _fail(None, START)
    with pytest.raises(attempts.TooManyAttempts):
        _fail(None, START)


def test_counters_name_nobody(acme):
    _fail(acme, START)

    stored = " ".join(AttemptCounter.objects.values_list("subject", flat=True))
    assert "reviewer" not in stored
    assert "192.0.2" not in stored


def test_the_case_and_the_blanks_of_an_address_make_no_second_account(acme):
    for email in (EMAIL, EMAIL.upper(), f" {EMAIL} ", EMAIL.title(), EMAIL):
        _fail(acme, START, email=email)

    with pytest.raises(attempts.TooManyAttempts):
        _fail(acme, START)


@pytest.mark.parametrize(
    "email",
    ["reviewer@acme.example", "nobody@acme.example", "reviewer@globex.example", "staff@payymo.example"],
)
def test_every_refusal_computes_one_hash_and_asks_the_same(acme_api, settings, email):
    settings.PASSWORD_HASHERS = ["tests.accounts.counting.CountingHasher"]
    _try(acme_api, email="warm.up@acme.example")

    with CaptureQueriesContext(connection) as queries:
        computed = hashes_of(lambda: _try(acme_api, email=email))

    words = [query["sql"].split()[0] for query in queries if not query["sql"].startswith("SET")]
    assert computed == 1
    assert words == ["SELECT", "INSERT", "INSERT", "INSERT", "SELECT", "INSERT"]


def test_an_inactive_member_costs_one_hash_too(acme_api, acme, reviewer, settings):
    settings.PASSWORD_HASHERS = ["tests.accounts.counting.CountingHasher"]
    Membership.objects.filter(user=reviewer, tenant=acme).update(is_active=False)

    assert hashes_of(lambda: _try(acme_api, password=PASSWORD)) == 1
    assert CountingHasher.computed > 0


def test_a_refused_attempt_computes_no_hash_and_stores_no_event(acme_api, settings, clock):
    for _ in range(5):
        _try(acme_api)
    settings.PASSWORD_HASHERS = ["tests.accounts.counting.CountingHasher"]

    assert hashes_of(lambda: _try(acme_api)) == 0
    assert SecurityEvent.objects.count() == 5


@pytest.mark.parametrize("headers", [{}, {"x_forwarded_for": "203.0.113.9"}])
def test_a_caller_cannot_choose_its_address_without_a_trusted_proxy(acme_api, clock, headers):
    for number in range(20):
        _try(acme_api, email=f"user{number}@acme.example", x_forwarded_for=f"203.0.113.{number}")

    assert _try(acme_api, email="last@acme.example", **headers).status_code == 429


def test_of_twenty_guesses_at_once_at_one_account_five_are_looked_at(server):
    answers = server.at_once(20, lambda _: server.post("/api/v1/auth/token/", {"email": EMAIL, "password": "wrong"}))

    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 15}
    assert SecurityEvent.objects.filter(kind="sign_in_refused").count() == 5


def test_of_thirty_guesses_at_once_from_one_address_twenty_are_looked_at(server):
    answers = server.at_once(
        30,
        lambda place: server.post("/api/v1/auth/token/", {"email": f"u{place}@acme.example", "password": "wrong"}),
    )

    assert Counter(answer.status_code for answer in answers) == {401: 20, 429: 10}


def test_sign_ins_that_succeed_at_once_use_nothing_up(server):
    roles = ["owner", "admin", "reviewer", "viewer"]

    def sign_in(place):
        return server.post("/api/v1/auth/token/", {"email": f"{roles[place % 4]}@acme.example", "password": PASSWORD})

    assert [answer.status_code for answer in server.at_once(12, sign_in)] == [200] * 12
    assert set(AttemptCounter.objects.values_list("failures", "blocked_until")) == {(0, None)}
