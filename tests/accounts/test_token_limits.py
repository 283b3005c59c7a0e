"""Tokens and links that are worth nothing are counted by address, by one statement; those that work are not."""

from collections import Counter

import pytest

from accounts.models import AttemptCounter
from accounts.services import attempts
from tests.accounts.browsing import browser

EMAIL = "reviewer@acme.example"
BODIES = {"refresh": {"refresh": "x.y.z"}, "verify": {"token": "x.y.z"}, "revoke": {"refresh": "x.y.z"}}


@pytest.mark.parametrize("act", BODIES)
def test_sixty_worthless_tokens_of_one_address_are_looked_at(acme_api, act):
    statuses = [acme_api.post(f"auth/token/{act}/", BODIES[act]).status_code for _ in range(61)]
    refused = acme_api.post(f"auth/token/{act}/", BODIES[act])

    assert statuses == [401] * 60 + [429]
    assert (refused["Retry-After"], refused["Content-Type"]) == ("900", "application/problem+json") or (
        0 < int(refused["Retry-After"]) <= 901
    )


def test_the_three_share_one_limit_and_leave_signing_in_alone(acme_api):
    for place in range(60):
        act = ("refresh", "verify", "revoke")[place % 3]
        assert acme_api.post(f"auth/token/{act}/", BODIES[act]).status_code == 401

    assert acme_api.post("auth/token/verify/", BODIES["verify"]).status_code == 429
    assert acme_api.sign_in(EMAIL)["access"]


def test_tokens_that_work_use_nothing_up(acme_api):
    pair = acme_api.sign_in(EMAIL)
    for _ in range(65):
        assert acme_api.post("auth/token/verify/", {"token": pair["access"]}).status_code == 200
    for _ in range(3):
        pair = acme_api.post("auth/token/refresh/", {"refresh": pair["refresh"]}).json()

    counter = AttemptCounter.objects.get(subject__startswith="token_address:")
    assert (counter.failures, counter.blocked_until) == (0, None)


def test_each_company_counts_for_itself(acme_api, globex_api):
    for _ in range(61):
        acme_api.post("auth/token/verify/", BODIES["verify"])

    assert globex_api.post("auth/token/verify/", BODIES["verify"]).status_code == 401


def test_of_ninety_worthless_tokens_at_once_sixty_are_looked_at(server):
    answers = server.at_once(90, lambda _: server.post("/api/v1/auth/token/verify/", BODIES["verify"]))

    assert Counter(answer.status_code for answer in answers) == {401: 60, 429: 30}


@pytest.mark.parametrize("kind", ["invite", "password/reset"])
def test_thirty_links_that_open_nothing_are_looked_at(acme, kind):
    client = browser()
    statuses = []
    for number in range(31):
        client.get(f"/{kind}/pm{'ir'[kind != 'invite']}_{number:043}/")
        statuses.append(client.get(f"/{kind}/").status_code)

    assert statuses == [410] * 30 + [429]
    assert int(client.get(f"/{kind}/")["Retry-After"]) > 0


def test_what_fails_otherwise_takes_its_count_back(acme):
    from datetime import UTC, datetime

    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    rule = attempts.TOKENS_PER_ADDRESS

    with (
        pytest.raises(ZeroDivisionError),
        attempts.counting_failures(rule, value="192.0.2.1", tenant=acme, failure=LookupError, now=now),
    ):
        raise ZeroDivisionError

    assert AttemptCounter.objects.get().failures == 0
